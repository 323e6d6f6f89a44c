"""Bounds on the time and the memory that one open place may take: a hostile formula leaves its place open, and nothing else.

Exact arithmetic in C can neither be interrupted nor told that memory is short, so each place is worked out in a process of its own.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from gradproof.checker.worker import address_space

_Result = TypeVar("_Result")
#: A process that neither answers nor ends is killed after so many times its processor time, on the clock.
_PATIENCE = 6.0


class TookTooMuch(Exception):
    """The time or the memory of one place is used up."""


class _OutOfTime(BaseException):
    """The time is over; a BaseException, so that no handler on the way takes it for its own."""


def bounded(work: Callable[[], _Result], seconds: float, memory: int) -> _Result:
    """Return what ``work`` returns, worked out in a process of its own.

    Args:   seconds: processor time.  memory: bytes beyond what this process has.
    Raises: TookTooMuch: the bound was reached, or the process died of it.
    """
    context = get_context("fork")
    parent, child = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(child, work, seconds, memory), daemon=True)
    process.start()
    child.close()
    try:
        if not parent.poll(_PATIENCE * seconds + 1.0):
            raise TookTooMuch(f"it takes longer than {seconds:g} seconds")
        is_done, result = parent.recv()
    except (EOFError, OSError):
        raise TookTooMuch(f"it takes more than {memory >> 20} MiB of memory") from None
    finally:
        process.kill()
        process.join()
        parent.close()
    if not is_done:
        raise TookTooMuch(result)
    return result  # type: ignore[no-any-return]


def _work(connection: Connection, work: Callable[[], Any], seconds: float, memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _over)
    limit = memory + address_space()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        answer: tuple[bool, Any] = (True, work())
    except _OutOfTime:
        answer = (False, f"it takes longer than {seconds:g} seconds")
    except MemoryError:
        answer = (False, f"it takes more than {memory >> 20} MiB of memory")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    connection.send(answer)
    connection.close()


def _over(*_: object) -> None:
    raise _OutOfTime

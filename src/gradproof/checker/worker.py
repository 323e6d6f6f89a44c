"""Worker processes that decide documents: limited in memory and time, killed and replaced when they hang or die.

A document is decided by one worker. Before each equation the worker says so; when it says nothing for too long, or dies,
another one takes the document from the start and leaves the equation out that was under way.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from gradproof.checker.document import check_document
from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import FileReport, Link
from gradproof.elaborate.scope import Declared
from gradproof.errors import GradproofError
from gradproof.reader.read import read_document

#: Seconds beyond the time limit of an equation before a worker that does not answer is killed.
_GRACE = 2.0
#: Seconds that reading and planning a document may take.
_READING = 120.0
_MOST_DEATHS = 20

OnProgress = Callable[[int, int], None]


class _OutOfTime(BaseException):
    """The time for one equation is over; a BaseException, so that no handler on the way takes it for its own."""


@dataclass
class Task:
    """A document to decide: its path, its text when it comes from standard input, what earlier workers died of."""

    path: str
    text: str | None = None
    skipped: frozenset[str] = frozenset()
    deaths: int = 0


@dataclass
class _Running:
    task: Task
    process: Any
    connection: Connection
    deadline: float
    equation: int = -1
    total: int = 0
    done: int = field(default=0)


def run_tasks(
    tasks: list[Task], options: CheckOptions, declared: Mapping[str, Declared], on_progress: OnProgress | None
) -> list[FileReport]:
    """Return the reports of all documents, in the order of the tasks."""
    context = get_context("fork")
    waiting = list(reversed(tasks))
    running: list[_Running] = []
    reports: dict[str, FileReport] = {}
    counts: dict[str, tuple[int, int]] = {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            running.append(_start(context, waiting.pop(), options, declared))
        ready = wait([worker.connection for worker in running], timeout=0.2)
        for worker in list(running):
            if worker.connection in ready:
                _receive(worker, options, reports)
            elif time.monotonic() > worker.deadline:
                worker.process.kill()
                worker.process.join()
                worker.done = 2
            counts[worker.task.path] = (worker.equation + 1, worker.total)
            if worker.done:
                running.remove(worker)
                _finish(worker, waiting, reports)
        if on_progress is not None:
            on_progress(sum(done for done, _ in counts.values()), sum(total for _, total in counts.values()))
    return [reports[task.path] for task in tasks]


def _start(context: Any, task: Task, options: CheckOptions, declared: Mapping[str, Declared]) -> _Running:
    parent, child = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(child, task, options, declared), daemon=True)
    process.start()
    child.close()
    return _Running(task, process, parent, time.monotonic() + _READING)


def _receive(worker: _Running, options: CheckOptions, reports: dict[str, FileReport]) -> None:
    try:
        kind, value = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.done = 2
        return
    if kind == "equation":
        worker.equation, worker.total = value
        worker.deadline = time.monotonic() + options.timeout + _GRACE
    else:
        reports[worker.task.path] = value
        worker.equation = worker.total - 1
        worker.process.join()
        worker.done = 1


def _finish(worker: _Running, waiting: list[Task], reports: dict[str, FileReport]) -> None:
    """A worker that died is replaced by one that leaves out what it died of."""
    worker.connection.close()
    if worker.done == 1:
        return
    task = worker.task
    if worker.equation < 0 or task.deaths >= _MOST_DEATHS:
        reports[task.path] = FileReport(
            task.path, None, (), error=f"{task.path}: the document could not be read within its limits. Split the file."
        )
        return
    skipped = task.skipped | {f"e{worker.equation + 1}"}
    waiting.append(Task(task.path, task.text, skipped, task.deaths + 1))


def address_space() -> int:
    """Return the bytes of address space that this process was forked with: what the caller had loaded is none of the document's doing."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statistics:
            pages = int(statistics.read().split()[0])
    except (OSError, ValueError):
        return 0  # no such file on this system: the limit is for everything
    return pages * resource.getpagesize()


def _work(connection: Connection, task: Task, options: CheckOptions, declared: Mapping[str, Declared]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, _alarm)
    limit = options.memory_limit + address_space()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        report = decide_document(task, options, declared, lambda *counts: connection.send(("equation", counts)))
    except GradproofError as trouble:
        report = FileReport(task.path, None, (), error=trouble.message())
    except MemoryError:
        report = FileReport(task.path, None, (), error=f"{task.path}: the memory limit was reached. Split the file.")
    except Exception as trouble:  # a document must not take the others with it
        if os.environ.get("GRADPROOF_DEBUG"):
            raise
        words = f"{task.path}: an internal error, please report it: {type(trouble).__name__}: {trouble}"
        report = FileReport(task.path, None, (), error=words)
    connection.send(("report", report))
    connection.close()


def decide_document(task: Task, options: CheckOptions, declared: Mapping[str, Declared], on_progress: OnProgress) -> FileReport:
    """Read and decide one document in this process."""
    document = read_document(task.path, task.text)

    def guard(decide: Callable[[], tuple[Link, ...]]) -> tuple[Link, ...] | None:
        signal.setitimer(signal.ITIMER_REAL, options.timeout)
        try:
            return decide()
        except (_OutOfTime, MemoryError):
            return None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    return check_document(document, options, declared, guard, on_progress, task.skipped)


def _alarm(*_: object) -> None:
    raise _OutOfTime

"""Recursion that does not use Python's stack: generators that yield the parts that they need and get their values sent."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")

#: A computation that yields other descents and is sent their results; its own result is its return value.
Descent = Generator[Any, Any, Result]


def run(start: Descent[Result]) -> Result:
    """Return the result of a descent, however deep it goes.

    An exception in a part ends the whole descent: a descent cannot catch what one of its parts raises.

    Example: >>> def depth(nested):
             ...     return 1 + (yield depth(nested[0])) if nested else 0
             >>> run(depth(((),)))
             1
    """
    stack: list[Descent[Any]] = [start]
    sent: Any = None
    while stack:
        try:
            part = stack[-1].send(sent)
        except StopIteration as done:
            stack.pop()
            sent = done.value
        else:
            stack.append(part)
            sent = None
    result: Result = sent
    return result


def done(result: Result) -> Descent[Result]:
    """Return the descent that has its result already."""
    return result
    yield

"""Sliding windows: how many there are, which place of the input each of their entries reads, what lies outside.

Entry ``u`` of window ``o``, both counted from 1, reads the input at ``stride (o - 1) + dilation (u - 1) + 1 - padding``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import ONE, ZERO, add, all_of, compare, multiply, number, subtract
from gradproof.expr.node import Expr, Index, Number, fresh_index
from gradproof.formula.context import Context
from gradproof.formula.dimensions import ceil_quotient, floor_quotient, smaller
from gradproof.reader.presentation import Place

#: The letters of output and window indices, as papers use them.
OUTPUT_LETTERS = ("i", "j", "l")
WINDOW_LETTERS = ("u", "v", "w")


@dataclass(frozen=True, slots=True)
class Window:
    """The sliding window of one axis. ``before`` and ``after`` are its paddings; ``rounds_up`` is PyTorch's ceil_mode."""

    size: Expr
    stride: Expr = ONE
    before: Expr = ZERO
    after: Expr = ZERO
    dilation: Expr = ONE
    rounds_up: bool = False

    @property
    def span(self) -> Expr:
        """How many places of the input a window covers, its gaps included."""
        return add(multiply(self.dilation, subtract(self.size, ONE)), ONE)

    @property
    def is_padded(self) -> bool:
        """Tell whether a window may reach out of the input."""
        return self.rounds_up or self.before is not ZERO or self.after is not ZERO

    def count(self, length: Expr) -> Expr:
        """Return how many windows fit into an input of a length."""
        room = subtract(add(length, self.before, self.after), self.span)
        if not self.rounds_up:
            return add(floor_quotient(room, self.stride), ONE)
        # A window that would begin behind the input and its left padding is left out.
        last = subtract(ceil_quotient(add(length, self.before), self.stride), ONE)
        return add(smaller(ceil_quotient(room, self.stride), last), ONE)

    def place(self, output: Expr, step: Expr) -> Expr:
        """Return the place of the input that entry ``step`` of window ``output`` reads."""
        shift = subtract(ONE, add(self.stride, self.dilation, self.before))
        return add(multiply(self.stride, output), multiply(self.dilation, step), shift)

    def tests(self, place: Expr, length: Expr) -> list[Expr]:
        """Return the conditions that a place lies in the input, those that can fail."""
        low = [compare("<=", ONE, place)] if self.before is not ZERO else []
        high = [compare("<=", place, length)] if self.after is not ZERO or self.rounds_up else []
        return low + high


@dataclass(frozen=True, slots=True)
class Slide:
    """Windows that slide over the last axes of a value.

    ``body`` is the entry of the input that is read, ``outputs`` and ``steps`` the indices of the windows and inside them,
    ``inside`` the condition that the place lies in the input, None where it always does.
    """

    body: Expr
    outputs: tuple[Index, ...]
    steps: tuple[Index, ...]
    inside: Expr | None


def slide(context: Context, value: Value, windows: Sequence[Window], place: Place, steps: tuple[Index, ...] = ()) -> Slide:
    """Return windows that slide over the last axes of a value; ``steps`` are the indices inside them where there are some.

    Raises: ShapeError: a window is larger than its padded input.
    """
    spatial = value.axes[value.rank - len(windows) :]
    outputs, inner, places, tests = [], list(steps), [], []
    for at, (axis, window) in enumerate(zip(spatial, windows, strict=True)):
        length = context.sizes.resolve(extent(axis))
        outputs.append(context.index(OUTPUT_LETTERS[at], outputs_of(context, window, length, place)))
        if not steps:
            inner.append(context.index(WINDOW_LETTERS[at], window.size))
        read = window.place(outputs[at], inner[at])
        tests += window.tests(read, length)
        places.append(add(read, subtract(axis.lower, ONE)))
    kept = value.axes[: value.rank - len(windows)]
    body = entry(value, (*kept, *places)).body
    return Slide(body, tuple(outputs), tuple(inner), all_of(*tests) if tests else None)


def outputs_of(context: Context, window: Window, length: Expr, place: Place) -> Expr:
    """Return the number of windows.

    Raises: ShapeError: there is none.
    """
    count = window.count(length)
    room = add(length, window.before, window.after)
    short = subtract(room, window.span)
    if isinstance(short, Number) and short.value < 0:
        raise context.source.misfit(
            place,
            f"a window of at most {context.size_text(room)} places was expected, the size of its padded input",
            got=context.size_text(window.span),
            remedy="Take a smaller kernel or dilation, or more padding.",
        )
    return count


def renewed(value: Value, letters: Sequence[str]) -> tuple[Index, ...]:
    """Return new indices over the axes of a value, with other letters."""
    return tuple(fresh_index(letter, axis.lower, axis.upper) for axis, letter in zip(value.axes, letters, strict=True))


def constant(value: int) -> Expr:
    """Return an exact number."""
    return number(value)

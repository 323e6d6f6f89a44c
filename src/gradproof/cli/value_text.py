"""Values as commands print them: fractions, or decimals with only digits that are certain."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq

from gradproof.errors import DomainError

DIGITS = 15
MOST_DIGITS = 1000


def value_text(value: Any, digits: int | None, depth: int = 0) -> str:
    """Return a number or nested lists of them: fractions where no digits are asked for, else digits that are certain."""
    if not isinstance(value, list):
        return _number(value, digits)
    rows = [value_text(item, digits, depth + 1) for item in value]
    is_flat = not any(isinstance(item, list) for item in value)
    return "[" + (", " if is_flat else ",\n" + " " * (depth + 1)).join(rows) + "]"


def _number(value: fmpq | arb, digits: int | None) -> str:
    if isinstance(value, fmpq):
        if digits is None or value.q == 1:
            return str(value)
        with ctx.workprec(4 * digits + 64):
            return _decimal(arb(value), digits)
    return _decimal(value, digits or DIGITS)


def _decimal(ball: arb, digits: int) -> str:
    """Return the digits of a ball that are certain, at most so many; a ball around 0 says how narrow it is."""
    if ball.contains(0) and not ball.is_zero():
        return f"0 (up to {ball.rad().str(2, radius=False)})"
    text = str(ball.str(digits, radius=False))
    if "[" in text:
        raise DomainError("a value that can be enclosed was expected", got=text)
    return text

"""``gradproof eval``: the value of a formula, exact where it is rational, else to as many digits as are asked for."""

from __future__ import annotations

from typing import Any

import click
from flint import arb, ctx, fmpq

from gradproof.cli.formula_input import formula_text, read_values
from gradproof.cli.output import write_standard_output
from gradproof.errors import DomainError
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.formula.value import value_of

_DIGITS = 15
_MOST_DIGITS = 1000


@click.command("eval", context_settings={"ignore_unknown_options": True})  # a formula may begin with a minus sign
@click.argument("expression", metavar="EXPR|@FILE|-")
@click.option("--at", multiple=True, metavar="NAME=VALUE", help="A value: x=1/3, x=[1,2,3], A=[1,2;3,4]. Repeatable.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="A value from a .npy file. Repeatable.")
@click.option("--assume", multiple=True, metavar="DECL", help="A declaration, such as 'W: k,d' or 'x > 0'. Repeatable.")
@click.option(
    "--digits",
    type=click.IntRange(1, _MOST_DIGITS),
    metavar="N",
    help="Print N digits, also of a fraction; default: fractions, else 15.",
)
def eval_command(expression: str, at: tuple[str, ...], data: tuple[str, ...], assume: tuple[str, ...], digits: int | None) -> int:
    """Print the value of a formula in plain text or LaTeX.

    Rational values are exact; others have only digits that are certain. How the formula was read goes to standard error.

    Exit code: 0 if there is a value; 2 if the formula cannot be read or has no value at this point.
    """
    values = read_values(at, data)
    formula = parse(formula_text(expression), assume, values)
    entries = value_of(formula, values, digits or _DIGITS)
    _tell(formula)
    write_standard_output(_shown(entries.tolist(), digits) + "\n")
    return 0


def _tell(formula: Formula) -> None:
    for note in formula.notes:
        click.echo(f"note: {note}", err=True)


def _shown(value: Any, digits: int | None, depth: int = 0) -> str:
    if not isinstance(value, list):
        return _number(value, digits)
    rows = [_shown(item, digits, depth + 1) for item in value]
    is_flat = not any(isinstance(item, list) for item in value)
    return "[" + (", " if is_flat else ",\n" + " " * (depth + 1)).join(rows) + "]"


def _number(value: fmpq | arb, digits: int | None) -> str:
    if isinstance(value, fmpq):
        if digits is None or value.q == 1:
            return str(value)
        with ctx.workprec(4 * digits + 64):
            return _decimal(arb(value), digits)
    return _decimal(value, digits or _DIGITS)


def _decimal(ball: arb, digits: int) -> str:
    """Return the digits of a ball that are certain, at most so many; a ball around 0 says how narrow it is."""
    if ball.contains(0) and not ball.is_zero():
        return f"0 (up to {ball.rad().str(2, radius=False)})"
    text = str(ball.str(digits, radius=False))
    if "[" in text:
        raise DomainError("a value that can be enclosed was expected", got=text)
    return text

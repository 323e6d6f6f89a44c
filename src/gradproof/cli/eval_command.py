"""``gradproof eval``: the value of a formula, exact where it is rational, else to as many digits as are asked for."""

from __future__ import annotations

import click

from gradproof.cli.formula_input import FormulaCommand, formula_text, read_values
from gradproof.cli.output import write_standard_output
from gradproof.cli.value_text import DIGITS, MOST_DIGITS, value_text
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.formula.value import value_of


@click.command("eval", cls=FormulaCommand, context_settings={"ignore_unknown_options": True})
@click.argument("expression", metavar="EXPR|@FILE|-")
@click.option("--at", multiple=True, metavar="NAME=VALUE", help="A value: x=1/3, x=[1,2,3], A=[1,2;3,4]. Repeatable.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="A value from a .npy file. Repeatable.")
@click.option("--assume", multiple=True, metavar="DECL", help="A declaration, such as 'W: k,d' or 'x > 0'. Repeatable.")
@click.option(
    "--digits",
    type=click.IntRange(1, MOST_DIGITS),
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
    entries = value_of(formula, values, digits or DIGITS)
    _tell(formula)
    write_standard_output(value_text(entries.tolist(), digits) + "\n")
    return 0


def _tell(formula: Formula) -> None:
    for note in formula.notes:
        click.echo(f"note: {note}", err=True)

"""``gradproof derive``: the derivative of a formula, how it was read, its steps and its check."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import click

from gradproof.cli.formula_input import FormulaCommand, formula_text, read_values
from gradproof.cli.output import write_standard_output
from gradproof.cli.value_text import DIGITS, MOST_DIGITS, value_text
from gradproof.codegen.module import TARGETS
from gradproof.derivation.derivation import LAYOUTS, Derivation, derive
from gradproof.derivation.notation import declaration, sizes_text
from gradproof.derivation.updates import METHODS, update
from gradproof.formula.formula import Formula
from gradproof.formula.value import value_of
from gradproof.formula.values import shape_of

_TARGETS = ("text", "latex", "index", "matrix", *TARGETS, "json", "html")
#: Values are computed at the point of --at up to so many entries of data.
_MOST_ENTRIES = 20_000


@click.command("derive", cls=FormulaCommand, context_settings={"ignore_unknown_options": True})
@click.argument("expression", metavar="EXPR|@FILE|-")
@click.option("--wrt", required=True, metavar="VAR", help="The variable to differentiate by.")
@click.option("--assume", multiple=True, metavar="DECL", help="A declaration: 'W: k,d', 'y: k simplex', 'x > 0'. Repeatable.")
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="1 for the gradient, 2 for the Hessian.")
@click.option("--steps", is_flag=True, help="Show the derivation step by step.")
@click.option("--layout", type=click.Choice(LAYOUTS), default="variable", show_default=True, help="The shape of the result.")
@click.option("--to", "target", type=click.Choice(_TARGETS), default="text", show_default=True, help="What to print.")
@click.option("--at", multiple=True, metavar="NAME=VALUE", help="A value: its shape is the variable's. Repeatable.")
@click.option("--data", multiple=True, metavar="NAME=FILE", help="A value from a .npy file. Repeatable.")
@click.option("--digits", type=click.IntRange(1, MOST_DIGITS), metavar="N", help="Digits of the values at the point of --at.")
@click.option("--along", metavar="NAME", help="A direction: the derivative along it; with --order 2 the Hessian times it.")
@click.option("--update", "method", type=click.Choice(METHODS), help="Also print one step of an optimiser.")
@click.option("--no-verify", is_flag=True, help="Leave out the check against differences.")
def derive_command(
    expression: str,
    wrt: str,
    assume: tuple[str, ...],
    order: int,
    steps: bool,
    layout: str,
    target: str,
    at: tuple[str, ...],
    data: tuple[str, ...],
    digits: int | None,
    along: str | None,
    method: str | None,
    no_verify: bool,
) -> int:
    """Print the derivative of a formula in plain text or LaTeX.

    With --to code or json, standard output holds that alone; how the formula was read goes to standard error.

    Exit code: 0 if there is a derivative; 2 if the formula cannot be read.
    """
    values = read_values(at, data)
    derivation = derive(formula_text(expression), wrt, order, assume=assume, at=values, layout=layout, along=along)
    if target in (*TARGETS, "json", "html"):
        for line in reading(derivation.formula, derivation):
            click.echo(line, err=True)
        write_standard_output(_document(derivation, target, with_check=not no_verify))
        return 0
    lines = [*reading(derivation.formula, derivation), ""]
    if steps:
        lines += [f"  {number}. {step}" for number, step in enumerate(derivation.steps, start=1)] + [""]
    lines += _result(derivation, target)
    if method is not None:
        lines += [f"update: {one.to_latex() if target == 'latex' else one.to_text()}" for one in update(derivation, method)]
    lines += _at_the_point(derivation, values, digits)
    lines += [f"kink: {words}" for words in derivation.kinks]
    lines += [f"note: {words}" for words in (*derivation.notes, *derivation.advice)]
    if not no_verify:
        lines.append(f"check: {derivation.verify()}")
    write_standard_output("\n".join(lines) + "\n")
    return 0


def _at_the_point(derivation: Derivation, values: Mapping[str, Any], digits: int | None) -> list[str]:
    """Return the formula's value and the derivative's where every variable has a value of moderate size."""
    wanted = derivation.result_symbols
    if not wanted or any(symbol.name not in values for symbol in wanted):
        return []
    if sum(math.prod(shape_of(symbol.name, values[symbol.name])) for symbol in wanted) > _MOST_ENTRIES:
        return []
    own = {symbol.name: values[symbol.name] for symbol in derivation.formula.symbols}
    lines = [("value", derivation.formula, own), (_left(derivation), derivation.result, values)]
    return [f"at the point: {left} = {_at(formula, given, digits)}" for left, formula, given in lines]


def _at(formula: Formula, values: Mapping[str, Any], digits: int | None) -> str:
    return value_text(value_of(formula, values, digits or DIGITS).tolist(), digits).replace("\n ", "\n  ")


def reading(formula: Formula, derivation: Derivation) -> list[str]:
    """Return how a formula was read: its variables with their shapes, its choices, the layout."""
    shapes = "; ".join(declaration(symbol) for symbol in formula.symbols) or "no variables"
    notes = [f"read: {note}" for note in formula.notes]
    return [f"read: {shapes}; layout: {derivation.layout}", *notes]


def _result(derivation: Derivation, target: str) -> list[str]:
    notation = derivation.notation
    if target == "latex":
        return [notation.latex]
    if target == "index":
        return [f"{_left(derivation, by_index=True)} = {notation.index.text}"]
    if target == "matrix" and notation.matrix is None:
        return [f"{_left(derivation)} has no matrix notation; in index notation: {notation.text}"]
    first = f"{_left(derivation, by_index=notation.matrix is None)} = {notation.short.text}"
    return [first, *(f"  where {part.left.text} = {part.right.text}" for part in notation.definitions)]


def _left(derivation: Derivation, *, by_index: bool = False) -> str:
    left = f"d/d{derivation.wrt.name}" if derivation.order == 1 else f"d^2/d{derivation.wrt.name}^2"
    if derivation.along is not None:
        left += f" along {derivation.along.name}"
    places = derivation.notation.places
    return f"({left})[{', '.join(places)}]" if by_index and places else left


def _document(derivation: Derivation, target: str, *, with_check: bool) -> str:
    if target in TARGETS:
        return derivation.to_code(target)
    if target == "html":
        return derivation._repr_mimebundle_()["text/html"] + "\n"
    notation = derivation.notation
    report = {
        "schema_version": 1,
        "formula": derivation.formula.text,
        "wrt": derivation.wrt.name,
        "order": derivation.order,
        "layout": derivation.layout,
        "variables": {symbol.name: sizes_text(symbol) for symbol in derivation.formula.symbols},
        "text": notation.text,
        "latex": notation.latex,
        "index": {"axes": list(notation.places), "text": notation.index.text, "latex": notation.index.latex},
        "is_matrix_notation": notation.matrix is not None,
        "steps": [
            {"rule": step.rule, "of": step.focus, "is": step.result, "latex": step.result_latex} for step in derivation.steps
        ],
        "kinks": list(derivation.kinks),
        "notes": [*derivation.formula.notes, *derivation.notes, *derivation.advice],
    }
    if with_check:
        check = derivation.verify()
        report["check"] = {"points": check.points, "largest_relative_error": check.largest_error, "agrees": check.agrees}
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"

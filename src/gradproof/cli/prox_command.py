"""``gradproof prox``: the proximal operator of a function, derived from its optimality condition."""

from __future__ import annotations

import json

import click

from gradproof.cli.formula_input import FormulaCommand, formula_text
from gradproof.cli.output import write_standard_output
from gradproof.derivation.notation import declaration
from gradproof.derivation.proximal import Proximal
from gradproof.objective.operators import operator


@click.command("prox", cls=FormulaCommand, context_settings={"ignore_unknown_options": True})
@click.argument("expression", metavar="FUNCTION|@FILE|-")
@click.option("--over", required=True, metavar="VAR", help="The variable.")
@click.option("--subject-to", "conditions", multiple=True, metavar="COND", help="A condition: 'x >= 0', 'sum(x) = 1'. Repeatable.")
@click.option("--assume", multiple=True, metavar="DECL", help="A declaration, such as 'x: n' or 'w: n'. Repeatable.")
@click.option(
    "--to", "target", type=click.Choice(("text", "latex", "json")), default="text", show_default=True, help="What to print."
)
@click.option("--no-verify", is_flag=True, help="Leave out the comparison with other points.")
def prox_command(
    expression: str, over: str, conditions: tuple[str, ...], assume: tuple[str, ...], target: str, no_verify: bool
) -> int:
    """Print the proximal operator of a function with the steps to it: the x that makes h(x) + |x - v|^2/2 least.

    A term indicator(CONDITION) is 0 where the condition holds and infinite elsewhere.

    Exit code: 0 if there is an operator; 2 if the function cannot be read or has none that is known.
    """
    found = operator(formula_text(expression), over, assume=assume, subject_to=conditions)
    if target == "json":
        write_standard_output(_document(found, None if no_verify else found.verify()))
        return 0
    if target == "latex":
        write_standard_output(found.to_latex() + "\n")
        return 0
    symbols = [symbol for symbol in found.formula.symbols if symbol is not found.wrt]
    lines = [f"read: {'; '.join(declaration(symbol) for symbol in (found.wrt, *symbols))}"]
    lines += [f"read: {note}" for note in found.formula.notes]
    lines += ["", *(f"  {number}. {step}" for number, step in enumerate(found.steps, start=1)), ""]
    lines.append(f"prox({found.point.name}) = {found.text}")
    lines += [f"assumed: {condition}" for condition in found.conditions]
    if found.entry:
        lines.append(f"catalogue: gradproof.prox.{found.entry}")
    lines += [f"source: {source}" for source in found.sources]
    if not no_verify:
        lines.append(f"check: {found.verify()}")
    write_standard_output("\n".join(lines) + "\n")
    return 0


def _document(found: Proximal, check: str | None) -> str:
    report = {
        "schema_version": 1,
        "function": found.formula.text,
        "over": found.wrt.name,
        "point": found.point.name,
        "text": found.text,
        "latex": found.to_latex(),
        "is_closed_form": found.result is not None,
        "catalogue": found.entry or None,
        "sources": list(found.sources),
        "conditions": list(found.conditions),
        "steps": [{"rule": step.rule, "text": step.text} for step in found.steps],
    }
    if check is not None:
        report["check"] = check
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"

"""``gradproof explain``: what a code means and what to do about it."""

from __future__ import annotations

import click

from gradproof.checker.codes import CODES, Code
from gradproof.checker.options import known_prefix
from gradproof.cli.output import write_standard_output

_FAMILIES = {
    "P": "proved",
    "T": "tested",
    "S": "stated",
    "R": "refuted",
    "C": "carried forward",
    "M": "malformed",
    "U": "unchecked",
    "D": "about the document",
}


@click.command("explain")
@click.argument("code", required=False)
def explain_command(code: str | None) -> int:
    """Tell what a code means and what to do; without CODE, list them all."""
    write_standard_output(explain(code))
    return 0


def explain(code: str | None) -> str:
    """Return the explanation of a code, or the list of the codes that begin so; without a code, of all.

    Raises: GradproofError: no code begins so; the message names the closest.
    """
    if code is None:
        return _listed(list(CODES.values()))
    prefix = known_prefix(code, "explain")
    if prefix in CODES:
        return _explained(CODES[prefix])
    return _listed([entry for entry in CODES.values() if entry.code.startswith(prefix)])


def _explained(code: Code) -> str:
    family = _FAMILIES[code.code[0]]
    return f"{code.code} {code.title} ({family})\n\n  {code.meaning}\n\n  Example:    {code.example}\n  What to do: {code.remedy}\n"


def _listed(codes: list[Code]) -> str:
    lines: list[str] = []
    for letter, family in _FAMILIES.items():
        members = [code for code in codes if code.code[0] == letter]
        if members:
            lines += [f"{letter}: {family}", *(f"  {code.code}  {code.title}" for code in members), ""]
    return "\n".join(lines).rstrip() + "\n\n'gradproof explain CODE' tells more about one of them.\n"

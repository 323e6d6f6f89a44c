"""Small questions about LaTeX that has been printed: sums, braces, where a coefficient stands."""

from __future__ import annotations

import re

_WEIGHTED_FRACTION = re.compile(r"^(?P<sign>-?)(?:(?P<weight>\d+) )?\\frac\{(?P<above>\D.*)\}\{(?P<below>[^{}]*)\}$", re.DOTALL)

_PRODUCT_ENDS = re.compile(r"$|\\right|[)}]| [+-]")
_NUMBER_FIRST = re.compile(r"^(?P<number>\d+) (?P<rest>\D.*)$", re.DOTALL)


def is_sum(latex: str) -> bool:
    """Tell whether a formula has a plus or a minus outside all parentheses."""
    depth = 0
    for at, sign in enumerate(latex):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(sign, 0)
        if not depth and sign in "+-" and (at == 0 or latex[at - 1] == " "):
            return True
    return False


def is_balanced(latex: str) -> bool:
    """Tell whether every closing brace closes one that was opened before."""
    depth = 0
    for sign in latex:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0


def grouped(latex: str) -> str:
    """Return a formula as a factor: a sum in parentheses."""
    if not is_sum(latex):
        return latex
    return f"\\left({latex}\\right)" if "\\frac" in latex or "\\sum" in latex else f"({latex})"


def flattened(latex: str) -> str:
    """Write ``a (b x)`` as ``a b x`` where the parentheses end a product and hold one."""
    place = 0
    while (at := latex.find(" (", place)) != -1:
        end = closing(latex, at + 2)
        place = at + 2
        if (
            end is None
            or is_sum(latex[at + 2 : end])
            or not _PRODUCT_ENDS.match(latex, end + 1)
            or latex[at - 1] in "+-=,("
            or latex.endswith("\\odot", 0, at)
        ):
            continue
        latex = f"{latex[: at + 1]}{latex[at + 2 : end]}{latex[end + 1 :]}"
        place = at
    return latex


def closing(latex: str, place: int) -> int | None:
    """Return the place of the parenthesis that closes the one right before ``place``."""
    depth = 1
    for at in range(place, len(latex)):
        depth += {"(": 1, ")": -1}.get(latex[at], 0)
        if not depth:
            return at
    return None


def coefficient_first(latex: str) -> str:
    """Write ``2 \\frac{A}{n}`` as ``\\frac{2}{n} A``, where A is a long product or a sum over an index."""
    match = _WEIGHTED_FRACTION.match(latex)
    if match is None or not is_balanced(match["above"]) or is_sum(match["above"]) or "\\sum" not in match["above"]:
        return latex
    return f"{match['sign']}\\frac{{{match['weight'] or 1}}}{{{match['below']}}} {match['above']}"


def times(rate: str, latex: str) -> str:
    """Return a product of a letter and a formula, which is in parentheses where it is a sum; a number stands first."""
    match = _NUMBER_FIRST.match(latex)
    if match is not None and rate and not is_sum(latex):
        return f"{match['number']} {rate} {match['rest']}"
    return f"{rate} {grouped(latex)}".strip()

"""Small questions about LaTeX that has been printed: sums, braces, where a coefficient stands."""

from __future__ import annotations

import re

_WEIGHTED_FRACTION = re.compile(r"^(?P<sign>-?)(?:(?P<weight>\d+) )?\\frac\{(?P<above>\D.*)\}\{(?P<below>[^{}]*)\}$", re.DOTALL)


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


def coefficient_first(latex: str) -> str:
    """Write ``2 \\frac{A}{n}`` as ``\\frac{2}{n} A``, where A is a long product or a sum over an index."""
    match = _WEIGHTED_FRACTION.match(latex)
    if match is None or not is_balanced(match["above"]) or is_sum(match["above"]) or "\\sum" not in match["above"]:
        return latex
    return f"{match['sign']}\\frac{{{match['weight'] or 1}}}{{{match['below']}}} {match['above']}"

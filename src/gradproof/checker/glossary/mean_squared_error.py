"""Mean squared error: the mean of the squared differences, with a factor 1/2 by some; never of absolute ones or of plain ones."""

from __future__ import annotations

import re

from gradproof.checker.glossary.entry import GlossaryEntry
from gradproof.checker.outcome import Outcome
from gradproof.checker.sections import PlannedFormula, PlannedLink, Section
from gradproof.checker.verdict import Certificate, Verdict
from gradproof.elaborate.references import reference_of
from gradproof.reader.presentation import Big, Fenced, Infix, Name, Numeral, Scripted, Tree
from gradproof.reader.walk import subtrees

_NAMES = frozenset({"MSE", "L_MSE", "E_MSE", "mse"})
_WORDS = re.compile(r"mean[-\s]+squared?[-\s]+error\s*(?:is|:|,|\(MSE\)|as)?[^.]{0,40}$", re.IGNORECASE)
DEFINITION = "\\mathrm{MSE} = \\frac{1}{n} \\sum_{i=1}^n (y_i - \\hat{y}_i)^2"


def _check(planned: PlannedFormula, link: PlannedLink, section: Section) -> Outcome | None:
    del section
    read = reference_of(link.left) if isinstance(link.left, Name | Scripted) else None
    named = (read is not None and read[0].key in _NAMES) or bool(_WORDS.search(planned.before))
    body = _summed(link.right)
    if not named or body is None:
        return None
    problem = _not_squared(body)
    if problem is None:
        return None
    reason = f"the mean squared error averages squared differences; here they are {problem}"
    details = {"definition": DEFINITION}
    witness = {"y": "(0)", "y_hat": "(2)", "squared": "4", problem: "2" if problem == "absolute" else "-2"}
    certificate = Certificate("glossary", details=details)
    return Outcome(Verdict.REFUTED, "R104", certificate, reason, "square the differences", witness, DEFINITION)


def _summed(tree: Tree) -> Tree | None:
    """Return the body of the one sum of a formula."""
    sums = [node for node in subtrees(tree) if isinstance(node, Big) and node.operator == "sum"]
    return sums[0].body if len(sums) == 1 else None


def _not_squared(body: Tree) -> str | None:
    """Say how a bare difference is averaged where it is not squared, else None (also where it is anything else)."""
    if isinstance(body, Fenced) and isinstance(body.body, Infix) and body.body.operator == "-":
        return "absolute" if body.opening in "|‖" else "not squared"
    if isinstance(body, Scripted) and isinstance(body.base, Fenced) and isinstance(body.sup, Numeral):
        inside = body.base.body
        if isinstance(inside, Infix) and inside.operator == "-" and body.sup.text != "2":
            return f"raised to the power {body.sup.text}"
    return None


ENTRY = GlossaryEntry("mean squared error", DEFINITION, "Goodfellow, Bengio, Courville 2016, section 5.1.4", _check)

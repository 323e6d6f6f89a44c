"""Answers that are formulas: derivatives taken, definitions put in or kept by name, whichever reads best."""

from __future__ import annotations

from collections.abc import Iterator

from gradproof.checker.environment import Environment
from gradproof.checker.statements import source_of
from gradproof.completion.answer import Answer, Asked
from gradproof.completion.names import asked_names, with_names
from gradproof.derivation.tidy import gathered, tidied
from gradproof.expr.build import negate, scale
from gradproof.expr.node import Add, Call, Expr, Multiply, Operator, Reduce, Symbol
from gradproof.expr.walk import contains, substitute
from gradproof.printer.layout import factors_of
from gradproof.rewrite.simplify import cost


def formula_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the known side worked out, the shortest form first."""
    forms: list[str] = []
    for body in _bodies(asked):
        if body is not asked.value.body and not contains(body, _is_left_over):
            forms += asked.notation.written(body, asked.value.axes)
    known = [_bare(side) for side in (source_of(asked.context.known, asked.context.planned.source), *asked.question.sides)]
    for latex in sorted(dict.fromkeys(forms), key=len):
        if not any(_says_nothing(latex, side) for side in known):
            yield Answer(latex)


def _bodies(asked: Asked) -> list[Expr]:
    """Return the known side worked out in several ways, at the values that its place gives if it gives any."""
    environment = asked.context.environment
    root = asked.value.body
    found = worked_out(root, environment, asked_names(root))
    if not asked.value.axes and contains(raw := environment.expanded(root), _is_sum):  # nothing is multiplied out
        found += [with_names(gathered(raw), environment, asked_names(root)), gathered(raw)]
    if environment.conditions:
        at = [tidied(substitute(environment.expanded(body), environment.conditions)) for body in found]
        found = [*(body for body in at if body not in found), *found]
    return list(dict.fromkeys(found))


def worked_out(root: Expr, environment: Environment, own: frozenset[str]) -> list[Expr]:
    """Return an expression with its derivatives taken: with names and without, the shortest first.

    Args: own: names that it is about, which come back only where they say much.
    """
    expanded = tidied(environment.expanded(root))
    found = [tidied(with_names(expanded, environment, own)), expanded]
    named = tidied(environment.derived(root))
    if named is not root and not isinstance(named, Symbol):
        found.append(named)
    found += [turned for body in found if (turned := _without_minus(body)) is not None]
    return sorted(dict.fromkeys(found), key=cost)


def _is_sum(node: Expr) -> bool:
    return isinstance(node, Reduce)


def _without_minus(body: Expr) -> Expr | None:
    """Turn ``-p (q - d)`` into ``p (d - q)``, or return None."""
    if not (isinstance(body, Add) and len(body.terms) == 1 and body.weights[0] < 0):
        return None
    factors = list(factors_of(body.terms[0]))
    for place, factor in enumerate(factors):
        if isinstance(factor, Add) and any(weight < 0 for weight in factor.weights):
            factors[place] = negate(factor)
            return scale(-body.weights[0], Multiply(tuple(factors)))
    return None


def _is_left_over(node: Expr) -> bool:
    """Tell whether a node still waits to be worked out: a derivative, a minimiser, an unknown function's derivative."""
    if isinstance(node, Operator):
        return node.kind in ("derivative", "argmin", "argmax", "integral", "limit")
    return isinstance(node, Call) and any(node.orders)


def _bare(latex: str) -> str:
    return "".join(latex.split())


def _says_nothing(latex: str, known: str) -> bool:
    """Tell whether an answer only repeats the side that it is the answer to, or shuffles its letters."""
    return sorted(_bare(latex)) == sorted(known)

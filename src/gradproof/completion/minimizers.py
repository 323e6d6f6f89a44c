"""Answers to minimisations: proximal points and least squares, where the minimiser has a closed form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gradproof.completion.answer import Answer, Asked
from gradproof.completion.names import with_names
from gradproof.completion.values import numeric_answers
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.elaborate.value import Value
from gradproof.expr.build import HALF, ONE, ZERO, apply, delta, divide, multiply, negate, number, power, subtract, sum_over
from gradproof.expr.node import (
    Apply,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Number,
    Operator,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import contains, postorder, substitute, symbols, transform
from gradproof.rewrite.simplify import simplified

_TRANSPOSED_INVERSE = re.compile(r"\((\([^()]*\)\^\{-1\})\)\^(?:\\top|T|\{\\top\}|\{T\}|\\intercal)")
#: A soft threshold as it is printed, its sign behind its size.
_SIGN_LAST = re.compile(
    r"^(?P<size>\\max(?:\\left)?\(.*\)) (?P<times>\\odot )?(?P<sign>\\operatorname\{sign\}(?:\\left)?\([^()]*\))$"
)
_HALF_POWER = Number(ONE.value / 2)


@dataclass(frozen=True, slots=True)
class Problem:
    """``minimize objective over symbol[at]``: its gradient at ``at``, and its Hessian at ``at`` and ``other`` (both empty for a number);
    ``bounds`` of its entries."""

    symbol: Symbol
    objective: Expr
    at: tuple[Index, ...]
    other: tuple[Index, ...]
    gradient: Expr
    hessian: Expr
    bounds: tuple[Compare, ...] = ()


def minimizer_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the closed form of the minimiser that is asked for."""
    environment = asked.context.environment
    pairs = ((form, problem) for problem in problems_of(asked) for form in CLOSED_FORMS)
    for form, problem in pairs:
        point = form(problem)
        point = None if point is None else _clipped(point, problem)
        if point is None:
            continue
        yield from numeric_answers(replace(asked, value=Value(point, asked.value.axes)))
        for shown in dict.fromkeys((with_names(point, environment, frozenset()), point)):
            for latex in asked.notation.written(tidied(shown), asked.value.axes):
                upright = _TRANSPOSED_INVERSE.sub(r"\1", latex)  # a Hessian is symmetric
                upright = _SIGN_LAST.sub(r"\g<sign> \g<times>\g<size>", upright)
                yield from map(Answer, dict.fromkeys((upright, latex)))


def problems_of(asked: Asked) -> Iterator[Problem]:
    """Yield the minimisation that is asked for, with its definitions by name and then expanded; nothing where it is something else."""
    body = asked.value.body
    if not (isinstance(body, Operator) and body.kind == "argmin" and len(body.bound) == 1):
        return
    (variable,), (objective, *violations) = body.bound, body.operands
    for form in dict.fromkeys((objective, asked.context.environment.expanded(objective))):
        problem = _problem(variable, form, asked.value.axes)
        if problem is not None:
            yield replace(problem, bounds=tuple(_bound(violation) for violation in violations))


def _bound(violation: Expr) -> Compare:
    """Return the condition on an entry whose violations are counted."""
    return next(
        node.condition for node in postorder(violation) if isinstance(node, Iverson) and isinstance(node.condition, Compare)
    )


def _clipped(point: Expr, problem: Problem) -> Expr | None:
    """Put a point back between its bounds, where each entry is found by itself."""
    if problem.bounds and _curvature(problem, problem.hessian) is None:
        return None
    for bound in problem.bounds:
        point = apply("maximum" if bound.relation in (">=", ">") else "minimum", point, bound.right)
    return point


def _problem(variable: Expr, objective: Expr, axes: tuple[Index, ...]) -> Problem | None:
    """Return the problem with its derivatives; the kink of an absolute value gives its sign."""
    symbol = variable.symbol if isinstance(variable, Element) else variable
    if not isinstance(symbol, Symbol) or len(symbol.axes) != len(axes):
        return None
    symbol = next((found for found in symbols(objective) if found.name == symbol.name), symbol)
    other = tuple(fresh_index(index.name, index.lower, index.upper) for index in axes)
    gradient = simplified(differentiate(objective, symbol, axes))
    hessian = simplified(differentiate(gradient, symbol, other))
    return Problem(symbol, objective, axes, other, gradient, hessian)


# Closed forms -------------------------------------------------------------------------------------------------------------


def is_quadratic(problem: Problem) -> bool:
    """Tell whether an objective is quadratic in its variable."""
    flat = _depends(problem.hessian, problem.symbol) or problem.hessian is ZERO
    return not flat and not _kinks(problem.gradient, problem.symbol)


def _linear_system(problem: Problem) -> Expr | None:
    """Least squares, ridge: a quadratic objective, ``x = -H^{-1} g(0)``."""
    if not is_quadratic(problem):
        return None
    start = negate(_at_zero(problem.gradient, problem.symbol))
    if not problem.at:
        return divide(start, problem.hessian)
    curvature = _curvature(problem, problem.hessian)
    if curvature is not None:
        return divide(start, curvature)
    if len(problem.at) != 1:
        return None
    (row,), (column,) = problem.at, problem.other
    first, second = (fresh_index(row.name, row.lower, row.upper) for _ in range(2))
    scale = _common_weight(problem.hessian)
    matrix = substitute(simplified(divide(problem.hessian, scale)), {row: first, column: second})
    inverse = TensorEntry("inverse", (first, second), matrix, (row, column))
    right = substitute(simplified(divide(start, scale)), {row: column})
    return sum_over([column], multiply(inverse, right))


def _soft_threshold(problem: Problem) -> Expr | None:
    """The lasso's proximal step and its kin: ``x = sign(u) max(|u| - lambda, 0) / h`` entry by entry."""
    parts = threshold_parts(problem)
    if parts is None:
        return None
    weight, curvature, point = parts
    size = apply("maximum", subtract(apply("abs", point), weight), ZERO)
    return divide(multiply(apply("sign", point), size), curvature)


def threshold_parts(problem: Problem) -> tuple[Expr, Expr, Expr] | None:
    """Return lambda, h and u where the objective is ``h x^2 / 2 - u x + lambda |x|`` for each entry."""
    entry = _entry(problem.symbol, problem.at)
    sign = apply("sign", entry)
    weight = simplified(
        subtract(
            _at_zero(_put(problem.gradient, sign, ONE), problem.symbol),
            _at_zero(_put(problem.gradient, sign, ZERO), problem.symbol),
        )
    )
    if weight is ZERO or _depends(weight, problem.symbol):
        return None
    curvature = _curvature(problem, problem.hessian)
    smooth = _put(problem.gradient, sign, ZERO)
    if curvature is None or _kinks(smooth, problem.symbol):
        return None
    return weight, curvature, simplified(negate(_at_zero(smooth, problem.symbol)))


def _hard_threshold(problem: Problem) -> Expr | None:
    """A count of entries beside a quadratic: an entry is kept where that costs less, ``x = u [|u| > sqrt(2 h lambda)] / h``."""
    counts = {node for node in postorder(problem.objective) if isinstance(node, Iverson) and _depends(node, problem.symbol)}
    if len(counts) != 1 or problem.bounds:
        return None
    (count,) = counts
    condition = count.condition
    is_count = isinstance(condition, Compare) and condition.relation == "!=" and ZERO in (condition.left, condition.right)
    mark = Symbol("count_of_minimizer")
    weighed = transform(problem.objective, lambda node: multiply(mark, ONE) if node is count else node)
    smooth = _problem(_entry(problem.symbol, problem.at), substitute(weighed, {mark: ZERO}), problem.at)
    cost = simplified(differentiate(weighed, mark))
    if problem.at and not isinstance(cost, Symbol):  # the sum of ones counts the entries
        cost = simplified(divide(cost, simplified(sum_over(list(problem.at), ONE))))
    if not is_count or smooth is None or _depends(cost, problem.symbol) or _kinks(smooth.gradient, problem.symbol):
        return None
    curvature = _curvature(smooth, smooth.hessian)
    if curvature is None:
        return None
    point = simplified(negate(_at_zero(smooth.gradient, problem.symbol)))
    threshold = power(multiply(number(2), curvature, cost), HALF)
    return divide(multiply(point, Iverson(Compare(">", apply("abs", point), threshold))), curvature)


def _block_threshold(problem: Problem) -> Expr | None:
    """A Euclidean norm beside a quadratic: ``x = max(0, 1 - lambda / ||u||) u / h``."""
    parts = block_parts(problem)
    if parts is None:
        return None
    weight, curvature, slope = parts
    point = simplified(divide(slope, curvature))
    norm = TensorEntry("norm2", problem.other, substitute(point, dict(zip(problem.at, problem.other, strict=True))))
    shrink = apply("maximum", subtract(ONE, divide(weight, multiply(curvature, norm))), ZERO)
    return multiply(shrink, point)


def block_parts(problem: Problem) -> tuple[Expr, Expr, Expr] | None:
    """Return lambda, h and u where the objective is ``h |x|^2 / 2 - u . x + lambda ||x||`` of a vector."""
    if len(problem.at) != 1:
        return None
    norms = [node for node in postorder(problem.objective) if _is_norm_of(node, problem.symbol)]
    if len(set(norms)) != 1:
        return None
    length = Symbol("norm_of_minimizer")
    outside = transform(problem.objective, lambda node: length if node is norms[0] else node)
    weight = simplified(differentiate(outside, length))
    smooth = _problem(_entry(problem.symbol, problem.at), substitute(outside, {length: ZERO}), problem.at)
    if smooth is None or _depends(weight, problem.symbol):
        return None
    curvature = _curvature(smooth, smooth.hessian)
    if curvature is None or curvature.free_indices or _depends(curvature, problem.symbol):
        return None
    return weight, curvature, simplified(negate(_at_zero(smooth.gradient, problem.symbol)))


def _is_norm_of(node: Expr, symbol: Symbol) -> bool:
    """Tell whether a node is ``sqrt(sum_i x_i^2)``."""
    if not (isinstance(node, Power) and node.exponent is _HALF_POWER and isinstance(node.base, Reduce)):
        return False
    inner = node.base.body
    return (
        node.base.operation == "sum"
        and isinstance(inner, Power)
        and isinstance(inner.base, Element)
        and inner.base.symbol is symbol
    )


#: The closed forms, in the order in which they are tried.
CLOSED_FORMS: tuple[Callable[[Problem], Expr | None], ...] = (_hard_threshold, _linear_system, _soft_threshold, _block_threshold)


# Parts --------------------------------------------------------------------------------------------------------------------


def _curvature(problem: Problem, hessian: Expr) -> Expr | None:
    """Return the diagonal of a Hessian that is diagonal, as a function of the entry, or None."""
    if _depends(hessian, problem.symbol):
        return None
    if not problem.at:
        return None if hessian is ZERO else hessian
    same = multiply(*(delta(one, two) for one, two in zip(problem.at, problem.other, strict=True)))
    diagonal = simplified(sum_over(list(problem.other), hessian))
    is_diagonal = simplified(subtract(hessian, multiply(diagonal, same))) is ZERO
    return diagonal if is_diagonal and diagonal is not ZERO else None


def _entry(symbol: Symbol, at: tuple[Index, ...]) -> Expr:
    return Element(symbol, at) if at else symbol


def _at_zero(root: Expr, symbol: Symbol) -> Expr:
    return simplified(transform(root, lambda node: ZERO if _is_entry(node, symbol) else node))


def _is_entry(node: Expr, symbol: Symbol) -> bool:
    return node is symbol or (isinstance(node, Element) and node.symbol is symbol)


def _put(root: Expr, part: Expr, value: Expr) -> Expr:
    return transform(root, lambda node: value if node is part else node)


def _depends(root: Expr, symbol: Symbol) -> bool:
    return contains(root, lambda node: _is_entry(node, symbol))


def _kinks(root: Expr, symbol: Symbol) -> bool:
    """Tell whether a gradient still has a sign or another kink of the variable."""
    return contains(root, lambda node: isinstance(node, Apply) and node.function in ("sign", "abs") and _depends(node, symbol))


def _common_weight(node: Expr) -> Expr:
    """Return the number that a Hessian is a multiple of: the smallest weight of its terms."""
    weights = [abs(weight) for weight in getattr(node, "weights", ())]
    return Number(min(weights)) if weights else ONE

"""Delta elimination: a sum over an index that a bracket ``[i = ...]`` pins down is the body at that place."""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import ONE, ZERO, add, all_of, multiply, negate, scale, subtract, sum_over
from gradproof.expr.node import Add, Compare, Expr, Index, Iverson, Logic, Multiply, Number, Reduce, TensorEntry
from gradproof.expr.walk import postorder, substitute, transform


def eliminate_deltas(root: Expr) -> Expr:
    """Return the expression with every sum over a pinned index taken.

    Law: ``sum_i [i = e] f(i) = [lower <= e <= upper] f(e)``, the range dropped where ``e`` surely lies in it.
    """
    return transform(root, lambda node: _eliminated(node) if isinstance(node, Reduce) else node)


def sum_without_deltas(indices: tuple[Index, ...], body: Expr) -> Expr:
    """Return ``sum_indices body`` with pinned indices eliminated, term by term."""
    if isinstance(body, Add):
        parts = [scale(weight, sum_without_deltas(indices, term)) for weight, term in zip(body.weights, body.terms, strict=True)]
        return add(*parts)
    return _eliminated(sum_over(list(indices), body))


def _eliminated(node: Expr) -> Expr:
    while isinstance(node, Reduce) and node.operation == "sum":
        step = _one_step(node)
        if step is None:
            return node
        node = step
    return node


def _one_step(node: Reduce) -> Expr | None:
    factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
    for place, factor in enumerate(factors):
        for equality, others in _equalities(factor):
            for index in node.indices:
                solution = _solved(equality, index)
                if solution is None or any(i in solution.free_indices for i in node.indices if i is index):
                    continue
                rest = [*factors[:place], *factors[place + 1 :], *others]
                return _taken(node, index, solution, rest)
    return None


def _equalities(factor: Expr) -> list[tuple[Compare, list[Expr]]]:
    """List the equalities of a bracket, each with the brackets that remain without it."""
    if not isinstance(factor, Iverson):
        return []
    tests = factor.condition.operands if isinstance(factor.condition, Logic) else (factor.condition,)
    if isinstance(factor.condition, Logic) and factor.condition.operation != "and":
        return []
    found: list[tuple[Compare, list[Expr]]] = []
    for place, test in enumerate(tests):
        if isinstance(test, Compare) and test.relation == "=":
            rest = tests[:place] + tests[place + 1 :]
            found.append((test, [Iverson(all_of(*rest))] if rest else []))
    return found


def _solved(equality: Compare, index: Index) -> Expr | None:
    """Solve ``left = right`` for an index that stands in it once, with weight 1 or -1."""
    gap = subtract(equality.left, equality.right)
    if isinstance(gap, Index):
        return None
    if not isinstance(gap, Add) or index not in gap.terms:
        return None
    weight = gap.weights[gap.terms.index(index)]
    if abs(weight) != 1:
        return None
    rest = subtract(gap, scale(weight, index))
    if index in rest.free_indices:
        return None
    return negate(rest) if weight == 1 else rest


def _taken(node: Reduce, index: Index, solution: Expr, rest: list[Expr]) -> Expr:
    guard = range_guard(index, solution)
    if guard is ZERO:
        return ZERO
    body = multiply(guard, *(substitute(part, {index: solution}) for part in rest)) if rest else guard
    others = [other for other in node.indices if other is not index]
    others = [_with_bounds(other, index, solution) for other in others]
    return sum_over(others, body)


def _with_bounds(other: Index, index: Index, solution: Expr) -> Index:
    assert index not in (other.lower.free_indices | other.upper.free_indices), "limits of summed indices are independent"
    del solution
    return other


def range_guard(index: Index, value: Expr) -> Expr:
    """Return the bracket that a value lies in the range of an index: 1 where it surely does, 0 where it surely does not."""
    low, high = subtract(value, index.lower), subtract(index.upper, value)
    if isinstance(value, Index) and value.lower is index.lower and value.upper is index.upper:
        return ONE
    tests = []
    for gap in (low, high):
        if isinstance(gap, Number) and gap.ulp is None:
            if gap.value < 0:
                return ZERO
            continue
        smallest = _smallest(gap)
        if smallest is not None and smallest >= 0:
            continue
        tests.append(Compare(">=", gap, ZERO))
    return Iverson(all_of(*tests)) if tests else ONE


def _smallest(gap: Expr) -> Fraction | None:
    """Return the smallest value of an affine expression in indices of numeric range, or None."""
    pairs = zip(gap.weights, gap.terms, strict=True) if isinstance(gap, Add) else [(Fraction(1), gap)]
    ends: Expr = ZERO
    for weight, term in pairs:
        if isinstance(term, Index):
            ends = add(ends, scale(weight, term.lower if weight > 0 else term.upper))
        else:
            ends = add(ends, scale(weight, term))
    if isinstance(ends, Number):
        return ends.value
    return None


def bound_indices(root: Expr) -> frozenset[Index]:
    """Return all indices that are bound somewhere below ``root``."""
    found: set[Index] = set()
    for node in postorder(root):
        if isinstance(node, Reduce):
            found.update(node.indices)
        elif isinstance(node, TensorEntry):
            found.update(node.bound)
    return frozenset(found)

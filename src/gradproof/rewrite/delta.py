"""Delta elimination: a sum over an index that a bracket ``[i = ...]`` pins down is the body at that place."""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import MINUS_ONE, ONE, ZERO, add, all_of, multiply, negate, number, scale, subtract, sum_over
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Power,
    Reduce,
    Symbol,
    fresh_index,
)
from gradproof.expr.walk import bound_indices, substitute, transform

__all__ = ["bound_indices", "eliminate_deltas", "range_guard", "sum_without_deltas", "without_sure_tests"]

#: Functions whose values are whole wherever their arguments are, or always.
_WHOLE = frozenset({"floor", "ceil", "abs", "sign", "maximum", "minimum", "modulo", "step", "factorial", "binomial"})
#: Limits of limits that are followed to find the smallest value of an expression.
_DEEPEST = 8


def eliminate_deltas(root: Expr) -> Expr:
    """Return the expression with every sum over a pinned index taken.

    Law: ``sum_i [i = e] f(i) = [lower <= e <= upper] f(e)``, the range dropped where ``e`` surely lies in it.
    """
    return transform(root, lambda node: _eliminated(node) if isinstance(node, Reduce) else node)


def sum_without_deltas(indices: tuple[Index, ...], body: Expr) -> Expr:
    """Return ``sum_indices body`` with pinned indices eliminated, term by term.

    A bracket that holds deltas is multiplied out, an inner sum that holds one is summed together with the outer one.
    """
    if isinstance(body, Add):
        parts = [scale(weight, sum_without_deltas(indices, term)) for weight, term in zip(body.weights, body.terms, strict=True)]
        return add(*parts)
    factors = body.factors if isinstance(body, Multiply) else (body,)
    for place, factor in enumerate(factors):
        rest = factors[:place] + factors[place + 1 :]
        if isinstance(factor, Reduce) and _is_plain_sum(factor) and _pins(factor.body, indices):
            own, inner = _apart(factor, indices)
            return sum_without_deltas((*indices, *own), multiply(*rest, inner))
        if isinstance(factor, Add) and _pins(factor, indices):
            pairs = zip(factor.weights, factor.terms, strict=True)
            return add(*(scale(weight, sum_without_deltas(indices, multiply(*rest, term))) for weight, term in pairs))
    return _eliminated(sum_over(list(indices), body))


def _apart(node: Reduce, indices: tuple[Index, ...]) -> tuple[tuple[Index, ...], Expr]:
    """Return the indices and the body of a sum, with new names for those that an outer sum has: two factors may share theirs."""
    names: dict[Index, Index] = {
        index: fresh_index(index.name, index.lower, index.upper) for index in node.indices if index in indices
    }
    if not names:
        return node.indices, node.body
    return tuple(names.get(index, index) for index in node.indices), substitute(node.body, names)


def _pins(node: Expr, indices: tuple[Index, ...]) -> bool:
    """Tell whether some term, multiplied out, has a delta that pins one of the indices."""
    pending = [node]
    while pending:
        part = pending.pop()
        if not any(index in part.free_indices for index in indices):
            continue
        if isinstance(part, Add):
            pending.extend(part.terms)
        elif isinstance(part, Multiply):
            pending.extend(part.factors)
        elif isinstance(part, Reduce) and _is_plain_sum(part):
            pending.append(part.body)
        elif any(_solved(equality, index) is not None for equality, _ in _equalities(part) for index in indices):
            return True
    return False


def _is_plain_sum(node: Reduce) -> bool:
    return node.operation == "sum" and node.where is None


def _eliminated(node: Expr) -> Expr:
    weight = Fraction(1)
    while isinstance(node, Reduce) and node.operation == "sum":
        body = node.body
        if isinstance(body, Add) and len(body.terms) == 1:
            weight, node = weight * body.weights[0], Reduce("sum", node.indices, body.terms[0])
        step = _one_step(node)
        if step is None:
            break
        node = step
    return scale(weight, node)


def _one_step(node: Reduce) -> Expr | None:
    factors = node.body.factors if isinstance(node.body, Multiply) else (node.body,)
    for place, factor in enumerate(factors):
        for equality, others in _equalities(factor):
            for index in node.indices:
                solution = _solved(equality, index)
                if solution is None or _is_circular(node, index, solution):
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
    """Solve ``left = right`` for an index that stands in it once, with weight 1 or -1, among whole numbers."""
    for side, other in ((equality.left, equality.right), (equality.right, equality.left)):
        if side is index and index not in other.free_indices:
            return other if _is_whole(other) else None
    if index not in equality.free_indices:
        return None
    gap = subtract(equality.left, equality.right)
    if not isinstance(gap, Add) or index not in gap.terms:
        return ZERO if gap is index else None
    weight = gap.weights[gap.terms.index(index)]
    rest = subtract(gap, scale(weight, index))
    if abs(weight) != 1 or index in rest.free_indices or not _is_whole(rest):
        return None
    return negate(rest) if weight == 1 else rest


def _is_whole(node: Expr) -> bool:
    """Tell whether an expression is an integer wherever its symbols are: what is a subscript has to be one."""
    match node:
        case Number(value, ulp):
            return ulp is None and value.denominator == 1
        case Add(terms, weights):
            return all(weight.denominator == 1 for weight in weights) and all(_is_whole(term) for term in terms)
        case Multiply(factors):
            return all(_is_whole(factor) for factor in factors)
        case Power(base, exponent):
            return _is_whole(base) and isinstance(exponent, Number) and exponent.value > 0 and _is_whole(exponent)
        case Apply(function, arguments):
            return function in ("floor", "ceil") or (function in _WHOLE and all(_is_whole(x) for x in arguments))
        case Constant() | Call():
            return False
        case _:
            return True


def _is_circular(node: Reduce, index: Index, solution: Expr) -> bool:
    """Tell whether the place hangs on another summed index whose own range hangs on the one that is taken out."""
    return any(
        other in solution.free_indices and index in (other.lower.free_indices | other.upper.free_indices)
        for other in node.indices
        if other is not index
    )


def _taken(node: Reduce, index: Index, solution: Expr, rest: list[Expr]) -> Expr:
    guard = range_guard(index, solution)
    if guard is ZERO:
        return ZERO
    body = multiply(guard, *(substitute(part, {index: solution}) for part in rest)) if rest else guard
    others = [substitute(other, {index: solution}) for other in node.indices if other is not index]
    return sum_over([other for other in others if isinstance(other, Index)], body)


def range_guard(index: Index, value: Expr) -> Expr:
    """Return the bracket that a value lies in the range of an index: 1 where it surely does, 0 where it surely does not."""
    if isinstance(value, Index) and value.lower is index.lower and value.upper is index.upper:
        return ONE
    tests = []
    for gap in (subtract(value, index.lower), subtract(index.upper, value)):
        if isinstance(gap, Number) and gap.ulp is None and gap.value < 0:
            return ZERO
        smallest = _smallest(gap)
        if smallest is None or smallest < 0:
            tests.append(Compare(">=", gap, ZERO))
    return Iverson(all_of(*tests)) if tests else ONE


def without_sure_tests(root: Expr) -> Expr:
    """Return the expression without the tests that hold for every value of the indices: ``[1 <= r <= 4]`` where r runs from 1 to 4."""
    return transform(root, lambda node: _with_open_tests(node) if isinstance(node, Iverson) else node)


def _with_open_tests(node: Iverson) -> Expr:
    if isinstance(node.condition, Logic) and node.condition.operation != "and":
        return node
    tests = node.condition.operands if isinstance(node.condition, Logic) else (node.condition,)
    kept = [test for test in tests if not _surely_holds(test)]
    return node if len(kept) == len(tests) else Iverson(all_of(*kept)) if kept else ONE


def _surely_holds(test: Expr) -> bool:
    if not (isinstance(test, Compare) and test.relation in ("<=", ">=")):
        return False
    gap = subtract(test.right, test.left) if test.relation == "<=" else subtract(test.left, test.right)
    smallest = _smallest(gap)
    return smallest is not None and smallest >= 0


def _smallest(gap: Expr) -> Fraction | None:
    """Return a lower bound of an affine expression in indices and sizes, or None.

    An index is at least its lower and at most its upper limit: where a range is empty nothing is summed. A class number likewise.
    """
    for _ in range(_DEEPEST):
        pairs = zip(gap.weights, gap.terms, strict=True) if isinstance(gap, Add) else [(Fraction(1), gap)]
        found = [(weight, term, ends) for weight, term in pairs if (ends := _ends(term, gap)) is not None]
        if not found:
            break
        for weight, term, (lower, upper) in found:
            gap = add(gap, scale(weight, subtract(lower if weight > 0 else upper, term)))
    total = Fraction(0)
    for weight, term in zip(gap.weights, gap.terms, strict=True) if isinstance(gap, Add) else [(Fraction(1), gap)]:
        least = _least(term)
        if least is None or (weight < 0 and not isinstance(term, Number)):
            return None
        total += weight * least
    return total


def _ends(term: Expr, gap: Expr) -> tuple[Expr, Expr] | None:
    """Return the first and the last value of an index, or of a class number with the property 'label:k' where ``k`` stands beside it."""
    if isinstance(term, Index):
        return term.lower, term.upper
    symbol = term.symbol if isinstance(term, Element) else term
    for word in symbol.properties if isinstance(symbol, Symbol) else ():
        kind, _, size = word.partition(":")
        if kind in ("label", "index"):
            first = number(0 if kind == "label" else 1)
            beside = gap.terms if isinstance(gap, Add) else ()
            known = [other for other in beside if isinstance(other, Symbol) and other.name == size]
            count = number(int(size)) if size.isdigit() else known[0] if known else None
            return None if count is None and _weight(term, gap) < 0 else (first, add(count or ONE, first, MINUS_ONE))
    return None


def _weight(term: Expr, gap: Expr) -> Fraction:
    return gap.weights[gap.terms.index(term)] if isinstance(gap, Add) else Fraction(1)


def _least(term: Expr) -> Fraction | None:
    """Return what a term is at least: a number itself, a size 0, a natural number 1."""
    if isinstance(term, Number) and term.ulp is None:
        return term.value
    if isinstance(term, Symbol) and not term.axes:
        if "natural" in term.properties or {"integer", "positive"} <= term.properties:
            return Fraction(1)
        if term.properties & {"size", "nonnegative", "positive"}:
            return Fraction(0)
    return None

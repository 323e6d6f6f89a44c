"""The last rewriting before a derivative is shown: what the canonical form takes apart, a reader wants back together."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from gradproof.expr.build import ONE, ZERO, add, all_of, apply, multiply, negate, number, power, scale, subtract, sum_over
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Power,
    Reduce,
    TensorEntry,
)
from gradproof.expr.walk import contains, substitute, transform
from gradproof.printer.matrix.recognize import matrix_form
from gradproof.printer.matrix.tree import detours, size
from gradproof.rewrite.collect import collected, factors_of, nameless, product_of
from gradproof.rewrite.rule import Rule
from gradproof.rewrite.simplify import cost, expanded, simplify

#: What holds where a comparison fails.
_FAILING = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
#: Matrix notation that repeats vectors along axes more often than this is a detour around two indices.
_MOST_ONES = 2
#: Another form has to be so much shorter to be taken for the canonical one.
_MUCH_SHORTER = 0.85
#: So many ones stand for what has no matrix notation.
_NO_MATRICES = 10**6
#: How much longer than the shortest form one may be for the sake of matrix notation.
_DEARER = 1.25
#: Longer forms are not searched for matrix notation: nobody reads them at one glance.
_LONGEST_IN_MATRICES = 2_000


def readable(root: Expr, axes: Sequence[Index]) -> Expr:
    """Return an equal of a derivative for a reader: simplified where matrix notation says it, else its sums collected.

    Where places are compared (windows, pairs of different points) there is none, and the canonical form would take it all apart.
    """
    if contains(root, _compares_places):
        return gathered(root)
    simple = simplify(root)
    value = transform(simple, _tidy)
    tree = matrix_form(value, axes)
    if tree is not None and detours(tree) <= _MOST_ONES:
        is_final = simple is not root and not contains(value, _is_to_be_cancelled)
        return value if is_final else _shortest_in_matrices(value, root, axes)
    choices = [value, gathered(value), gathered(root)]
    best = min(choices, key=cost)
    if cost(best) > _LONGEST_IN_MATRICES:
        return best
    others = (*choices[1:], root, transform(expanded(root), _tidy))
    in_matrices = [(_ones(one, axes), cost(one), one) for one in others if cost(one) <= _DEARER * cost(best)]
    few = [entry for entry in in_matrices if entry[0] <= (_MOST_ONES if tree is None else 0)]
    return min(few, key=lambda entry: entry[:2])[2] if few else best


def _ones(value: Expr, axes: Sequence[Index]) -> int:
    """Return how many vectors of ones matrix notation takes to say a value; very many where it does not say it."""
    tree = matrix_form(value, axes)
    return _NO_MATRICES if tree is None else detours(tree)


def gathered(root: Expr) -> Expr:
    """Return an equal of a derivative for a program: its sums collected, and nothing multiplied or written out."""
    return transform(collected(root), _tidy)


def _shortest_in_matrices(value: Expr, root: Expr, axes: Sequence[Index]) -> Expr:
    """Return an equal whose matrix notation is much shorter: what stands above and below cancelled, sums merged or left apart."""
    best, least = value, _size(value, axes)
    for other in (transform(collected(root, merges=False), _tidy), gathered(value)):
        reached = _size(other, axes)
        if reached < _MUCH_SHORTER * least:
            best, least = other, reached
    return best


def _size(value: Expr, axes: Sequence[Index]) -> float:
    tree = matrix_form(value, axes)
    return inf if tree is None else size(tree)


def _is_to_be_cancelled(node: Expr) -> bool:
    """Tell whether a product has one factor above and below, or a softmax is summed.

    The canonical form leaves the first beside powers that it cannot open, and the second for want of an entry.
    """
    if isinstance(node, Reduce):
        return isinstance(node.body, TensorEntry) and node.body.function == "softmax" and node.body.at == node.indices
    if not isinstance(node, Multiply):
        return False
    below: set[Expr] = set()
    above: set[Expr] = set(node.factors)
    for factor in node.factors:
        if isinstance(factor, Power) and isinstance(factor.exponent, Number):
            (below if factor.exponent.value < 0 else above).add(factor.base)
    return not below.isdisjoint(above)


def _compares_places(node: Expr) -> bool:
    if not isinstance(node, Compare) or node.relation == "=" or not node.free_indices:
        return False
    return not contains(node, lambda part: isinstance(part, Element | Apply | TensorEntry | Reduce))


def with_named_functions(root: Expr) -> Expr:
    """Return a formula with squared norms as sums of squares, which have no kink, and quotients of exp as the softmax that they are."""
    return transform(root, lambda node: _softmax(node) or _opened(node))


def _opened(node: Expr) -> Expr:
    if not (isinstance(node, Power) and isinstance(node.base, TensorEntry) and isinstance(node.exponent, Number)):
        return node
    exponent, norm = node.exponent, node.base
    if norm.function not in ("norm2", "normF") or exponent.ulp is not None or exponent.value % 2 != 0 or exponent.value < 0:
        return node
    return power(sum_over(norm.bound, power(norm.body, number(2))), number(exponent.value / 2))


def tidied(root: Expr) -> Expr:
    """Return the simplified expression in a reader's form: powers of exp as exp, quotients of exp as the logistic function."""
    return transform(simplify(root), _tidy)


def _tidy(node: Expr) -> Expr:
    for rule in RULES:
        changed: Expr | None = rule.apply(node)
        if changed is not None:
            return changed
    return node


def _power_of_exp(node: Expr) -> Expr | None:
    """``exp(u)^q`` is ``exp(q u)``."""
    if (
        isinstance(node, Power)
        and isinstance(node.base, Apply)
        and node.base.function == "exp"
        and isinstance(node.exponent, Number)
    ):
        return apply("exp", scale(node.exponent.value, node.base.arguments[0]))
    return None


def _logistic(node: Expr) -> Expr | None:
    """``1/(1 + exp(u))`` is ``sigma(-u)``."""
    if not (isinstance(node, Power) and node.exponent is number(-1)):
        return None
    argument = _one_plus_exp(node.base)
    return None if argument is None else apply("sigma", negate(argument))


def _weighted_logistic(node: Expr) -> Expr | None:
    """``exp(u) sigma(-u)`` is ``sigma(u)``."""
    if not isinstance(node, Multiply):
        return None
    for exponential in node.factors:
        if not (isinstance(exponential, Apply) and exponential.function == "exp"):
            continue
        (argument,) = exponential.arguments
        partner = apply("sigma", negate(argument))
        if partner in node.factors:
            rest = [factor for factor in node.factors if factor is not partner and factor is not exponential]
            return multiply(apply("sigma", argument), *rest)
    return None


def _softmax(node: Expr) -> Expr | None:
    """``exp(u_p) / sum_i exp(u_i)`` is entry p of ``softmax(u)``."""
    if not isinstance(node, Multiply):
        return None
    for below in node.factors:
        match below:
            case Power(Reduce("sum", (index,), Apply("exp", (body,)), None), Number(value, None)) if value == -1:
                for above in node.factors:
                    place = _place_of(above, index, body)
                    if place is not None:
                        rest = [factor for factor in node.factors if factor is not below and factor is not above]
                        return multiply(TensorEntry("softmax", (index,), body, (place,)), *rest)
    return None


def _place_of(above: Expr, index: Index, body: Expr) -> Index | None:
    """Return the index p with which a factor is ``exp(u_p)``, where ``u_i`` is the body over the index."""
    if not (isinstance(above, Apply) and above.function == "exp"):
        return None
    (argument,) = above.arguments
    alike = (p for p in argument.free_indices if p.lower is index.lower and p.upper is index.upper)
    return next((p for p in alike if p not in body.free_indices and _is_same(substitute(body, {index: p}), argument)), None)


def _is_same(left: Expr, right: Expr) -> bool:
    """Tell whether two expressions are one but for the names of their dummies."""
    return left is right or (type(left) is type(right) and nameless(left) is nameless(right))


def _like_powers(node: Expr) -> Expr | None:
    """``u u^(g - 1)`` is ``u^g``, for an exponent that is no number."""
    if not isinstance(node, Multiply):
        return None
    parted = [(factor.base, factor.exponent) if isinstance(factor, Power) else (factor, ONE) for factor in node.factors]
    for base in {base for base, exponent in parted if not isinstance(exponent, Number)}:
        if sum(other is base for other, _ in parted) > 1:
            total = add(*(other for same, other in parted if same is base))
            return multiply(power(base, total), *(power(other, e) for other, e in parted if other is not base))
    return None


def _complement(node: Expr) -> Expr | None:
    """``1 - sigma(-u)`` is ``sigma(u)``, and ``1 - [u > 0]`` is ``[u <= 0]``."""
    if not (isinstance(node, Add) and len(node.terms) == 2 and ONE in node.terms and sum(node.weights) == 0):
        return None
    weight, other = _weight_of_one(node), next(term for term in node.terms if term is not ONE)
    match other:
        case Apply("sigma", (Add(_, weights) as argument,)) if max(weights) < 0:
            return scale(weight, apply("sigma", negate(argument)))
        case Iverson(Compare(relation, left, right)) if relation in _FAILING:
            return scale(weight, Iverson(Compare(_FAILING[relation], left, right)))
        case _:
            return None


def _less_than_one(node: Expr) -> Expr | None:
    """``(y - p)/(p (p - 1))`` is ``(p - y)/(p (1 - p))``: what is divided by is written less than 1."""
    weight, factors = factors_of(node)
    turned = {
        base: exponent for base, exponent in factors.items() if exponent < 0 and exponent.denominator == 1 and _is_less_one(base)
    }
    if not turned:
        return None
    if sum(exponent.numerator for exponent in turned.values()) % 2:
        weight = -weight
    kept = {negate(base) if base in turned else base: exponent for base, exponent in factors.items()}
    loose = next((base for base, exponent in kept.items() if weight < 0 and exponent == 1 and _is_difference(base)), None)
    if loose is not None:
        weight, kept = -weight, {negate(base) if base is loose else base: exponent for base, exponent in kept.items()}
    return scale(weight, product_of(kept))


def _is_less_one(base: Expr) -> bool:
    """Tell whether a base is ``u - 1``."""
    return (
        isinstance(base, Add) and len(base.terms) == 2 and ONE in base.terms and _is_difference(base) and _weight_of_one(base) == -1
    )


def _weight_of_one(base: Add) -> Fraction:
    return base.weights[base.terms.index(ONE)]


def _is_difference(base: Expr) -> bool:
    return isinstance(base, Add) and len(base.terms) == 2 and sorted(base.weights) == [-1, 1]


def _bounds(node: Expr) -> Expr | None:
    """``[p - i >= 0 and i + 2 - p >= 0]`` is ``[i <= p <= i + 2]``, about the youngest index: the one that was differentiated by."""
    if not isinstance(node, Iverson):
        return None
    tests = node.condition.operands if isinstance(node.condition, Logic) else (node.condition,)
    if isinstance(node.condition, Logic) and node.condition.operation != "and":
        return None
    found = [_bound(test) for test in tests]
    if all(bound is test for bound, test in zip(found, tests, strict=True)):
        return None
    return Iverson(all_of(*sorted(found, key=_bound_order)))


def _bound(test: Expr) -> Expr:
    if isinstance(test, Compare) and test.relation == "=" and test.right is ZERO and isinstance(test.left, Add):
        return _equality(test)
    if not (isinstance(test, Compare) and test.relation == ">=" and test.right is ZERO and isinstance(test.left, Add)):
        return test
    pairs = [(term, weight) for term, weight in zip(test.left.terms, test.left.weights, strict=True)]
    indices = [(term, weight) for term, weight in pairs if isinstance(term, Index) and abs(weight) == 1]
    if not indices:
        return test
    index, weight = max(indices, key=lambda pair: pair[0].uid)
    rest = subtract(test.left, scale(weight, index))
    if index in rest.free_indices:
        return test
    return Compare("<=", negate(rest), index) if weight > 0 else Compare("<=", index, rest)


def _equality(test: Compare) -> Expr:
    """``p - r = 0`` is ``p = r``."""
    assert isinstance(test.left, Add)
    indices = [(term, weight) for term, weight in zip(test.left.terms, test.left.weights, strict=True) if isinstance(term, Index)]
    if not indices or abs(indices[0][1]) != 1:
        return test
    index, weight = max(indices, key=lambda pair: pair[0].uid)
    rest = subtract(test.left, scale(weight, index))
    return Compare("=", negate(rest) if weight > 0 else rest, index) if abs(weight) == 1 else test


def _bound_order(test: Expr) -> tuple[int, bool]:
    """Bounds of one index stand together, the lower one first; other tests stay behind them."""
    if not (isinstance(test, Compare) and test.relation == "<="):
        return (2**63, True)
    index = test.right if isinstance(test.right, Index) else test.left
    return (index.uid if isinstance(index, Index) else 2**62, not isinstance(test.right, Index))


def _one_plus_exp(node: Expr) -> Expr | None:
    if not (isinstance(node, Add) and len(node.terms) == 2 and set(node.weights) == {Fraction(1)} and ONE in node.terms):
        return None
    other = node.terms[0] if node.terms[1] is ONE else node.terms[1]
    return other.arguments[0] if isinstance(other, Apply) and other.function == "exp" else None


_SOURCE = "by definition of the logistic function"
RULES = (
    Rule("power of an exponential", "exp(u)^q = exp(q u)", _power_of_exp, "NIST DLMF 4.8"),
    Rule("logistic function", "1/(1 + exp(u)) = sigma(-u)", _logistic, _SOURCE),
    Rule("logistic function", "exp(u) sigma(-u) = sigma(u)", _weighted_logistic, _SOURCE),
    Rule("softmax", "exp(u_p)/sum_i exp(u_i) = softmax(u)_p", _softmax, "by definition of softmax"),
    Rule("complement", "1 - sigma(-u) = sigma(u), 1 - [u > 0] = [u <= 0]", _complement, _SOURCE),
    Rule("less than one", "1/(u - 1) = -1/(1 - u)", _less_than_one, "by definition"),
    Rule("powers of one base", "u^a u^b = u^(a + b)", _like_powers, "NIST DLMF 4.2"),
    Rule("range", "[p - a >= 0 and b - p >= 0] = [a <= p <= b]", _bounds, "Graham, Knuth, Patashnik 1994, 2.1"),
)

"""Sums collected as a person would: nothing is multiplied out, equal sums are merged, common factors stand once.

The canonical form decides equality and takes everything apart; a derivative that has no matrix notation is read better as it came
out of the rules, with equal factors cancelled, ``sum_j (y_j - y_p)`` turned to ``-sum_j (y_p - y_j)``, and ``sum_j f g + sum_j f h``
written ``sum_j f (g + h)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations, product

from gradproof.expr.build import ONE, ZERO, add, multiply, negate, number, power, scale, sum_over
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Iverson, Multiply, Number, Power, Reduce, Symbol, TensorEntry
from gradproof.expr.walk import bound_indices, children, postorder, rebuild, substitute, transform
from gradproof.rewrite.simplify import cost
from gradproof.rewrite.sum_laws import is_unit_sum

_MOST_DUMMIES = 3
_MOST_TERMS = 12
#: While sums are collected the free indices have uids from here on if they are not the youngest: no summed index is younger.
_YOUNGEST = 2**62
_WHOLE = Fraction(1)
Factors = dict[Expr, Fraction]


@dataclass(frozen=True, slots=True)
class Term:
    """``weight * sum_indices product of bases to their exponents``."""

    weight: Fraction
    indices: tuple[Index, ...]
    factors: Factors

    def parted(self) -> tuple[Factors, Factors]:
        """Return the factors that depend on the indices, and the others."""
        group = frozenset(self.indices)
        inside = {base: exponent for base, exponent in self.factors.items() if base.free_indices & group}
        return inside, {base: exponent for base, exponent in self.factors.items() if base not in inside}

    def to_expr(self) -> Expr:
        """Return the term with the factors that do not depend on the indices in front of the sum."""
        inside, outside = self.parted()
        return scale(self.weight, multiply(product_of(outside), sum_over(self.indices, product_of(inside))))


def collected(root: Expr, *, merges: bool = True) -> Expr:
    """Return an equal expression with factors cancelled, pulled out of sums, and like sums merged where that is asked for."""
    free = _by_age(root.free_indices)
    if not free or free[0].uid > max((index.uid for index in bound_indices(root)), default=0):
        return transform(root, _Collector(merges).collected)
    young = {index: Index(index.name, _YOUNGEST + age, index.lower, index.upper) for age, index in enumerate(free)}
    result = transform(substitute(root, young), _Collector(merges).collected)
    return substitute(result, {name: index for index, name in young.items()})


def _by_age(indices: frozenset[Index]) -> list[Index]:
    return sorted(indices, key=lambda index: index.uid)


class _Collector:
    """One pass; ``known`` keeps one writing of each sum, so that two that differ in the names of their dummies are one.

    Names are compared only where two sums are alike to look at (``first`` keeps one of each look): most are one of a kind.
    """

    def __init__(self, merges: bool) -> None:
        self.merges = merges
        self.first: dict[tuple[str, int, int], Expr] = {}
        self.known: dict[Expr, Expr] = {}
        self.nameless = _Nameless()
        self.costs: dict[Expr, int] = {}

    def collected(self, node: Expr) -> Expr:
        """Return a node, whose parts are collected, in collected form."""
        return self.as_known(_merged(node, self) if isinstance(node, Add) else _collected(node, self))

    def cost(self, node: Expr) -> int:
        """Return how much of an expression there is to read."""
        return cost(node, self.costs)

    def as_known(self, node: Expr) -> Expr:
        """Return a sum, or a product with sums, in the writing that they have elsewhere."""
        match node:
            case Reduce(kind, dummies) | TensorEntry(kind, dummies):
                alike = self.first.setdefault((kind, len(dummies), self.cost(node)), node)
                if alike is node:
                    return node
                self.known.setdefault(self.nameless.of(alike), alike)
                return self.known.setdefault(self.nameless.of(node), node)
            case Multiply(parts) | Add((_,) as parts):
                written = tuple([self.as_known(part) for part in parts])
                return node if written == parts else rebuild(node, written)
            case _:
                return node

    def again(self, root: Expr) -> Expr:
        """Return an expression in which dummies were renamed in collected form."""
        return transform(root, self.collected)


def signature(root: Expr) -> Expr:
    """Return a key that two expressions share which differ in the names of dummies and in ``(a - b)^2`` for ``(b - a)^2`` alone."""
    return transform(nameless(root), _by_digest)


def _by_digest(node: Expr) -> Expr:
    match node:
        case Power(Add(_, weights) as base, Number(exponent, None)) if exponent % 2 == 0 and weights[0] < 0:
            return power(negate(base), node.exponent)
        case Compare("!=" as relation, left, right) if right.digest < left.digest:
            return Compare(relation, right, left)
        case _:
            return node


def nameless(root: Expr) -> Expr:
    """Return the expression with each dummy named by how deep it stands: equal for sums that differ in names alone."""
    return _Nameless().of(root)


class _Nameless:
    """Names dummies by their depth, each part of the expressions that it is given once."""

    def __init__(self) -> None:
        self._done: dict[Expr, tuple[Expr, int]] = {}

    def of(self, root: Expr) -> Expr:
        """Return an expression with each dummy named by how deep it stands."""
        done = self._done
        for node in postorder(root, lambda node: () if node in done else children(node)):
            if node not in done:
                before = children(node)
                parts = tuple([done[part][0] for part in before])
                depth = max([done[part][1] for part in before], default=0)
                done[node] = _with_deep_names(node if parts == before else rebuild(node, parts), depth)
        return done[root][0]


def _with_deep_names(node: Expr, depth: int) -> tuple[Expr, int]:
    """Return a node whose parts are named, with its own dummies named, and how deep it is."""
    bound = node.indices if isinstance(node, Reduce) else node.bound if isinstance(node, TensorEntry) else ()
    if not bound:
        return node, depth
    names: dict[Expr, Expr] = {i: Index("_", -1 - depth - place, i.lower, i.upper) for place, i in enumerate(bound)}
    if isinstance(node, Reduce):
        where = None if node.where is None else substitute(node.where, names)
        node = Reduce(node.operation, tuple(names.values()), substitute(node.body, names), where)  # type: ignore[arg-type]
    elif isinstance(node, TensorEntry):
        node = TensorEntry(node.function, tuple(names.values()), substitute(node.body, names), node.at)  # type: ignore[arg-type]
    return node, depth + len(bound)


def _collected(node: Expr, collector: _Collector) -> Expr:
    match node:
        case Multiply() | Power(Add()):
            weight, factors = _turned(node)
            return scale(weight, product_of(factors))
        case Compare("!=" as relation, left, right) if _ages(left) < _ages(right):
            return Compare(relation, right, left)
        case Element() | TensorEntry(function="inverse"):
            return _in_order(node)
        case Reduce("sum", indices, Add(terms, weights), None):
            parts = [_summed(indices, term, weight) for term, weight in zip(terms, weights, strict=True)]
            return min(add(*map(collector.as_known, parts)), node, key=collector.cost)
        case Reduce("sum", indices, body, None):
            return _product_summed(_sum_term(indices, body, Fraction(1)), collector)
        case _:
            return node


def _product_summed(term: Term, collector: _Collector) -> Expr:
    """Return a product that is summed; a sum that is left alone under the sign is summed term by term."""
    inside, outside = term.parted()
    if any(_sums_to_zero(base, term, collector) for base in inside):
        return ZERO
    only = next(iter(inside), None)
    if len(inside) > 1 or not isinstance(only, Add) or inside[only] != 1:
        return term.to_expr()
    return scale(term.weight, multiply(product_of(outside), _collected(sum_over(term.indices, only), collector)))


def _sums_to_zero(base: Expr, term: Term, collector: _Collector) -> bool:
    """Tell whether a difference stands alone under some of the signs of a sum and cancels there: ``sum_i (x_i - mean)``."""
    own = tuple(index for index in term.indices if index in base.free_indices)
    others = (other for other in term.factors if other is not base)
    if not isinstance(base, Add) or term.factors[base] != 1 or len(own) == len(term.indices):
        return False
    if any(index in other.free_indices for other in others for index in own):
        return False
    return _collected(sum_over(own, base), collector) is ZERO


def _in_order(node: Element | TensorEntry) -> Expr:
    """The entries of a symmetric matrix, and those of its inverse, are written in one order of subscripts."""
    match node:
        case Element(symbol, (_, _) as places) if "symmetric" in symbol.properties:
            return Element(symbol, tuple(sorted(places, key=_place_key)))
        case TensorEntry(function, bound, Element(symbol, places) as body, at) if "symmetric" in symbol.properties:
            return TensorEntry(function, bound, body, tuple(sorted(at, key=_place_key))) if set(places) == set(bound) else node
        case _:
            return node


def _place_key(place: Expr) -> tuple[int, str]:
    return (place.uid if isinstance(place, Index) else 0, repr(place))


def _summed(indices: tuple[Index, ...], body: Expr, weight: Fraction) -> Expr:
    return _sum_term(indices, body, weight).to_expr()


def _sum_term(indices: tuple[Index, ...], body: Expr, weight: Fraction) -> Term:
    """Return ``weight sum_indices body`` with idle brackets left out."""
    share, factors = _turned(body)
    weight = share if weight is _WHOLE else weight * share
    return _without_idle_sums(_without_unit_sums(Term(weight, indices, _without_idle_brackets(factors))))


def _is_unit_sum(group: tuple[Index, ...], base: Expr) -> bool:
    """Tell whether the entries of a distribution are summed, or those of a softmax: an empty one has none to be read."""
    if isinstance(base, TensorEntry) and base.function == "softmax":
        own = base.bound[0]
        is_whole = base.at == group and (own.lower, own.upper) == (group[0].lower, group[0].upper)
        return is_whole and (group[0] is own or group[0] not in base.body.free_indices)
    return is_unit_sum(group, base)


def _without_idle_sums(term: Term) -> Term:
    """Multiply by the size of a range that nothing depends on: ``sum_i a`` is ``n a``."""
    factors = dict(term.factors)
    kept: list[Index] = []
    for index in term.indices:
        size = index.upper
        is_idle = index.lower is ONE and isinstance(size, Symbol) and "size" in size.properties
        if not is_idle or any(index in base.free_indices for base in term.factors):
            kept.append(index)
            continue
        factors[size] = factors.get(size, Fraction(0)) + 1
    return Term(term.weight, tuple(kept), {base: exponent for base, exponent in factors.items() if exponent})


def _without_unit_sums(term: Term) -> Term:
    """Leave out the entries of a distribution that are summed by themselves."""
    for base, exponent in term.factors.items():
        rest = {other: e for other, e in term.factors.items() if other is not base}
        alone = tuple(index for index in term.indices if not any(index in other.free_indices for other in rest))
        if exponent == 1 and alone and _is_unit_sum(tuple(index for index in alone if index in base.free_indices), base):
            return Term(
                term.weight, tuple(index for index in term.indices if index not in base.free_indices or index not in alone), rest
            )
    return term


def _turned(node: Expr) -> tuple[Fraction, Factors]:
    """Return the weight and the bases of a product, each difference with its youngest index first, a minus sign in a difference."""
    weight, factors = factors_of(node)
    turned: Factors = {}
    for base, exponent in factors.items():
        if isinstance(base, Add) and exponent.denominator == 1 and _leads_negative(base):
            base = negate(base)
            weight = -weight if exponent.numerator % 2 else weight
        if exponent.denominator == 1 and isinstance(base, Add):
            size, base = _content(base)
            weight = weight if size is _WHOLE else weight * size**exponent.numerator
        before = turned.get(base)
        turned[base] = exponent if before is None else before + exponent
    kept = _without_support({base: exponent for base, exponent in turned.items() if exponent.numerator})
    loose = next((base for base, exponent in kept.items() if weight.numerator < 0 and exponent == 1 and _is_loose(base)), None)
    if loose is None:
        return weight, kept
    return -weight, {negate(base) if base is loose else base: exponent for base, exponent in kept.items()}


def _without_support(factors: Factors) -> Factors:
    """Leave out ``[p != 0]`` beside ``p``."""
    return {base: exponent for base, exponent in factors.items() if not _is_support(base, factors)}


def _is_support(base: Expr, factors: Factors) -> bool:
    match base:
        case Iverson(Compare("!=", other, right)) if right is ZERO:
            return other in factors and factors[other].numerator > 0
        case _:
            return False


def factors_of(node: Expr) -> tuple[Fraction, Factors]:
    """Return the weight and the bases of a product with their exponents; what cancels is gone."""
    weight = _WHOLE
    if isinstance(node, Add) and len(node.terms) == 1:
        weight, node = node.weights[0], node.terms[0]
    if isinstance(node, Number) and node.ulp is None:
        return weight * node.value, {}
    found: Factors = {}
    for factor in node.factors if isinstance(node, Multiply) else (node,):
        base, exponent = factor, _WHOLE
        if isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.ulp is None:
            base, exponent = factor.base, factor.exponent.value
            while exponent.denominator == 1 and isinstance(base, Power) and isinstance(base.exponent, Number):
                exponent *= base.exponent.value
                base = base.base
        before = found.get(base)
        found[base] = exponent if before is None or isinstance(base, Iverson) else before + exponent
    return weight, {base: exponent for base, exponent in found.items() if exponent.numerator}


def product_of(factors: Factors) -> Expr:
    """Return the product of bases raised to their exponents."""
    return multiply(*[base if exponent is _WHOLE else power(base, number(exponent)) for base, exponent in factors.items()])


# Orientation: what holds the youngest index comes first; the free ones are made younger than all summed ones -------------


def _leads_negative(base: Add) -> bool:
    """Tell whether the one term with the youngest index has a minus sign."""
    ages = sorted(((_ages(term), weight) for term, weight in zip(base.terms, base.weights, strict=True)), reverse=True)
    return len(ages) > 1 and ages[0][0] > ages[1][0] and ages[0][1] < 0


def _is_loose(base: Expr) -> bool:
    """Tell whether a sum with a positive and a negative term reads as well the other way round."""
    if not isinstance(base, Add) or min(base.weights) > 0 or max(base.weights) < 0:
        return False
    ages = sorted((_ages(term) for term in base.terms), reverse=True)
    return ages[0] == ages[1]


def _ages(node: Expr) -> list[int]:
    """Return the uids of the free indices, the youngest first."""
    return sorted((index.uid for index in node.free_indices), reverse=True)


def _without_idle_brackets(factors: Factors) -> Factors:
    """Leave out ``[p != j]`` beside a factor that is zero where p = j."""
    kept = dict(factors)
    for base in factors:
        if not (isinstance(base, Iverson) and isinstance(base.condition, Compare) and base.condition.relation == "!="):
            continue
        left, right = base.condition.left, base.condition.right
        pair = {left: right} if isinstance(left, Index) else {right: left}
        others = [other for other, exponent in kept.items() if exponent > 0 and isinstance(other, Add | Element)]
        if any(_vanishes(substitute(other, pair)) for other in others):
            del kept[base]
    return kept


def _vanishes(node: Expr) -> bool:
    return node is ZERO or (
        isinstance(node, Element)
        and "zerodiagonal" in node.symbol.properties
        and len(node.indices) == 2
        and node.indices[0] is node.indices[1]
    )


# Merging ------------------------------------------------------------------------------------------------------------------


def _merged(node: Add, collector: _Collector) -> Expr:
    """Merge terms as long as that makes the sum shorter."""
    if not collector.merges or sum(map(_has_sum, node.terms)) < 2:
        return node
    terms = [scale(weight, term) for weight, term in zip(node.weights, node.terms, strict=True)]
    tried: dict[tuple[Expr, Expr], tuple[int, Expr] | None] = {}
    while 1 < len(terms) <= _MOST_TERMS:
        readings = {term: list(_readings(term)) for term in terms}
        for pair in combinations(terms, 2):
            if pair not in tried:
                tried[pair] = _merge(pair, readings, collector)
        found = [(merge[0], pair, merge[1]) for pair in combinations(terms, 2) if (merge := tried[pair]) is not None]
        if not found:
            break
        _, pair, together = max(found, key=lambda merge: merge[0])
        terms = [*(term for term in terms if term not in pair), together]
    return add(*terms)


def _has_sum(term: Expr) -> bool:
    return any(isinstance(factor, Reduce) for factor in (term.factors if isinstance(term, Multiply) else (term,)))


def _merge(pair: tuple[Expr, Expr], readings: Mapping[Expr, list[Term]], collector: _Collector) -> tuple[int, Expr] | None:
    """Return how much shorter two terms are as one, and that one; None where they are no shorter."""
    if not (readings[pair[0]] and readings[pair[1]]):
        return None
    apart = collector.cost(pair[0]) + collector.cost(pair[1])
    couples = [sorted(couple, key=_age) for couple in product(readings[pair[0]], readings[pair[1]])]
    ways = [way for first, second in couples for way in _merges(first, second, collector.again)]
    gains = [(apart - collector.cost(way), way) for way in ways]
    best = max(gains, key=lambda gain: gain[0], default=None)
    return best if best is not None and best[0] > 0 else None


def _age(term: Term) -> int:
    """The dummies of the older term are kept."""
    return min((index.uid for index in term.indices), default=0)


def _merges(one: Term, other: Term, again: Callable[[Expr], Expr]) -> Iterator[Expr]:
    """Yield ``sum f (a r + b s)`` for ``a sum f r + b sum f s``, for every way to name the dummies of the second sum."""
    if len(one.indices) != len(other.indices):
        return
    for order in permutations(one.indices):
        if any(a.lower is not b.lower or a.upper is not b.upper for a, b in zip(other.indices, order, strict=True)):
            continue
        if set(order) & (product_of(other.factors).free_indices - set(other.indices)):
            continue
        moved = substitute(product_of(other.factors), dict(zip(other.indices, order, strict=True)))
        renamed = _sum_term(order, again(moved), other.weight)
        common = {b: min(e, renamed.factors[b], key=abs) for b, e in one.factors.items() if _is_shared(b, e, renamed.factors)}
        if not any(base.free_indices & frozenset(order) for base in common):
            continue
        rests = [_left_over(factors, common) for factors in (one.factors, renamed.factors)]
        if any(isinstance(base, Iverson) for rest in rests for base in rest) and any(exponent < 0 for exponent in common.values()):
            continue  # a bracket guards its own quotient; in a bracketed sum above another one it would not
        rest = add(scale(one.weight, product_of(rests[0])), scale(renamed.weight, product_of(rests[1])))
        weight, rest = _content(rest)
        yield _sum_term(one.indices, multiply(product_of(common), rest), weight).to_expr()


def _content(rest: Expr) -> tuple[Fraction, Expr]:
    """Return the weight that all terms of a sum share, and the sum without it."""
    if not isinstance(rest, Add):
        return _WHOLE, rest
    if all(weight.denominator == 1 and abs(weight.numerator) == 1 for weight in rest.weights):
        return _WHOLE, rest
    size = min(abs(weight) for weight in rest.weights)
    if any((weight / size).denominator != 1 for weight in rest.weights):
        return _WHOLE, rest
    return size, scale(1 / size, rest)


def _is_shared(base: Expr, exponent: Fraction, others: Factors) -> bool:
    return base in others and (exponent > 0) == (others[base] > 0)


def _left_over(factors: Factors, common: Factors) -> Factors:
    rest = {base: exponent - common.get(base, Fraction(0)) for base, exponent in factors.items()}
    return {base: exponent for base, exponent in rest.items() if exponent}


def _readings(node: Expr) -> Iterator[Term]:
    """Yield a product with each of its sums in turn as the outermost one; the other factors join those inside."""
    weight, factors = factors_of(node)
    for base, exponent in factors.items():
        if not (isinstance(base, Reduce) and base.operation == "sum" and base.where is None and exponent == 1):
            continue
        if len(base.indices) <= _MOST_DUMMIES and not (isinstance(base.body, Add) and len(base.body.terms) > 1):
            rest = product_of({other: e for other, e in factors.items() if other is not base})
            if set(base.indices) & rest.free_indices:
                continue  # an index of the same name is bound further out
            yield _sum_term(base.indices, multiply(rest, base.body), weight)

"""Sums of products with what they share pulled out: ``A' A x - A' b`` is ``A' (A x - b)``."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradproof.printer.layout import is_long_decimal
from gradproof.printer.matrix.tree import Tree, product, scalar_text, transposed

Term = tuple[Fraction, Tree]


def factored_sum(terms: Sequence[Term], rank: int) -> Tree:
    """Return a sum, its weights made common and its first or last common factor pulled out."""
    flat = _like(_flat(terms))
    if len(flat) == 1:
        tree, weight = with_denominator(*with_sign(flat[0][1], flat[0][0]))
        return tree if weight == 1 else Tree("sum", (tree,), rank, weights=(weight,))
    common = _common_weight([weight for weight, _ in flat])
    if common != 1:
        inner = factored_sum([(weight / common, tree) for weight, tree in flat], rank)
        return Tree("sum", (inner,), rank, weights=(common,))
    divisors = {tree.parts[1] if tree.operation == "quotient" and not tree.parts[1].rank else None for _, tree in flat}
    if len(divisors) == 1 and (divisor := divisors.pop()) is not None:
        return _divided(factored_sum([(weight, tree.parts[0]) for weight, tree in flat], rank), divisor)
    alike = all(tree.rank == rank for _, tree in flat)
    if rank and alike and all(tree.operation == "transpose" for _, tree in flat):
        inner = factored_sum([(weight, tree.parts[0]) for weight, tree in flat], rank)
        return Tree("transpose", (inner,), rank)
    if rank and alike:
        for side in (0, -1):
            shared = _shared(flat, side)
            if shared is not None:
                return shared
        grouped = _grouped(flat)
        if len(grouped) < len(flat):
            return factored_sum(grouped, rank)
    divided = [with_denominator(tree, weight) for weight, tree in flat]
    ordered = _ordered([(weight, tree) for tree, weight in divided])
    return Tree("sum", tuple(tree for _, tree in ordered), rank, weights=tuple(weight for weight, _ in ordered))


def with_denominator(tree: Tree, weight: Fraction) -> tuple[Tree, Fraction]:
    """Take a number that a quotient is divided by into its denominator: half of ``x/s^2`` is ``x/(2 s^2)``."""
    if tree.operation == "quotient" and tree.parts[0] == scalar_text("1") and not tree.rank and weight.denominator == 1 < weight:
        return Tree("quotient", (scalar_text(str(weight)), tree.parts[1]), 0), Fraction(1)  # 2/pi
    if weight.denominator == 1 or is_long_decimal(weight) or tree.operation != "quotient" or tree.parts[1].rank:
        return tree, weight
    above, below = tree.parts
    number = scalar_text(str(weight.denominator))
    return Tree("quotient", (above, Tree("scaled", (number, below), 0)), tree.rank), Fraction(weight.numerator)


def _divided(tree: Tree, divisor: Tree) -> Tree:
    """Return a quotient; a number before what is divided stays before the whole."""
    if tree.operation == "sum" and len(tree.parts) == 1:
        return Tree("sum", (Tree("quotient", (tree.parts[0], divisor), tree.rank),), tree.rank, weights=tree.weights)
    return Tree("quotient", (tree, divisor), tree.rank)


def with_equal_signs(tree: Tree, weight: Fraction) -> tuple[Tree, Fraction]:
    """Write a difference and its negative in one product with one sign: ``(m - x)*(x - m)'`` is ``-(x - m)*(x - m)'``."""
    if tree.operation != "product":
        return tree, weight
    parts = list(tree.parts)
    for place, part in enumerate(parts):
        turned = _negated(part) if part.operation == "sum" else None
        if turned is not None and transposed(turned) in parts[place + 1 :]:
            parts[place], weight = turned, -weight
        square = transposed(parts[place])
        if square in parts[place + 1 :] and _has_late_name_behind(parts[place]):
            turned = _negated(parts[place])
            assert turned is not None
            parts[parts.index(square, place + 1)], parts[place] = transposed(turned), turned
    return Tree("product", tuple(parts), tree.rank), weight


def _has_late_name_behind(tree: Tree) -> bool:
    """Tell whether a difference of two names has the later one of the alphabet behind: ``m - x``, which is written ``x - m``."""
    names = [part.name for part in tree.parts if part.operation == "name"]
    return tree.operation == "sum" and len(names) == len(tree.parts) == 2 and min(tree.weights) < 0 and names[0] < names[1]


def _flat(terms: Sequence[Term]) -> list[Term]:
    found: list[Term] = []
    for weight, tree in terms:
        if tree.operation == "sum":
            found.extend((weight * inner, part) for inner, part in zip(tree.weights, tree.parts, strict=True))
        else:
            found.append((weight, tree))
    return found


def _like(terms: list[Term]) -> list[Term]:
    """Put equal trees together: ``x + x`` is ``2 x``."""
    found: dict[Tree, Fraction] = {}
    for weight, tree in terms:
        found[tree] = found.get(tree, Fraction(0)) + weight
    kept = [(weight, tree) for tree, weight in found.items() if weight]
    return kept or terms


def _common_weight(weights: Sequence[Fraction]) -> Fraction:
    """Return the size that all weights share, as in ``2 a - 2 b``; 1 where there is none. All negative: the sign too."""
    sizes = {abs(weight) for weight in weights}
    size = sizes.pop() if len(sizes) == 1 else Fraction(1)
    return -size if all(weight < 0 for weight in weights) else size


def with_sign(tree: Tree, weight: Fraction) -> tuple[Tree, Fraction]:
    """Take a minus sign into a difference: ``-(y - p) x'`` is ``(p - y) x'``."""
    if weight >= 0:
        return tree, weight
    turned = _negated(tree)
    return (tree, weight) if turned is None else (turned, -weight)


def _negated(tree: Tree) -> Tree | None:
    """Return the negative of a difference, or of a product or quotient with one in it; None where there is none."""
    if tree.operation == "sum" and len(tree.parts) > 1 and any(weight < 0 for weight in tree.weights):
        ordered = _ordered([(-weight, part) for weight, part in zip(tree.weights, tree.parts, strict=True)])
        return Tree("sum", tuple(part for _, part in ordered), tree.rank, weights=tuple(weight for weight, _ in ordered))
    if tree.operation == "product" and any(transposed(part) in tree.parts for part in tree.parts if part.operation == "sum"):
        return None  # (x - m)*(x - m)'
    if tree.operation in ("product", "quotient", "scaled", "transpose", "hadamard"):
        for place, part in enumerate(tree.parts[:1] if tree.operation == "quotient" else tree.parts):
            turned = _negated(part)
            if turned is not None:
                return Tree(tree.operation, (*tree.parts[:place], turned, *tree.parts[place + 1 :]), tree.rank)
    return None


def _grouped(terms: list[Term]) -> list[Term]:
    """Pull a common first factor out of the terms that have it: ``A' A x - A' b + c`` is ``A' (A x - b) + c``."""
    firsts = [tree.parts[0] if tree.operation == "product" else None for _, tree in terms]
    for first in firsts:
        places = [place for place, other in enumerate(firsts) if first is not None and other == first]
        if 1 < len(places) < len(terms):
            group = _shared([terms[place] for place in places], 0)
            if group is not None:
                rest = [term for place, term in enumerate(terms) if place not in places]
                return [(Fraction(1), group), *rest]
    return terms


_ORDER = {"name": 2, "call": 1, "power": 1, "transpose": 3, "text": 4}
_REPEATED = 5


def _ordered(terms: list[Term]) -> list[Term]:
    """A sum begins with its positive terms; products stand before functions, those before names, numbers and repeated rows."""
    return sorted(terms, key=lambda term: (term[0] < 0, _rank(term[1])))


def _rank(tree: Tree) -> int:
    ends = (tree.parts[0], tree.parts[-1]) if tree.operation == "product" else ()
    if any(end.operation == "ones" or (end.operation == "transpose" and end.parts[0].operation == "ones") for end in ends):
        return _REPEATED
    return _ORDER.get(tree.operation, 0)


def _shared(terms: list[Term], side: int) -> Tree | None:
    """Pull out the first (or last) factor of a product that all terms have."""
    lists = [tree.parts if tree.operation == "product" else (tree,) for _, tree in terms]
    edge = lists[0][side]
    if any(parts[side] != edge for parts in lists) or any(len(parts) < 2 for parts in lists):
        return None
    rests = [parts[1:] if side == 0 else parts[:-1] for parts in lists]
    rank = _rank_of_rest(lists[0], side)
    inner = factored_sum([(weight, _rebuilt(rest, rank)) for (weight, _), rest in zip(terms, rests, strict=True)], rank)
    whole, share = terms[0][1].rank, Fraction(1)
    if inner.operation == "sum" and len(inner.parts) == 1:
        inner, share = inner.parts[0], inner.weights[0]
    if inner.operation == "sum" and any(
        part.operation == "transpose" and part.parts[0].operation != "name" for part in inner.parts
    ):
        inner = Tree("transpose", (transposed(inner),), 2)
    made = product(edge, inner, rank=whole) if side == 0 else product(inner, edge, rank=whole)
    return made if share == 1 else Tree("sum", (made,), whole, weights=(share,))


def _rank_of_rest(parts: Sequence[Tree], side: int) -> int:
    return 1 if side == 0 and parts[-1].rank == 1 else 2


def _rebuilt(parts: Sequence[Tree], rank: int) -> Tree:
    return parts[0] if len(parts) == 1 else Tree("product", tuple(parts), rank)

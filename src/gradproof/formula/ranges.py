"""The range of an index: what keeps all the subscripts that it stands in inside of their axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.elaborate.sizes import extent, is_unknown
from gradproof.errors import GradproofError
from gradproof.expr.build import ONE, ZERO, add, negate, number, scale, subtract, weighted_sum
from gradproof.expr.node import Add, Expr, Index, Number, Symbol, fresh_index
from gradproof.expr.walk import substitute, symbols
from gradproof.formula.context import Access, Context
from gradproof.formula.dimensions import ceil_quotient, floor_quotient, larger, smaller
from gradproof.reader.presentation import Place


@dataclass
class Ranges:
    """The indices of one statement whose ranges are to be found, and the accesses that tell them.

    ``guards`` counts the conditions around: what a bracket multiplies is not looked at where it fails, so a subscript may leave its axis.
    """

    context: Context
    accesses: list[Access] = field(default_factory=list)
    open: dict[Index, Place] = field(default_factory=dict)
    limits: dict[Index, tuple[Expr, Expr]] = field(default_factory=dict)
    origin: dict[Index, Access] = field(default_factory=dict)
    seen: set[tuple[Expr, Expr, Expr]] = field(default_factory=set)
    guards: int = 0
    _count: int = 0

    def new(self, letter: str, place: Place) -> Index:
        """Return an index whose range is not known yet."""
        self._count += 1
        unknown = frozenset({"limit"})
        index = fresh_index(
            letter, Symbol(f"{letter}_lower_{self._count}", (), unknown), Symbol(f"{letter}_upper_{self._count}", (), unknown)
        )
        self.open[index] = place
        return index

    def access(self, axis: Index, subscript: Expr, of: str, place: Place) -> None:
        """Note that an axis is read at a subscript; the same reading again tells nothing new."""
        if self.guards and not isinstance(subscript, Index | Number):
            return
        size = extent(axis)
        if (size, axis.lower, subscript) not in self.seen:
            self.seen.add((size, axis.lower, subscript))
            self.accesses.append(Access(size, axis.lower, subscript, of, place))

    def solution(self) -> dict[Expr, Expr]:
        """Return what the open limits are.

        Raises: FormulaError: an index has no range. ShapeError: two axes of different sizes share an index, or a subscript
                leaves its axis.
        """
        defining = [access for access in self.accesses if isinstance(access.subscript, Index)]
        for access in defining:
            self._plain(access)
        while pending := [index for index in self.open if index not in self.limits]:
            reached = [self._by_reach(index) for index in pending]
            if not any(reached):
                raise self._unknown_range(pending[0])
        for access in self.accesses:
            self._check(access)
        return self._flat()

    def _plain(self, access: Access) -> None:
        index = access.subscript
        assert isinstance(index, Index)
        if index not in self.open:
            self._fit_known(access, index)
            return
        if index not in self.limits:
            self.limits[index] = (access.lower, access.upper)
            self.origin[index] = access
            return
        first = self.origin[index]
        sizes = [self.context.size_text(size) for size in (first.size, access.size)]
        expected = f"axis '{index.name}' has size {sizes[0]} in {first.of}"
        trouble = self.context.source.misfit(
            access.place, f"{expected} but {sizes[1]} in {access.of}", remedy="Rename one axis or fix the shape."
        )
        self.context.fit(first.size, access.size, trouble)

    def _fit_known(self, access: Access, index: Index) -> None:
        """An axis of unknown size ends where the indices of known range reach: ``x[i+1]`` is further than ``x[i]``."""
        resolve = self.context.sizes.resolve
        size, last = resolve(access.size), index.upper
        if not (isinstance(size, Number) or (isinstance(size, Symbol) and is_unknown(size))):
            return
        same = [other.subscript for other in self.accesses if other.size is access.size]
        settled = [place for place in same if not any(part in self.open for part in place.free_indices)]
        ends = [reach[1] for place in settled if (reach := self._reach(place)) is not None]
        if isinstance(size, Number):
            self.context.sizes.fill(size, [add(subtract(end, access.lower), ONE) for end in ends])
            return
        for end in ends:
            last = end if _is_positive(subtract(end, last)) else last
        self.context.sizes.unify(size, add(subtract(last, access.lower), ONE), "")

    def _by_reach(self, index: Index) -> bool:
        """Find a range from the subscripts in which this index alone is open."""
        found = False
        for access in self.accesses:
            weight = _weight(access.subscript, index)
            if not weight or any(
                other in self.open and other not in self.limits for other in access.subscript.free_indices - {index}
            ):
                continue
            limits = self._keeping(access, index, weight)
            if limits is None:
                continue
            if index in self.limits:
                known = self.limits[index]
                limits = (larger(known[0], limits[0]), smaller(known[1], limits[1]))
            self.limits[index] = limits
            found = True
        return found

    def _keeping(self, access: Access, index: Index, weight: Fraction) -> tuple[Expr, Expr] | None:
        """Return the limits of an index that keep a subscript inside, whatever the other indices in it are."""
        reach = self._reach(subtract(access.subscript, scale(weight, index)))
        if reach is None:
            return None
        low, high = subtract(access.lower, reach[0]), subtract(access.upper, reach[1])
        if weight < 0:
            low, high, weight = negate(high), negate(low), -weight
        step = number(weight)
        return ceil_quotient(low, step), floor_quotient(high, step)

    def _reach(self, subscript: Expr) -> tuple[Expr, Expr] | None:
        """Return the smallest and the largest value of an affine subscript, None where it is not affine."""
        lowest: list[tuple[Fraction, Expr]] = []
        highest: list[tuple[Fraction, Expr]] = []
        for weight, term in _terms(subscript):
            if isinstance(term, Index):
                limits = self.limits.get(term, (term.lower, term.upper))
                lowest.append((weight, limits[weight < 0]))
                highest.append((weight, limits[weight > 0]))
            elif term.free_indices:
                return None
            else:
                lowest.append((weight, term))
                highest.append((weight, term))
        return weighted_sum(lowest), weighted_sum(highest)

    def _check(self, access: Access) -> None:
        """Hold a subscript inside of its axis: an open size gives way, then the range of its only index; else it is an error."""
        resolve = self.context.sizes.resolve
        if self._is_surely_inside(access):
            return
        reach = self._reach(access.subscript)
        if reach is None:
            return
        if not access.subscript.free_indices and _is_positive(resolve(subtract(access.lower, reach[0]))):
            raise self._outside(access, reach)
        beyond = resolve(subtract(reach[1], access.upper))
        size = resolve(access.size)
        if beyond is not ZERO and isinstance(size, Symbol) and is_unknown(size) and size not in symbols(resolve(reach[1])):
            if not access.subscript.free_indices:
                self.context.needed.append(access)
                return
            self.context.sizes.unify(size, add(subtract(reach[1], access.lower), ONE), "")
            beyond = ZERO
        if (
            not isinstance(beyond, Number)
            and any(is_unknown(part) for part in symbols(beyond))
            and self.context.agree(reach[1], access.upper)
        ):
            beyond = ZERO
        before = resolve(subtract(access.lower, reach[0]))
        if not (_is_positive(beyond) or _is_positive(before)):
            return
        indices = [index for index in access.subscript.free_indices if index in self.open]
        limits = self._keeping(access, indices[0], _weight(access.subscript, indices[0])) if len(indices) == 1 else None
        if limits is None or len(access.subscript.free_indices) > 1 or isinstance(access.subscript, Index):
            raise self._outside(access, reach)
        known = self.limits[indices[0]]
        self.limits[indices[0]] = (larger(known[0], limits[0]), smaller(known[1], limits[1]))

    def _is_surely_inside(self, access: Access) -> bool:
        """Tell whether a number lies in an axis of known size."""
        size, place = self.context.sizes.resolve(access.size), access.subscript
        if not (isinstance(size, Number) and isinstance(place, Number) and isinstance(access.lower, Number)):
            return False
        return access.lower.value <= place.value < access.lower.value + size.value

    def settle(self) -> None:
        """Fix the sizes that only numbers in subscripts tell: as large as the largest of them.

        Raises: ShapeError: a subscript leaves its axis.
        """
        pending, self.context.needed = self.context.needed, []
        for access in sorted(pending, key=_last, reverse=True):
            size = self.context.sizes.resolve(access.size)
            if isinstance(size, Symbol) and is_unknown(size) and isinstance(access.subscript, Number):
                self.context.sizes.unify(size, add(subtract(access.subscript, access.lower), ONE), "")
            self._check(access)

    def _outside(self, access: Access, reach: tuple[Expr, Expr]) -> GradproofError:
        low, high = (self.context.size_text(end) for end in reach)
        runs = f"one that runs from {low} to {high}" if low != high else low
        ends = self.context.size_text(access.lower), self.context.size_text(access.upper)
        limits = f"from {ends[0]} to {ends[1]}" if ends[1] != "?" else f"from {ends[0]} on"
        count = f": {access.of} has {self.context.size_text(access.size)} entries there" if ends[1] != "?" else ""
        return self.context.source.misfit(
            access.place,
            f"a subscript {limits} was expected{count}",
            got=runs,
            remedy="Subscripts count from 1.",
        )

    def _unknown_range(self, index: Index) -> GradproofError:
        letter = index.name
        return self.context.source.error(
            self.open[index],
            f"the range of '{letter}' was expected to follow from the subscripts that it stands in",
            remedy=f"Write it: sum_{{{letter}=1}}^n.",
        )

    def _flat(self) -> dict[Expr, Expr]:
        """Return the limits, none of them in terms of another."""
        found: dict[Expr, Expr] = {}
        for index, (low, high) in self.limits.items():
            found[index.lower], found[index.upper] = low, high
        for key in found:
            for _ in range(len(found)):
                inner = {part: found[part] for part in symbols(found[key]) if part in found}
                if not inner:
                    break
                found[key] = substitute(found[key], inner)
        return found


def _terms(subscript: Expr) -> list[tuple[Fraction, Expr]]:
    if isinstance(subscript, Add):
        return list(zip(subscript.weights, subscript.terms, strict=True))
    if isinstance(subscript, Number):
        return [(subscript.value, ONE)]
    return [(Fraction(1), subscript)]


def _weight(subscript: Expr, index: Index) -> Fraction:
    """Return the whole weight of an index in an affine subscript, 0 where it has none."""
    weight = {term: weight for weight, term in _terms(subscript)}.get(index, Fraction(0))
    return weight if weight.denominator == 1 else Fraction(0)


def _last(access: Access) -> Fraction:
    return access.subscript.value if isinstance(access.subscript, Number) else Fraction(0)


def _is_positive(gap: Expr) -> bool:
    return isinstance(gap, Number) and gap.value > 0

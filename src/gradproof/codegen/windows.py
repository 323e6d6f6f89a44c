"""Sums over windows, as the algebra writes convolution with its two gradients and pooling with its gradient.

Along each axis three ranges are linked, ``place = stride * position + dilation * step + shift``: an image has places, a kernel has
steps, a result has positions. A sum that has two of the three arrays and makes the third is found here, whoever wrote it:

    positions   sum_u X[s p + d u + c] K[u]                  convolution; without K a window's sum
    steps       sum_p X[s p + d u + c] G[p]                  its gradient by the kernel
    places      sum_p G[p] K[r - s p - c], sum_pu G[p] K[u] [s p + d u + c = r]      its gradient by the image

Pooling has two more: how many places of a window have its maximum, ``sum_u [X[s p + d u + c] = m[p]]``, and what flows back to these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from gradproof.codegen.affine import Facts, affine, bounds, facts_of, is_within, split, whole
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import ONE, ZERO, multiply, number, subtract, weighted_sum
from gradproof.expr.node import Add, Compare, Element, Expr, Index, Number, Reduce, fresh_index
from gradproof.expr.walk import postorder, substitute, symbols, transform

#: The most axes that libraries convolve and pool along.
_LARGEST = 3
#: A convolution of at most so many products is a loop among others.
_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Link:
    """``place = stride * position + dilation * step + shift`` along one axis, each of the three within its range."""

    place: Index
    position: Index
    step: Index
    stride: int
    dilation: int
    shift: Expr

    @property
    def before(self) -> Expr:
        """How many places the first window begins before the image."""
        return subtract(self.place.lower, self._first)

    @property
    def after(self) -> Expr:
        """How many places the last window ends behind the image."""
        return subtract(self._at(self.position.upper, self.step.upper), self.place.upper)

    @property
    def _first(self) -> Expr:
        return self._at(self.position.lower, self.step.lower)

    def _at(self, position: Expr, step: Expr) -> Expr:
        return weighted_sum([(Fraction(self.stride), position), (Fraction(self.dilation), step), (Fraction(1), self.shift)])


@dataclass(frozen=True, slots=True)
class Windows:
    """A sum (or maximum) over windows: the array that it makes, ``wanted``, and the other two.

    ``image`` has the batch, the channels and the places; ``kernel`` the filters, the channels and the steps, None for a kernel of ones;
    ``result`` the batch, the filters and the positions. With ``tops`` only the places count whose image is the maximum of the window:
    the operation is ``tops`` where a result is summed up there, ``counts`` where they are counted. ``bias``, one number for each filter,
    is added to what a convolution makes.
    """

    wanted: str
    operation: str
    links: tuple[Link, ...]
    image: Expr | None = None
    kernel: Expr | None = None
    result: Expr | None = None
    tops: Expr | None = None
    batch: tuple[Index, ...] = ()
    channels: tuple[Index, ...] = ()
    filters: tuple[Index, ...] = ()
    bias: Expr | None = None

    @property
    def parts(self) -> tuple[Expr, ...]:
        """What has to be computed before."""
        return tuple(part for part in (self.image, self.kernel, self.result, self.tops, self.bias) if part is not None)

    def axes(self, role: str) -> tuple[Index, ...]:
        """Return the indices of the places, positions or steps, axis by axis."""
        return tuple(getattr(link, role) for link in self.links)


def windows_of(node: Expr) -> Windows | None:
    """Return what a node is as a sum or a maximum over windows, None where it is none that a library knows."""
    match node:
        case Reduce("sum" | "max" as operation, indices, body, where):
            if any(index.lower.free_indices or index.upper.free_indices for index in indices):
                return None
            found = _Search(operation, indices, *split(body, where)).found()
            return found if found is not None and 1 <= len(found.links) <= _LARGEST else None
    return None


def biased_windows(node: Add) -> Windows | None:
    """Return a convolution with the bias that is added to it, a variable over the filters, where a sum is no more than that."""
    if len(node.terms) != 2 or any(weight != 1 for weight in node.weights):
        return None
    for term, bias in (node.terms, node.terms[::-1]):
        if isinstance(bias, Element) and isinstance(term, Reduce) and term.operation == "sum":
            found = windows_of(term)
            if found is not None and found.kernel is not None and found.wanted == "position" and found.filters == bias.indices:
                return replace(found, bias=bias)
    return None


def scaled_windows(node: Add) -> Windows | None:
    """Return the sum of the windows that a place is in, times a number, with the number at the windows: they are fewer."""
    if len(node.terms) != 1:
        return None
    found = windows_of(node.terms[0])
    if found is None or found.wanted != "place" or found.kernel is not None or found.operation != "sum" or found.result is None:
        return None
    return replace(found, result=weighted_sum([(node.weights[0], found.result)]))


@lru_cache(maxsize=4096)
def convolution_of(node: Expr) -> Windows | None:
    """Return what a node is as a convolution or a gradient of one that is worth a kernel, None where it is none; the same at every call."""
    if not (isinstance(node, Reduce) and node.operation == "sum"):
        return None
    found = windows_of(node)
    if found is None or (found.kernel is None and found.wanted != "step") or _is_small(found):
        return None
    return found


def _is_small(windows: Windows) -> bool:
    """Tell whether a sum over windows is known to be done in less time than a kernel takes to start."""
    own = (index for link in windows.links for index in (link.position, link.step))
    work = 1
    for index in (*own, *windows.batch, *windows.channels, *windows.filters):
        length = extent(index)
        if not isinstance(length, Number):
            return False
        work *= int(length.value)
    return work <= _SMALL


@dataclass
class _Search:
    """The factors and conditions of one sum on their way to windows."""

    operation: str
    indices: tuple[Index, ...]
    factors: list[Expr]
    tests: list[Expr]
    links: list[Link] = field(default_factory=list)
    facts: list[Expr] = field(default_factory=list)

    def found(self) -> Windows | None:
        self._flatten()
        sorted_tests = facts_of(self.tests)
        self.facts = [fact for fact in sorted_tests.positive if not is_within(fact)]
        if sorted_tests.zero:
            return self._of_equalities(sorted_tests)
        if self.operation == "sum" and not self.factors:
            return self._counted(sorted_tests)
        shifted = self._shifted()
        if shifted is None:
            return None
        if shifted:
            return None if sorted_tests.others else self._of_places(shifted)
        return self._of_facts(sorted_tests)

    def _flatten(self) -> None:
        """Put sums inside the sum, whose conditions have indices of the result, on one level with it."""
        if self.operation != "sum":
            return
        for factor in self.factors:
            if isinstance(factor, Reduce) and factor.operation == "sum":
                inner, tests = split(factor.body, factor.where)
                if facts_of(tests).zero and not set(factor.indices) & set(self.indices):
                    self.factors = [other for other in self.factors if other is not factor] + inner
                    self.indices = (*self.indices, *factor.indices)
                    self.tests = [*self.tests, *tests]

    # Subscripts ---------------------------------------------------------------------------------------------------------

    def _shifted(self) -> list[tuple[Expr, Index, Index, int, int]] | None:
        """Return the pairs of a free and a bound index that meet in subscripts, with their weights; None where these do not agree."""
        pairs: dict[tuple[Index, Index], tuple[int, int, Expr]] = {}
        for factor in self.factors:
            for place in _subscripts(factor):
                known = affine(place)
                if known is None:
                    return None
                bound = [index for index in known.weights if index in self.indices]
                free = [index for index in known.weights if index in factor.free_indices and index not in self.indices]
                if not bound or not free:
                    continue
                weights = whole(known.weights[free[0]]), whole(known.weights[bound[0]])
                if len(bound) > 1 or len(free) > 1 or weights[0] is None or weights[1] is None:
                    return None
                before = pairs.setdefault((free[0], bound[0]), (weights[0], weights[1], factor))
                if before != (weights[0], weights[1], factor):
                    return None
        single = {index for pair in pairs for index in pair}
        if len(single) != 2 * len(pairs):
            return None
        return [(factor, free, bound, one, other) for (free, bound), (one, other, factor) in pairs.items()]

    def _of_places(self, shifted: Sequence[tuple[Expr, Index, Index, int, int]]) -> Windows | None:
        """An image that is read at ``s p + d u + c``, or a kernel that is read at ``r - s p - c``."""
        (read, *others) = dict.fromkeys(factor for factor, *_ in shifted)
        signs = {(one > 0, other > 0) for *_, one, other in shifted}
        if others or signs not in ({(True, True)}, {(True, False)}):
            return None
        is_image = signs == {(True, True)}
        if not is_image and (self.operation == "max" or any(one != 1 for *_, one, _ in shifted)):
            return None
        moved = read
        renamed: list[tuple[Index, Index, int, int, Index, Expr]] = []
        for _, free, bound, one, other in shifted:
            made = self._place(moved, free, bound, one, other)
            if made is None:
                return None
            moved, index, shift = made
            renamed.append((free, bound, one, other, index, shift))
        rest = [factor for factor in self.factors if factor is not read]
        if self.facts or set(moved.free_indices) & {index for pair in renamed for index in pair[:2]}:
            return None
        if not is_image:
            self.links = [Link(free, bound, index, -other, 1, shift) for free, bound, _, other, index, shift in renamed]
            return self._classified("place", None, moved, multiply(*rest))
        if self.operation == "max":
            return None if rest else self._pool(renamed, moved)
        if not rest:
            return self._pool(renamed, moved)
        if all(_is_kernel(free, bound) for free, bound, *_ in renamed):
            self.links = [Link(index, bound, free, other, one, shift) for free, bound, one, other, index, shift in renamed]
            return self._classified("step", moved, None, multiply(*rest))
        self.links = [Link(index, free, bound, one, other, shift) for free, bound, one, other, index, shift in renamed]
        return self._classified("position", moved, multiply(*rest), None)

    def _pool(self, renamed: Sequence[tuple[Index, Index, int, int, Index, Expr]], image: Expr) -> Windows | None:
        self.links = [Link(index, free, bound, one, other, shift) for free, bound, one, other, index, shift in renamed]
        if set(self.indices) != {bound for _, bound, *_ in renamed}:
            return None
        return self._classified("position", image, None, None)

    def _place(self, read: Expr, free: Index, bound: Index, one: int, other: int) -> tuple[Expr, Index, Expr] | None:
        """Give the place that a factor is read at an index of its own: return the factor over it, the index, and the shift."""
        first = next(place for place in _subscripts(read) if free in _terms(place) and bound in _terms(place))
        known = affine(first)
        assert known is not None
        inner = [(weight, index) for index, weight in known.weights.items() if index not in (free, bound)]
        rest = known.rest if not inner else ZERO
        place = weighted_sum([(Fraction(one), free), (Fraction(other), bound), (Fraction(1), rest)])
        lower, upper, self.facts = bounds(place, self.facts)
        axis = _axis_of(read, first) if not inner else None
        if axis is not None and lower in (None, axis[0]) and upper in (None, axis[1]):
            lower, upper = axis
        near, far = _reach(place, free, bound, other)
        lower, upper = near if lower is None else lower, far if upper is None else upper
        index = fresh_index(bound.name, lower, upper)
        moved = transform(read, lambda node: _replaced(node, free, bound, index, place))
        sign = 1 if other > 0 else -1
        return moved, index, weighted_sum([(Fraction(sign), rest)])

    # Conditions ---------------------------------------------------------------------------------------------------------

    def _of_equalities(self, tests: Facts) -> Windows | None:
        """A sum over positions and steps of what meets at a place: ``[s p + d u + c = r]``."""
        rest = list(self.facts)
        for gap in tests.zero:
            known = affine(gap)
            if known is None or len(known.weights) != 3:
                return None
            free = [index for index in known.weights if index not in self.indices]
            if len(free) != 1 or abs(known.weights[free[0]]) != 1:
                return None
            sign = -known.weights[free[0]]
            bound = sorted((i for i in known.weights if i in self.indices), key=lambda index: index.uid)
            step, position = bound if _is_kernel(bound[0], bound[1]) else bound[::-1]
            weights = whole(sign * known.weights[position]), whole(sign * known.weights[step])
            if weights[0] is None or weights[1] is None or weights[0] <= 0 or weights[1] <= 0:
                return None
            link = Link(free[0], position, step, weights[0], weights[1], weighted_sum([(sign, known.rest)]))
            self.links.append(link)
            rest = [fact for fact in rest if not _follows(fact, link)]
        if rest or tests.others or any(isinstance(place, Add) for factor in self.factors for place in _subscripts(factor)):
            return None
        kernel = [factor for factor in self.factors if factor.free_indices & {link.step for link in self.links}]
        result = [factor for factor in self.factors if factor not in kernel]
        return self._classified("place", None, multiply(*kernel) if kernel else None, multiply(*result))

    def _of_facts(self, tests: Facts) -> Windows | None:
        """A sum over the windows that a place is in: ``[s p + c + 1 <= r <= s p + c + size]``."""
        if self.operation == "max":
            return None
        pending = [(fact, known) for fact in self.facts if (known := affine(fact)) is not None and len(known.weights) == 2]
        if len(pending) != len(self.facts) or len(tests.others) > 1:
            return None
        for fact, known in pending:
            free = next((index for index in known.weights if index not in self.indices), None)
            bound = next((index for index in known.weights if index in self.indices), None)
            if free is None or bound is None or known.weights[free] != 1:
                continue
            stride = whole(-known.weights[bound])
            totals = (weighted_sum([(Fraction(1), fact), (Fraction(1), other)]) for other, _ in pending)
            size = next((total for total in totals if not total.free_indices), None)
            if stride is None or stride < 1 or size is None:
                return None
            step = fresh_index("u", ONE, weighted_sum([(Fraction(1), size), (Fraction(1), ONE)]))
            self.links.append(Link(free, bound, step, stride, 1, weighted_sum([(Fraction(-1), known.rest), (Fraction(-1), ONE)])))
        if not self.links or 2 * len(self.links) != len(pending) or not self.factors:
            return None
        return self._with_tops(tests.others[0]) if tests.others else self._classified("place", None, None, multiply(*self.factors))

    def _with_tops(self, test: Expr) -> Windows | None:
        """A window's place counts where the image has the maximum of the window there."""
        if not (isinstance(test, Compare) and test.relation == "="):
            return None
        places, positions = {link.place for link in self.links}, {link.position for link in self.links}
        for image, tops in ((test.left, test.right), (test.right, test.left)):
            if not image.free_indices & positions and places <= image.free_indices and not tops.free_indices & places:
                return self._classified("place", image, None, multiply(*self.factors), tops)
        return None

    def _counted(self, tests: Facts) -> Windows | None:
        """How many places of a window have the number of that window."""
        test = tests.others[0] if len(tests.others) == 1 else None
        if not (isinstance(test, Compare) and test.relation == "="):
            return None
        within: list[Expr] = [Compare("<=", ZERO, fact) for fact in tests.positive]
        for image, tops in ((test.left, test.right), (test.right, test.left)):
            found = None if tops.free_indices & set(self.indices) else _Search("max", self.indices, [image], within).found()
            if found is not None and tops.free_indices <= {*found.batch, *found.axes("position")}:
                return replace(found, operation="counts", tops=tops)
        return None

    # Axes ---------------------------------------------------------------------------------------------------------------

    def _classified(
        self, wanted: str, image: Expr | None, kernel: Expr | None, result: Expr | None, tops: Expr | None = None
    ) -> Windows | None:
        """Say of every other index whether it is of the batch, a channel or a filter: each stands in two of the three arrays."""
        order = _appearance(image, kernel, result)
        links = tuple(sorted(self.links, key=lambda link: min(order(link.place), order(link.position), order(link.step))))
        own = {index for link in links for index in (link.place, link.position, link.step)}
        places, positions, steps = ({getattr(link, role) for link in links} for role in ("place", "position", "step"))
        for array, allowed in ((image, places), (kernel, steps), (result, positions)):
            if array is not None and array.free_indices & own != allowed and not (array is image and tops is not None):
                return None
        others = [
            {index for index in array.free_indices if index not in own} if array is not None else None
            for array in (image, kernel, result)
        ]
        bound = set(self.indices) - own
        operation = "tops" if tops is not None else self.operation
        if kernel is None and wanted != "step":
            batch = {index for group in others if group is not None for index in group}
            batch |= {index for index in tops.free_indices if index not in own} if tops is not None else set()
            if bound:
                return None
            return Windows(wanted, operation, links, image, None, result, tops, tuple(sorted(batch, key=order)))
        first, second = (group for group in others if group is not None)
        shared, left, right = first & second, first - second, second - first
        if shared != bound or operation != "sum":
            return None
        made: dict[str, tuple[set[Index], set[Index], set[Index]]] = {
            "position": (left, shared, right),
            "step": (shared, left, right),
            "place": (right, left, shared),
        }
        of_batch, channels, filters = (tuple(sorted(group, key=order)) for group in made[wanted])
        return Windows(wanted, operation, links, image, kernel, result, None, of_batch, channels, filters)


def _subscripts(factor: Expr) -> Iterable[Expr]:
    """Yield the sums at which the variables in a factor are read."""
    for node in postorder(factor):
        if isinstance(node, Element):
            yield from (place for place in node.indices if isinstance(place, Add))


def _terms(place: Expr) -> tuple[Expr, ...]:
    return place.terms if isinstance(place, Add) else (place,)


def _axis_of(read: Expr, place: Expr) -> tuple[Expr, Expr] | None:
    """Return the first and the last entry of the axis that is read at a place, where the factor is a variable."""
    if not isinstance(read, Element):
        return None
    axis = read.symbol.axes[read.indices.index(place)]
    return number(axis.origin), axis.size if axis.origin == 1 else weighted_sum(
        [(Fraction(1), axis.size), (Fraction(axis.origin - 1), ONE)]
    )


def _reach(place: Expr, free: Index, bound: Index, other: int) -> tuple[Expr, Expr]:
    """Return the first and the last place that the ranges of both indices lead to."""
    near, far = (bound.lower, bound.upper) if other > 0 else (bound.upper, bound.lower)
    return substitute(place, {free: free.lower, bound: near}), substitute(place, {free: free.upper, bound: far})


def _replaced(node: Expr, free: Index, bound: Index, index: Index, place: Expr) -> Expr:
    """Put an index for a place into a weighted sum that has it."""
    if isinstance(node, Add) and free in node.terms and bound in node.terms:
        gap = subtract(node, place)
        if not gap.free_indices & {free, bound}:
            return weighted_sum([(Fraction(1), gap), (Fraction(1), index)])
    return node


def _follows(fact: Expr, link: Link) -> bool:
    """Tell whether a condition says no more than that the place of a link is in its range."""
    place = weighted_sum([(Fraction(link.stride), link.position), (Fraction(link.dilation), link.step), (Fraction(1), link.shift)])
    lower, upper, _ = bounds(place, [fact])
    return lower is link.place.lower if lower is not None else upper is link.place.upper


def _is_kernel(one: Index, other: Index) -> bool:
    """Tell whether the first of two ranges is that of a kernel: the smaller one, or the one that the other's length hangs on."""
    first, second = extent(one), extent(other)
    if isinstance(first, Number) and isinstance(second, Number):
        return first.value < second.value
    if isinstance(first, Number) or isinstance(second, Number):
        return isinstance(first, Number)
    return symbols(first) < symbols(second)


def _appearance(*arrays: Expr | None) -> Callable[[Index], tuple[int, int]]:
    """Return a key that orders indices as the variables have them as their axes: what a library reads need not be turned then."""
    found: dict[Index, int] = {}
    for array in arrays:
        for node in postorder(array) if array is not None else ():
            if isinstance(node, Element):
                for place in node.indices:
                    found.update({index: len(found) for index in place.free_indices if index not in found})
    return lambda index: (found.get(index, len(found)), index.uid)

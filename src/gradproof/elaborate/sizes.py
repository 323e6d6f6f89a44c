"""Sizes of axes by unification: an unknown size is a symbol until something fixes it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gradproof.elaborate.trouble import Misfit
from gradproof.expr.build import ONE, add, subtract, weighted_sum
from gradproof.expr.node import Add, Axis, Expr, Index, Number, Symbol, fresh_index
from gradproof.expr.walk import substitute, symbols
from gradproof.printer.text import to_text

_UNKNOWN = frozenset({"size", "unknown"})
_KNOWN = frozenset({"size"})


class Sizes:
    """What is known of the sizes of one scope.

    ``snapshot`` and ``restore`` make a formula that does not fit leave no trace.
    """

    def __init__(self) -> None:
        self._bindings: dict[Expr, Expr] = {}
        self._accesses: list[tuple[Axis, Expr, str]] = []
        self._at_least: set[Expr] = set()
        self._count = 0

    def snapshot(self) -> dict[Expr, Expr]:
        """Return what ``restore`` takes."""
        return dict(self._bindings)

    def restore(self, state: dict[Expr, Expr]) -> None:
        """Forget everything since the snapshot."""
        self._bindings = dict(state)
        self._accesses = []

    def unknown(self) -> Symbol:
        """Return a new unknown size."""
        self._count += 1
        return Symbol(f"n_{self._count}", (), _UNKNOWN)

    def resolve(self, node: Expr) -> Expr:
        """Replace every unknown size by what it was unified with."""
        while True:
            known = {symbol: self._bindings[symbol] for symbol in symbols(node) if symbol in self._bindings}
            if not known:
                return node
            node = substitute(node, known)

    @property
    def bindings(self) -> Mapping[Expr, Expr]:
        """The unknown sizes that are fixed, each with what it is."""
        return self._bindings

    def unify(self, left: Expr, right: Expr, what: str) -> None:
        """Make two sizes equal, or raise ``Misfit``."""
        left, right = self.resolve(left), self.resolve(right)
        if left is right:
            return
        if is_unknown(left) and left not in symbols(right):
            self._bindings[left] = right
        elif is_unknown(right) and right not in symbols(left):
            self._bindings[right] = left
        elif difference := self._solvable(left, right):
            self._bindings[difference[0]] = difference[1]
        else:
            certain = isinstance(left, Number) and isinstance(right, Number)
            raise Misfit("M102", f"{what}: size {to_text(left)} against {to_text(right)}", is_certain=certain)

    def _solvable(self, left: Expr, right: Expr) -> tuple[Expr, Expr] | None:
        """Solve ``left = right`` for an unknown that stands in it alone with weight one."""
        gap = subtract(left, right)
        for symbol in sorted(symbols(gap), key=lambda symbol: symbol.name):
            if not is_unknown(symbol):
                continue
            for sign in (add, subtract):
                rest = sign(gap, symbol)
                if symbol not in symbols(rest):
                    return symbol, rest if sign is add else subtract(symbol, gap)
        return None

    def access(self, axis: Axis, subscript: Expr, what: str) -> None:
        """Note that an axis is read at a subscript: a plain index takes the axis's range, others must stay inside it."""
        size = self.resolve(axis.size)
        if isinstance(subscript, Index):
            span = self.resolve(extent(subscript))
            if is_unknown(span) or (is_unknown(size) and _starts_at(subscript, axis.origin)):
                self.unify(span, size, what)
                if not is_unknown(span):
                    self._at_least.add(size)
                return
        self._accesses.append((axis, subscript, what))

    def settle(self) -> None:
        """Fix the sizes that only the reach of subscripts tells, and raise ``Misfit`` where one leaves its range."""
        pending, self._accesses = self._accesses, []
        for axis, subscript, what in pending:
            reach = reach_of(self.resolve(subscript))
            if reach is None:
                continue
            size = self.resolve(axis.size)
            needed = self.resolve(subtract(add(reach[1], ONE), Number(ONE.value * axis.origin)))
            if any(is_unknown(symbol) for symbol in symbols(size) | symbols(needed)):
                if subscript.free_indices:
                    self._fix(size, needed, what)
                continue
            if self._grown(axis.size, size, needed):
                continue
            _check_range(axis, size, reach, subscript, what)

    def _grown(self, named: Expr, size: Expr, needed: Expr) -> bool:
        """Let an axis reach further than a plain index did: in ``sum_{i<n} (x_{i+1} - x_i)`` the last entry is the n-th."""
        gap = subtract(needed, size)
        last = named
        while named in self._bindings:
            last, named = named, self._bindings[named]
        if last not in self._at_least or not (isinstance(gap, Number) and gap.value > 0):
            return False
        self._bindings[last] = needed
        return True

    def _fix(self, size: Expr, needed: Expr, what: str) -> None:
        if not isinstance(size, Number) or symbols(needed):
            state = self.snapshot()
            try:
                self.unify(size, needed, what)
            except Misfit:
                self.restore(state)

    def index(self, name: str, size: Expr | None = None, origin: int = 1) -> Index:
        """Return a fresh index over an axis of the given (else unknown) size."""
        extent = self.unknown() if size is None else size
        lower = Number(ONE.value * origin)
        return fresh_index(name, lower, add(extent, subtract(lower, ONE)))

    def axis_index(self, name: str, axis: Axis) -> Index:
        """Return a fresh index over an axis of a symbol."""
        return self.index(name, axis.size, axis.origin)


def is_unknown(size: Expr) -> bool:
    """Tell whether a size is one that only unification may fix."""
    return isinstance(size, Symbol) and "unknown" in size.properties


def extent(index: Index) -> Expr:
    """Return how many values an index takes."""
    if index.lower is ONE:
        return index.upper
    return add(subtract(index.upper, index.lower), ONE)


def named_size(name: str) -> Symbol:
    """Return the symbol of a size that the document names."""
    return Symbol(name, (), _KNOWN)


def _starts_at(index: Index, origin: int) -> bool:
    return isinstance(index.lower, Number) and index.lower.value == origin


def reach_of(subscript: Expr) -> tuple[Expr, Expr] | None:
    """Return the smallest and the largest value of an affine subscript, or None when it is not affine in its indices."""
    lowest: list[tuple[Fraction, Expr]] = []
    highest: list[tuple[Fraction, Expr]] = []
    pairs = zip(subscript.weights, subscript.terms, strict=True) if isinstance(subscript, Add) else [(ONE.value, subscript)]
    for weight, term in pairs:
        if isinstance(term, Index):
            ends = (term.lower, term.upper) if weight > 0 else (term.upper, term.lower)
            lowest.append((weight, ends[0]))
            highest.append((weight, ends[1]))
        elif term.free_indices:
            return None
        else:
            lowest.append((weight, term))
            highest.append((weight, term))
    return weighted_sum(lowest), weighted_sum(highest)


def _check_range(axis: Axis, size: Expr, reach: tuple[Expr, Expr], subscript: Expr, what: str) -> None:
    last = subtract(add(size, Number(ONE.value * axis.origin)), ONE)
    low, high = reach
    if not (isinstance(low, Number) and isinstance(high, Number) and isinstance(last, Number)):
        return
    if low.value < axis.origin or high.value > last.value:
        runs = f"runs from {low.value} to {high.value}" if low is not high else f"is {low.value}"
        name = to_text(subscript) if isinstance(subscript, Index) else "a subscript"
        raise Misfit(
            "M101",
            f"{what} has size {to_text(size)} along this axis (entries {axis.origin} to {last.value}), yet {name} {runs}",
            is_certain=True,
        )

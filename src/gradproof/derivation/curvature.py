"""The Hessian of a formula with stages: Jacobians of the stages forwards, and the curvature of each stage between two of them.

A Jacobian keeps what it is made of: where a stage has an index of the variable for its own, as the rows of a batch have, its Jacobian
stands on that diagonal and is stored without it. Where the variable is read by one linear stage that has fewer entries, everything is
differentiated by that stage, and the variable comes in last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from gradproof.derivation.backpropagation import Backpropagation
from gradproof.derivation.tidy import gathered
from gradproof.derivative.differentiate import differentiate
from gradproof.expr.build import ONE, ZERO, add, axis_index, delta, multiply, scale, weighted_sum
from gradproof.expr.node import Add, Axis, Compare, Element, Expr, Index, Iverson, Multiply, Number, Reduce, Symbol
from gradproof.expr.walk import substitute, symbols, transform
from gradproof.formula.formula import Stage, Stages
from gradproof.rewrite.delta import eliminate_deltas, sum_without_deltas, without_sure_tests

#: What an axis of unknown length counts for.
_USUAL = 32


@dataclass(frozen=True, slots=True)
class Curvature:
    """The Hessian by a variable: ``value`` over ``axes``, in terms of the stages ``order``."""

    order: tuple[Stage, ...]
    value: Expr
    axes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class _Jacobian:
    """The derivative of a stage by the entry ``at``: ``value``, times a delta for each of ``same``, pairs of an index of both."""

    axes: tuple[Index, ...]
    at: tuple[Index, ...]
    value: Expr
    same: tuple[tuple[Index, Index], ...]

    def entry(self, axes: Sequence[Expr], at: Sequence[Expr]) -> Expr:
        """Return an entry, its deltas among its factors."""
        mapping: dict[Expr, Expr] = dict(zip((*self.axes, *self.at), (*axes, *at), strict=True))
        deltas = [delta(mapping[one], mapping[other]) for one, other in self.same]
        return multiply(*deltas, substitute(self.value, mapping))


def curvature(sweep: Backpropagation, wrt: Symbol, taken: Sequence[str]) -> Curvature:
    """Return the Hessian of a scalar formula by one of its variables.

    Formula:  H = sum over stages t, and over what t reads, a and b, of (d a / d x)' (d f / d t) (d^2 t / d a d b) (d b / d x)
    Args:     sweep: the formula's sweep back to the variable.  taken: names that mean something else.
    Raises:   GradproofError: a function has no derivative rule.
    Source:   Griewank and Walther 2008, chapter 10.4; Schraudolph 2002 (of a convex loss alone: the Gauss-Newton product).
    """
    book = _Book(sweep, {*taken, *(stage.symbol.name for stage in sweep.order)})
    through = _through(sweep.stages, wrt)
    root = wrt if through is None else through.symbol
    value, rows, columns = book.by(root)
    if through is None:
        return Curvature(tuple(book.order), value, (*rows, *columns))
    first, second = _places(wrt), _places(wrt)
    before = [
        substitute(differentiate(through.value, wrt, places), dict(zip(through.axes, at, strict=True)))
        for places, at in ((first, rows), (second, columns))
    ]
    entry = book.entered("curvature", value, rows, columns).entry(rows, columns)
    whole = _settled((*rows, *columns), multiply(entry, *before))
    return Curvature(tuple(book.order), whole, (*first, *second))


def _through(stages: Stages, wrt: Symbol) -> Stage | None:
    """Return the one linear stage that reads a variable, where it has fewer entries: rows that it shares with all stages do not count."""
    readers = [stage for stage in stages.order if wrt in symbols(stage.value)]
    if len(readers) != 1 or wrt in symbols(stages.value):
        return None
    (stage,) = readers
    first = differentiate(stage.value, wrt, _places(wrt))
    if differentiate(first, wrt, _places(wrt)) is not ZERO:
        return None
    rows = {axis.size for axis in stage.symbol.axes} - {axis.size for axis in wrt.axes}
    size = prod(_length(axis) for axis in stage.symbol.axes if axis.size not in rows)
    return stage if size < prod(map(_length, wrt.axes)) else None


def _length(axis: Axis) -> int:
    return int(axis.size.value) if isinstance(axis.size, Number) else _USUAL


class _Book:
    """The stages so far, and the Jacobians of those that move with the root."""

    def __init__(self, sweep: Backpropagation, taken: set[str]) -> None:
        self.sweep = sweep
        self.taken = taken
        self.order: list[Stage] = list(sweep.order)

    def by(self, root: Symbol) -> tuple[Expr, tuple[Index, ...], tuple[Index, ...]]:
        """Return the Hessian by a variable or a stage, and its two lots of indices."""
        stages = self.sweep.stages
        at = _places(root)
        jacobians = {root: _Jacobian(own := _places(root), at, ONE, tuple(zip(own, at, strict=True)))}
        rows, columns = _places(root), _places(root)
        terms: list[Expr] = []
        for stage in stages.order:
            read = {
                symbol: jacobians[symbol] for symbol in jacobians if symbol in symbols(stage.value) and symbol is not stage.symbol
            }
            if not read or stage.symbol in jacobians:
                continue
            back = self.sweep.by_stage.get(stage.symbol)
            if back is not None:
                weight = Element(back.symbol, stage.axes) if stage.axes else back.symbol
                terms += _bends(multiply(weight, stage.value), stage.axes, read, (rows, columns))
            jacobians[stage.symbol] = self._jacobian(stage, read, at)
        read = {symbol: jacobian for symbol, jacobian in jacobians.items() if symbol in symbols(stages.value)}
        terms += _bends(stages.value, (), read, (rows, columns))
        return gathered(add(*terms)) if terms else ZERO, rows, columns

    def _jacobian(self, stage: Stage, read: dict[Symbol, _Jacobian], at: tuple[Index, ...]) -> _Jacobian:
        terms: list[Expr] = []
        for symbol, jacobian in read.items():
            places = _places(symbol)
            local = substitute(differentiate(stage.value, symbol, places), {stage.value: stage.entry})
            terms.append(sum_without_deltas(places, multiply(local, jacobian.entry(places, at))))
        return self.entered(f"{stage.symbol.name}_by", gathered(_clean(add(*terms))), stage.axes, at)

    def entered(self, name: str, whole: Expr, axes: tuple[Index, ...], at: tuple[Index, ...]) -> _Jacobian:
        """Return a derivative as a stage of that name, stored without the deltas that all of its terms have."""
        value, same = _apart(transform(whole, _outside), axes, at)
        # The last axis of a stage stays the last one: products along it need no transposition.
        own = tuple(index for index in (*axes[:-1], *at, *axes[-1:]) if index in value.free_indices)
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        made = Stage(Symbol(name, tuple(Axis(index.upper) for index in own)), value, own)
        self.order.append(made)
        return _Jacobian(axes, at, made.entry, same)


def _bends(
    value: Expr, axes: tuple[Index, ...], read: dict[Symbol, _Jacobian], at: tuple[tuple[Index, ...], tuple[Index, ...]]
) -> list[Expr]:
    """Return the second derivative of the sum of a value over its axes through all pairs of what it reads."""
    found: list[Expr] = []
    for one, first in read.items():
        places = _places(one)
        slope = sum_without_deltas(axes, differentiate(value, one, places))
        for other, second in read.items():
            others = _places(other)
            bend = differentiate(slope, other, others)
            if bend is not ZERO:
                whole = multiply(bend, first.entry(places, at[0]), second.entry(others, at[1]))
                found.append(_settled((*places, *others), whole))
    return found


def _outside(node: Expr) -> Expr:
    """Return a sum with what hangs on none of its indices in front: weights and deltas."""
    match node:
        case Reduce("sum", indices, Add((term,), (weight,)), None):
            return scale(weight, _outside(Reduce("sum", indices, term)))
        case Reduce("sum", indices, Multiply(factors), None):
            outer = [factor for factor in factors if isinstance(factor, Iverson) and not factor.free_indices & set(indices)]
            inner = [factor for factor in factors if factor not in outer]
            return multiply(*outer, Reduce("sum", indices, multiply(*inner))) if outer and inner else node
    return node


def _settled(indices: tuple[Index, ...], value: Expr) -> Expr:
    return _clean(sum_without_deltas(indices, value))


def _clean(value: Expr) -> Expr:
    return without_sure_tests(eliminate_deltas(value))


def _apart(value: Expr, axes: Sequence[Index], at: Sequence[Index]) -> tuple[Expr, tuple[tuple[Index, Index], ...]]:
    """Return a Jacobian without the deltas that all of its terms have, and these."""
    same: list[tuple[Index, Index]] = []
    for index in axes:
        for place in at:
            pairs = list(zip(value.weights, value.terms, strict=True)) if isinstance(value, Add) else [(None, value)]
            if place in value.free_indices and all(_has(term, index, place) for _, term in pairs):
                rest = [(weight, _without(term, index, place)) for weight, term in pairs]
                value = rest[0][1] if rest[0][0] is None else weighted_sum([(w, term) for w, term in rest if w is not None])
                same.append((index, place))
                break
    return value, tuple(same)


def _factors(term: Expr) -> tuple[Expr, ...]:
    return term.factors if isinstance(term, Multiply) else (term,)


def _is_delta(factor: Expr, one: Index, other: Index) -> bool:
    return isinstance(factor, Iverson) and factor.condition in (Compare("=", one, other), Compare("=", other, one))


def _has(term: Expr, index: Index, place: Index) -> bool:
    return any(_is_delta(factor, index, place) for factor in _factors(term))


def _without(term: Expr, index: Index, place: Index) -> Expr:
    return substitute(multiply(*(factor for factor in _factors(term) if not _is_delta(factor, index, place))), {place: index})


def _places(symbol: Symbol) -> tuple[Index, ...]:
    return tuple(axis_index(letter, axis) for letter, axis in zip("pqrstuvw", symbol.axes, strict=False))

"""Sums over samples: what a document writes as ``x_i`` alone stays that, ``\\sum_i (w^T x_i - y_i) x_i``, and becomes no matrix."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction

from gradproof.derivation.tidy import tidied
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import multiply, weighted_sum
from gradproof.expr.node import Add, Axis, Element, Expr, Index, Multiply, Number, Reduce, Symbol
from gradproof.expr.walk import contains, postorder, substitute, transform


@dataclass(frozen=True, slots=True)
class SampleSum:
    """A sum over samples: ``sign`` stands for it, ``inner`` is its summand over ``axes``.

    ``quantities`` has by the name of each sample in the summand what it is a sample of.
    """

    sign: str
    index: Index
    inner: Expr
    axes: tuple[Index, ...]
    quantities: dict[str, str]


def over_samples(
    body: Expr, axes: tuple[Index, ...], only_indexed: Collection[str], new_name: Callable[[], str]
) -> tuple[Expr, list[SampleSum]] | None:
    """Return an expression with a sign for each of its sums over samples, and these sums; None where there are none.

    Args: only_indexed: the quantities that the document writes with the number of a sample and never alone.
    """
    body = transform(body, lambda node: _together(node, only_indexed) if isinstance(node, Add) else node)
    found: list[SampleSum] = []
    known: dict[Expr, Expr] = {}

    def change(node: Expr) -> Expr:
        if not isinstance(node, Reduce) or node.operation != "sum" or node.where is not None:
            return node
        index = _sample_number(node, only_indexed)
        if index is None:
            return node
        if node not in known:
            made = _sample_sum(node, index, axes, new_name)
            if made is None:
                return node
            found.append(made)
            known[node] = _entry(Symbol(made.sign, tuple(map(_axis, made.axes))), made.axes)
        return known[node]

    changed = transform(body, change)
    return (changed, found) if found else None


def _together(node: Add, only_indexed: Collection[str]) -> Expr:
    """Write ``n b + sum_i A x_i - sum_i y_i`` as one sum over the samples."""
    parts = [(weight, term, _number_in(term, only_indexed)) for weight, term in zip(node.weights, node.terms, strict=True)]
    sample = next(
        (found for _, term, found in parts if isinstance(term, Reduce) and _sample_number(term, only_indexed) is found), None
    )
    if sample is None:
        return node
    summands: list[tuple[Fraction, Expr]] = []
    others: list[tuple[Fraction, Expr]] = []
    for weight, term, found in parts:
        if found is not None and isinstance(term, Reduce) and (found.lower, found.upper) == (sample.lower, sample.upper):
            summands.append((weight, substitute(_without(term, found), {found: sample})))
        elif isinstance(term, Multiply) and term.factors.count(extent(sample)) == 1:
            summands.append((weight, multiply(*(factor for factor in term.factors if factor is not extent(sample)))))
        else:
            others.append((weight, term))
    if len(summands) == 1:
        return node
    whole = Reduce("sum", (sample,), tidied(weighted_sum(summands)), None)
    return weighted_sum([*others, (Fraction(1), whole)])


def _number_in(term: Expr, only_indexed: Collection[str]) -> Index | None:
    """Return the index of a sum that may number samples: its only one, or the one that stands first in a sample."""
    if not isinstance(term, Reduce) or term.operation != "sum" or term.where is not None:
        return None
    return term.indices[0] if len(term.indices) == 1 else _sample_number(term, only_indexed)


def _without(node: Reduce, index: Index) -> Expr:
    """Return what a sum adds up over one of its indices: the sum over the others."""
    others = tuple(other for other in node.indices if other is not index)
    return Reduce("sum", others, node.body, None) if others else node.body


def _sample_number(node: Reduce, only_indexed: Collection[str]) -> Index | None:
    """Return the index of a sum that numbers samples: it stands first wherever it stands, also in front of a sample's own axes."""
    for index in node.indices:
        entries = [part for part in postorder(node.body) if isinstance(part, Element) and index in part.indices]
        is_first = all(entry.indices[0] is index and index not in entry.indices[1:] for entry in entries)
        if is_first and any(len(entry.indices) > 1 and entry.symbol.name in only_indexed for entry in entries):
            return index
    return None


def _sample_sum(node: Reduce, index: Index, axes: tuple[Index, ...], new_name: Callable[[], str]) -> SampleSum | None:
    samples: dict[Symbol, Symbol] = {}

    def change(part: Expr) -> Expr:
        if not isinstance(part, Element) or part.indices[0] is not index:
            return part
        if part.symbol not in samples:
            samples[part.symbol] = Symbol(new_name(), part.symbol.axes[1:], part.symbol.properties)
        return _entry(samples[part.symbol], part.indices[1:])

    inner = transform(_without(node, index), change)
    free = tuple(axis for axis in axes if axis in inner.free_indices)
    if contains(inner, lambda part: part is index) or len(free) < len(inner.free_indices):
        return None
    return SampleSum(new_name(), index, inner, free, {made.name: quantity.name for quantity, made in samples.items()})


def _axis(index: Index) -> Axis:
    return Axis(extent(index), int(index.lower.value) if isinstance(index.lower, Number) else 1)


def _entry(symbol: Symbol, indices: tuple[Expr, ...]) -> Expr:
    return Element(symbol, indices) if indices else symbol

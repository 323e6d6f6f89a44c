"""Kernels of a network as groups: the penalty that makes whole ones zero, and the smaller network that is left.

Which axes go together is read off the formula: axes of two arrays that one index runs over are one and the same. So a kernel is
the slice of every weight along the axis that its outputs have, and what reads those outputs loses the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import FormulaError
from gradproof.experiment.network import Axis, Network, Weights
from gradproof.expr.node import Element, Expr, Index
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula
from gradproof.prox.groups import L21


@dataclass(frozen=True)
class KernelGroups:
    """The kernels of one weight: ``members`` are arrays that make a kernel, with the axis of the kernels, ``readers`` those that read
    its output."""

    weight: str
    members: tuple[Axis, ...]
    readers: tuple[Axis, ...]


def kernel_groups(network: Network, weight: str) -> KernelGroups:
    """Return the kernels of a weight, which are counted by its first axis.

    A weight with one axis, such as a bias, belongs to the kernel; one with more, whose first axis it is not, reads its output.
    Raises: FormulaError: the weight is none of the network, or is no kernel that anything reads.
    """
    plan = network.plan
    if weight not in plan.weights:
        raise FormulaError("a weight of the network was expected", got=f"'{weight}'", where="pruning.kernels")
    partners = _partners(network.formula, (weight, 0))
    own = [axis for axis in partners if axis[0] in plan.weights]
    members = tuple(axis for axis in own if axis == (weight, 0) or len(plan.weights[axis[0]]) == 1)
    readers = tuple(axis for axis in own if axis not in members)
    if not readers:
        raise FormulaError(f"the outputs of {weight} are read by no weight, so none can be left out", where="pruning.kernels")
    return KernelGroups(weight, members, readers)


def with_open_kernels(network: Network, groups: Sequence[KernelGroups]) -> Network:
    """Return the same network with a name for each number of kernels, so that its programs serve the smaller one too."""
    named = {axis: f"kernels_{place}" for place, group in enumerate(groups, 1) for axis in (*group.members, *group.readers)}
    return Network(network.plan, network.input_shape, network.target, named)


def _partners(formula: Formula, start: Axis) -> list[Axis]:
    """Return the axes that are one with an axis, by the indices that run over both."""
    links = [pair for value, axes, name in _definitions(formula) for pair in _links(value, axes, name)]
    found, waiting = {start}, [start]
    while waiting:
        axis = waiting.pop()
        for one, other in links:
            for mine, theirs in ((one, other), (other, one)):
                if mine == axis and theirs not in found:
                    found.add(theirs)
                    waiting.append(theirs)
    return sorted(found)


def _definitions(formula: Formula) -> list[tuple[Expr, tuple[Index, ...], str]]:
    stages = formula.stages
    if stages is None:
        return [(formula.value, formula.axes, "")]
    return [(stage.value, stage.axes, stage.symbol.name) for stage in stages.order] + [(stages.value, stages.axes, "")]


def _links(value: Expr, axes: Sequence[Index], name: str) -> list[tuple[Axis, Axis]]:
    """Return pairs of axes that one index runs over: those of two entries, and those of an entry and the stage that it stands in."""
    places: dict[Index, list[Axis]] = {index: [(name, place)] for place, index in enumerate(axes)}
    for node in postorder(value):
        if isinstance(node, Element):
            for place, index in enumerate(node.indices):
                if isinstance(index, Index):
                    places.setdefault(index, []).append((node.symbol.name, place))
    return [(own[0], other) for own in places.values() for other in own[1:]]


Mask = npt.NDArray[np.bool_]


class KernelPenalty:
    """lambda sum_k sqrt(size_k) ||kernel_k||_2 over all kernels of some weights: the group lasso, by its proximal step.

    Args:   penalties: lambda for each of the groups.  share: of the kernels of each weight, how many are to become zero; 0 for no end.
    Source: Yuan and Lin 2006; for kernels Wen et al. 2016.
    """

    def __init__(self, groups: Sequence[KernelGroups], penalties: Sequence[float], share: float = 0.0) -> None:
        self.groups = tuple(groups)
        self.penalties = tuple(penalties)
        self.share = share

    def scaled(self, factor: float) -> KernelPenalty:
        """Return the penalty times a number."""
        return KernelPenalty(self.groups, [factor * penalty for penalty in self.penalties], self.share)

    def held(self, weights: Weights) -> list[Mask | None]:
        """Return for each of the weights which kernels are zero if they are as many as there are to be, None before."""
        masks = [dead_kernels(group, weights) for group in self.groups]
        return [dead if self.share and dead.sum() >= self._wanted(len(dead)) else None for dead in masks]

    def apply(self, weights: Weights, rate: float, held: Sequence[Mask | None] | None = None) -> None:
        """Replace the kernels by their proximal points for a step; where kernels are held, make those zero and leave the others."""
        masks = held or [None] * len(self.groups)
        for group, penalty, dead in zip(self.groups, self.penalties, masks, strict=True):
            rows = _rows(group, weights)
            moved = self._moved(rows, penalty, rate) if dead is None else np.where(dead[:, np.newaxis], 0, rows)
            _put_back(group, weights, moved)

    def _moved(self, rows: npt.NDArray[np.floating], penalty: float, rate: float) -> npt.NDArray[np.floating]:
        """Return the proximal points of kernels; where more would be zero than are to be, the largest of those stay as they are."""
        moved = _group_lasso(*rows.shape, penalty).prox(rows.ravel(), rate)[0].reshape(rows.shape)
        dead = np.flatnonzero(~moved.any(axis=1))
        if self.share and len(dead) > self._wanted(len(rows)):
            smallest_first = dead[np.argsort(np.linalg.norm(rows[dead], axis=1), kind="stable")]
            spared = smallest_first[self._wanted(len(rows)) :]
            moved[spared] = rows[spared]
        return moved

    def _wanted(self, count: int) -> int:
        return ceil(self.share * count)

    def distance(self, weights: Weights, rate: float) -> float:
        """Return how far the proximal step at these weights is from its optimality condition: 0 in ``u - x + rate d f(u)``."""
        largest = 0.0
        for group, penalty in zip(self.groups, self.penalties, strict=True):
            rows = _rows(group, weights).astype(np.float64)
            function = _group_lasso(*rows.shape, penalty)
            point = function.prox(rows.ravel(), rate)[0]
            largest = max(largest, function.subdifferential_distance(point, (rows.ravel() - point) / rate))
        return largest


@lru_cache(maxsize=64)
def _group_lasso(count: int, size: int, penalty: float) -> L21:
    """Return the norm of ``count`` rows of a size; every step asks for the same ones."""
    return L21(list(np.arange(count * size).reshape(count, size)), penalty)


def dead_kernels(group: KernelGroups, weights: Weights) -> npt.NDArray[np.bool_]:
    """Return which kernels are zero, bias included: their outputs are zero for every input."""
    return np.logical_not(_rows(group, weights).any(axis=1))


def without_dead_kernels(weights: Weights, groups: Sequence[KernelGroups]) -> Weights:
    """Return the weights of the smaller network that gives the same scores; at least one kernel of each weight stays."""
    kept = dict(weights)
    for group in groups:
        is_alive = ~dead_kernels(group, weights)
        is_alive[0] |= not is_alive.any()
        for name, axis in (*group.members, *group.readers):
            kept[name] = np.ascontiguousarray(np.compress(is_alive, kept[name], axis=axis))
    return kept


def _rows(group: KernelGroups, weights: Weights) -> npt.NDArray[Any]:
    """Return the kernels as rows: their entries in every member."""
    parts = [np.moveaxis(weights[name], axis, 0) for name, axis in group.members]
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def _put_back(group: KernelGroups, weights: Weights, rows: npt.NDArray[Any]) -> None:
    start = 0
    for name, axis in group.members:
        shape = np.moveaxis(weights[name], axis, 0).shape
        size = int(np.prod(shape[1:]))
        part = rows[:, start : start + size].reshape(shape)
        weights[name] = np.ascontiguousarray(np.moveaxis(part, 0, axis))
        start += size

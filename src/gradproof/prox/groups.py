"""Norms of groups of entries: group lasso, sparse group lasso, l1 plus l2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ShapeError
from gradproof.prox.checks import Array, nonnegative, tolerance
from gradproof.prox.naive import find_root, minimize_on_line
from gradproof.prox.norms import AbstractNorm, divide
from gradproof.prox.separable import shrink


@dataclass(frozen=True, eq=False)
class SparseGroup(AbstractNorm):
    """f(x) = lambda_1 ||x||_1 + sum_g lambda_2 w_g ||x_g||_2.

    Prox:     (1 - gamma lambda_2 w_g / max(||u_g||_2, gamma lambda_2 w_g)) u_g, where u = sign(x) max(|x| - gamma lambda_1, 0).
    Args:     groups: index arrays that share no entry; an entry in no group has the l1 part alone.
              lambda_1, lambda_2: >= 0.  weights: the w_g; by default the square roots of the group sizes.
    Raises:   DomainError: groups overlap, or hold an index twice.
    Source:   Simon et al. 2013: soft thresholding, then block soft thresholding.
    Example:  >>> SparseGroup([[0, 1], [2]], 1.0, 1.0, weights=[1.0, 1.0]).prox([4.0, 5.0, 1.5])[0]
              array([2.4, 3.2, 0. ])
    """

    groups: Sequence[npt.ArrayLike]
    lambda_1: float = 1.0
    lambda_2: float = 1.0
    weights: npt.ArrayLike | None = None

    def __post_init__(self) -> None:
        for name in ("lambda_1", "lambda_2"):
            object.__setattr__(self, name, nonnegative(getattr(self, name), name, type(self).__name__))
        groups = tuple(index_array(group, number, type(self).__name__) for number, group in enumerate(self.groups))
        refuse_overlap(groups, type(self).__name__)
        object.__setattr__(self, "groups", groups)
        default = np.sqrt([len(group) for group in groups])
        weights = default if self.weights is None else np.asarray(nonnegative(self.weights, "weights", type(self).__name__))
        if weights.shape != (len(groups),):
            raise ShapeError(
                f"weights need one number for each of {len(groups)} groups", got=f"{weights.shape}", where=type(self).__name__
            )
        object.__setattr__(self, "weights", weights)

    def _parts(self) -> list[tuple[npt.NDArray[np.intp], float]]:
        """Return every group with its weight, lambda_2 included."""
        return [(np.asarray(group), float(weight)) for group, weight in zip(self.groups, self._thresholds, strict=True)]

    @property
    def _thresholds(self) -> Array:
        """The weight of every group, lambda_2 included."""
        return self.lambda_2 * np.asarray(self.weights)

    @cached_property
    def _members(self) -> npt.NDArray[np.intp]:
        """The entries of all groups, one group behind the other."""
        return np.concatenate([np.asarray(group) for group in self.groups]) if self.groups else np.zeros(0, dtype=np.intp)

    @cached_property
    def _owners(self) -> npt.NDArray[np.intp]:
        """The number of the group of each of these entries."""
        return np.repeat(np.arange(len(self.groups)), [len(np.asarray(group)) for group in self.groups])

    def _alone(self, x: Array) -> npt.NDArray[np.bool_]:
        """Return where the entries in no group are."""
        is_alone = np.ones(x.size, dtype=bool)
        is_alone[self._members] = False
        return is_alone

    def _check_shape(self, x: Array, name: str, where: str) -> None:
        largest = int(self._members.max(initial=-1))
        if x.size <= largest:
            raise ShapeError(
                f"{name} needs at least {largest + 1} entries", got=f"{x.size}", where=where, remedy="Check the groups."
            )

    def _sizes(self, flat: Array) -> Array:
        """Return the l2 norm of every group; entries are scaled first, so that no square overflows or vanishes."""
        top = float(np.abs(flat).max(initial=0.0)) or 1.0
        squares = np.bincount(self._owners, (flat[self._members].astype(np.float64) / top) ** 2, len(self.groups))
        return np.asarray(top * np.sqrt(squares))

    def _value(self, x: Array) -> float:
        return self.lambda_1 * float(np.abs(x).sum(dtype=np.float64)) + float(self._sizes(x.ravel()) @ self._thresholds)

    def _prox(self, x: Array, gamma: Array) -> Array:
        flat = shrink(x, gamma * self.lambda_1).ravel()
        sizes = self._sizes(flat)
        kept = np.maximum(0.0, 1 - float(gamma) * self._thresholds / np.where(sizes > 0, sizes, 1.0))
        flat[self._members] *= kept[self._owners]
        return flat.reshape(x.shape).astype(x.dtype, copy=False)

    def _dual_norm(self, y: Array) -> float:
        """Return the least t with ||shrink(y_g, t lambda_1)|| <= t lambda_2 w_g for every group."""
        flat = np.abs(y.ravel()).astype(np.float64)
        alone = float(flat[self._alone(y)].max(initial=0.0))
        return max([divide(alone, self.lambda_1), *(self._group_dual(flat[group], weight) for group, weight in self._parts())])

    def _group_dual(self, size: Array, weight: float) -> float:
        if not size.any():
            return 0.0
        if self.lambda_1 == 0 or weight == 0:
            return divide(float(np.linalg.norm(size)), weight) if self.lambda_1 == 0 else divide(float(size.max()), self.lambda_1)
        top = float(np.linalg.norm(size)) / weight
        return find_root(lambda t: t * weight - float(np.linalg.norm(np.maximum(size - t * self.lambda_1, 0))), 0.0, top)

    def _conjugate_value(self, y: Array) -> float:
        flat, slack = y.ravel(), tolerance(y) * (1 + float(np.linalg.norm(y)))
        is_small = bool((np.abs(flat[self._alone(y)]) <= self.lambda_1 + slack).all())
        return 0.0 if is_small and (self._sizes(shrink(flat, self.lambda_1)) <= self._thresholds + slack).all() else np.inf

    def _subdifferential_distance(self, x: Array, v: Array) -> float:
        flat, slope = x.ravel(), v.ravel()
        sizes = self._sizes(flat)
        is_zero = sizes == 0
        # Zero: a point of the cube of lambda_1 plus one of the ball of the weight.
        away = np.maximum(self._sizes(shrink(slope, self.lambda_1)) - self._thresholds, 0)[is_zero]
        pull, is_counted = np.zeros(flat.size), np.ones(flat.size, dtype=bool)
        pull[self._members] = (self._thresholds / np.where(is_zero, 1.0, sizes))[self._owners]
        is_counted[self._members] = ~is_zero[self._owners]
        rest = slope - pull * flat - np.sign(flat) * self.lambda_1
        entries = np.where(flat == 0, np.maximum(np.abs(slope) - self.lambda_1, 0), rest)[is_counted]
        return float(np.sqrt(np.sum(away**2) + np.sum(entries**2)))

    def _naive_prox(self, x: Array, gamma: Array) -> Array:
        """Descend along one entry after the other within each group."""
        point, step = x.ravel().astype(np.float64).copy(), float(gamma)
        target = point.copy()
        blocks = [*self._parts(), (np.flatnonzero(self._alone(x)), 0.0)]
        for group, weight in blocks:
            others = point[group]
            if float(np.linalg.norm(shrink(others, step * self.lambda_1))) <= step * weight:
                point[group] = 0
                continue
            for _ in range(400):
                for i in range(len(group)):
                    rest = float(np.sum(others**2) - others[i] ** 2)

                    def cost(
                        z: float, i: int = i, rest: float = rest, group: npt.NDArray[np.intp] = group, weight: float = weight
                    ) -> float:
                        away = z - float(target[group[i]])
                        return self.lambda_1 * abs(z) + weight * float(np.sqrt(rest + z * z)) + away * away / (2 * step)

                    bound = abs(float(target[group[i]]))
                    others[i] = minimize_on_line(cost, -bound, bound)
                if len(group) < 2:
                    break
            point[group] = others
        return point.reshape(x.shape).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class L21(SparseGroup):
    """f(x) = lambda sum_g w_g ||x_g||_2: the group lasso penalty.

    Prox:     (1 - gamma lambda w_g / max(||x_g||_2, gamma lambda w_g)) x_g.
    Args:     groups: index arrays that share no entry.  lambda_: >= 0.
              weights: the w_g; by default the square roots of the group sizes.
    Raises:   DomainError: groups overlap.
    Source:   Yuan and Lin 2006.
    Example:  >>> L21([[0, 1], [2]], 1.0, weights=[1.0, 1.0]).prox([3.0, 4.0, 0.5])[0]
              array([2.4, 3.2, 0. ])
    """

    def __init__(self, groups: Sequence[npt.ArrayLike], lambda_: float = 1.0, weights: npt.ArrayLike | None = None) -> None:
        super().__init__(groups, 0.0, lambda_, weights)


class L1PlusL2(SparseGroup):
    """f(x) = lambda_1 ||x||_1 + lambda_2 ||x||_2 for x with size entries.

    Prox:     (1 - gamma lambda_2 / max(||u||_2, gamma lambda_2)) u, where u = sign(x) max(|x| - gamma lambda_1, 0).
    Args:     size: the number of entries.  lambda_1, lambda_2: >= 0.
    Source:   Yu 2013: the prox of a sum that is the composition of both.
    Example:  >>> L1PlusL2(2, 1.0, 1.0).prox([4.0, 5.0])[0]
              array([2.4, 3.2])
    """

    def __init__(self, size: int, lambda_1: float = 1.0, lambda_2: float = 1.0) -> None:
        super().__init__([np.arange(size)], lambda_1, lambda_2, [1.0])


def index_array(group: npt.ArrayLike, number: int, where: str) -> npt.NDArray[np.intp]:
    """Return one group of indices as an array. Raises: DomainError: it is empty or holds no indices."""
    array = np.asarray(group)
    if array.ndim != 1 or array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0:
        raise DomainError(f"group {number} has to be a list of indices", got=repr(group)[:60], where=where, remedy="Count from 0.")
    return array.astype(np.intp)


def refuse_overlap(groups: Sequence[npt.NDArray[np.intp]], where: str) -> None:
    """Raises DomainError: an index is in two groups, or twice in one."""
    indices = np.concatenate(groups) if groups else np.zeros(0, dtype=np.intp)
    owners = np.repeat(np.arange(len(groups)), [group.size for group in groups])
    order = np.argsort(indices, kind="stable")
    twice = np.flatnonzero(np.diff(indices[order]) == 0)
    if twice.size:
        first, second = owners[order[twice[0] : twice[0] + 2]]
        raise DomainError(
            "groups must not overlap", got=f"index {indices[order[twice[0]]]} in group {first} and in group {second}", where=where,
            remedy="Repeat the column that two groups share, or solve with two terms.",
        )  # fmt: skip

"""The parameters of t-SNE, checked against each other and the data before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof.tsne.inputs import WHERE, InputError
from gradproof.tsne.optimizer import Phase

_CHOICES = {
    "metric": ("euclidean", "cosine", "precomputed"),
    "search": ("auto", "exact", "approximate"),
    "method": ("auto", "mesh", "exact"),
    "dtype": ("float32", "float64"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a fit needs to know: lists of perplexities (None for equal shares), neighbours, phases."""

    dimensions: int
    perplexities: tuple[float, ...] | None
    neighbors: int
    phases: tuple[Phase, ...]
    dof: float
    learns_dof: bool
    dtype: Any


def read_settings(model: Any, n: int) -> Settings:
    """Return the settings of an estimator for n points. Raises: InputError: a parameter that is wrong, alone or for so many points."""
    for name, allowed in _CHOICES.items():
        value = np.dtype(model.dtype).name if name == "dtype" and not isinstance(model.dtype, str) else getattr(model, name)
        if value not in allowed:
            raise InputError(f"{name} has to be one of {', '.join(map(repr, allowed))}", got=repr(value), where=WHERE)
    if model.n_components not in (1, 2, 3):
        raise InputError(
            "n_components has to be 1, 2 or 3", got=repr(model.n_components), where=WHERE,
            remedy="t-SNE draws maps; for more dimensions use principal components.",
        )  # fmt: skip
    if n < 2:
        raise InputError("at least two points are needed", got=f"n_samples = {n} (1 sample)", where=WHERE)
    perplexities, neighbors = _read_neighborhood(model, n)
    learns_dof = model.dof == "learn"
    return Settings(
        dimensions=int(model.n_components),
        perplexities=perplexities,
        neighbors=neighbors,
        phases=_read_phases(model, n),
        dof=1.0 if learns_dof else _positive(model.dof, "dof", at_most=1000.0),
        learns_dof=learns_dof,
        dtype=np.dtype(model.dtype).type,
    )


def _read_neighborhood(model: Any, n: int) -> tuple[tuple[float, ...] | None, int]:
    if model.n_neighbors is not None:
        count = _whole(model.n_neighbors, "n_neighbors", 1)
        if count > n - 1:
            raise InputError(f"n_neighbors has to be at most {n - 1} for {n} points", got=f"{count}", where=WHERE)
        return None, count
    several = isinstance(model.perplexity, Sequence | np.ndarray) and not isinstance(model.perplexity, str)
    perplexities = tuple(_positive(value, "perplexity") for value in (model.perplexity if several else [model.perplexity]))
    if not perplexities:
        raise InputError("at least one perplexity is needed", got="none", where=WHERE)
    if min(perplexities) < 1:
        raise InputError("a perplexity has to be at least 1", got=f"{min(perplexities):g}", where=WHERE)
    largest = (n - 1) / 3
    if max(perplexities) > largest:
        raise InputError(
            f"more than 3 * perplexity points are needed, {int(np.ceil(3 * max(perplexities))) + 1}", got=f"n_samples = {n}", where=WHERE,
            remedy=f"The largest perplexity possible is {np.floor(largest * 100) / 100:g}." if largest >= 1 else "Give at least 4 points.",
        )  # fmt: skip
    return perplexities, int(3 * max(perplexities))


def _read_phases(model: Any, n: int) -> tuple[Phase, ...]:
    early = _positive(model.early_exaggeration, "early_exaggeration")
    late = _positive(model.exaggeration, "exaggeration")
    whole = _whole(model.max_iter, "max_iter", 0)
    first = min(_whole(model.early_exaggeration_iter, "early_exaggeration_iter", 0), whole)
    if isinstance(model.learning_rate, str) and model.learning_rate == "auto":
        rates = max(200.0, n / early), max(200.0, n / late)
    else:
        rates = (_positive(model.learning_rate, "learning_rate"),) * 2
    _at_least_zero(model.tol, "tol")
    _positive(model.mesh_spacing, "mesh_spacing", at_most=1.0)
    return Phase(first, early, rates[0]), Phase(whole - first, late, rates[1])


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _positive(value: Any, name: str, at_most: float = np.inf) -> float:
    if not _is_real(value) or not 0 < value <= at_most or not np.isfinite(value):
        bound = f" and at most {at_most:g}" if np.isfinite(at_most) else ""
        raise InputError(f"{name} has to be a number above 0{bound}", got=repr(value), where=WHERE)
    return float(value)


def _at_least_zero(value: Any, name: str) -> float:
    if not _is_real(value) or not 0 <= value < np.inf:
        raise InputError(f"{name} has to be a number of at least 0", got=repr(value), where=WHERE)
    return float(value)


def _whole(value: Any, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} has to be a whole number of at least {least}", got=repr(value), where=WHERE)
    return int(value)

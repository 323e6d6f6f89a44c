"""The samples of a run: read, scaled, split into those that are learned from and those that are held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ReadError, UnsupportedError
from gradproof.experiment.plan import DataPlan

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Inputs, float32 with a leading axis of samples, and their class numbers from 0."""

    inputs: Floats
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.labels.max()) + 1

    def batches(self, size: int, source: np.random.Generator) -> Iterator[Samples]:
        """Yield all samples once, in random order; the last batch may be smaller."""
        order = source.permutation(len(self))
        for first in range(0, len(self), size):
            rows = order[first : first + size]
            yield Samples(self.inputs[rows], self.labels[rows])


@dataclass(frozen=True)
class Split:
    """The samples that are learned from, and those that are held out."""

    learned: Samples
    held_out: Samples


def read_samples(plan: DataPlan, folder: Path, seed: int) -> Split:
    """Return the samples of a run. Inputs are scaled to [0, 1] by their largest value and moved to mean zero.

    Args:   folder: where a path in the plan starts.  seed: which samples are held out.
    Raises: ReadError, DomainError: the file cannot be read, or its arrays are no inputs with labels.
    """
    inputs, labels = _digits() if plan.source == "digits" else _arrays(plan, folder)
    count = round(plan.held_out if plan.held_out >= 1 else plan.held_out * len(labels))
    if not 0 < count < len(labels):
        raise DomainError(
            f"samples to learn from and samples to hold out were expected among {len(labels)}", got=f"{count} held out",
            where="data.held_out", remedy="Give a share below 1, or a smaller number.",
        )  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(labels)) if plan.split == "random" else np.arange(len(labels))
    learned, held_out = order[:-count], order[-count:]
    scaled = inputs.astype(np.float32) / np.float32(max(float(np.abs(inputs).max()), 1e-12))
    scaled -= scaled[learned].mean(dtype=np.float64).astype(np.float32)
    return Split(Samples(scaled[learned], labels[learned]), Samples(scaled[held_out], labels[held_out]))


def _digits() -> tuple[npt.NDArray[Any], Labels]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UnsupportedError(
            "scikit-learn is needed for its digits", where="data.source", remedy="Install gradproof[scikit-learn]."
        ) from None
    found = load_digits()
    return found.images[:, np.newaxis], found.target.astype(np.int64)


def _arrays(plan: DataPlan, folder: Path) -> tuple[npt.NDArray[Any], Labels]:
    path = folder / plan.source
    try:
        with np.load(path, allow_pickle=False) as file:
            inputs, labels = (_array(file, name, path) for name in (plan.inputs, plan.labels))
    except (OSError, ValueError) as trouble:
        raise ReadError(f"samples cannot be read: {' '.join(str(trouble).split())[:200]}", where=str(path)) from None
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or len(labels) != len(inputs) or not len(labels) or labels.min() < 0:
        raise DomainError(
            "a class number from 0 for each input was expected",
            got=f"{labels.dtype} {labels.shape}",
            where=f"{path}: {plan.labels}",
        )
    if inputs.dtype.kind not in "iufb" or not np.isfinite(inputs).all():
        raise DomainError("finite numbers were expected", got=str(inputs.dtype), where=f"{path}: {plan.inputs}")
    if inputs.ndim == 2 and (side := round(inputs.shape[1] ** 0.5)) ** 2 == inputs.shape[1]:
        inputs = inputs.reshape(len(inputs), side, side)
    # A layer of images takes channels: images without any have one.
    return (inputs[:, np.newaxis] if inputs.ndim == 3 else inputs), labels.astype(np.int64)


def _array(file: Any, name: str, path: Path) -> npt.NDArray[Any]:
    if name not in file.files:
        raise ReadError(
            f"an array '{name}' was expected", got=", ".join(file.files) or "none", where=str(path), remedy="Name it in [data]."
        )
    found: npt.NDArray[Any] = file[name]
    return found

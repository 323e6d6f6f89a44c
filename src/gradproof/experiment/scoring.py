"""What a trained network is judged by: top-k errors, the confusion matrix, and the check of the gradient that trained it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.experiment.data import Floats, Samples
from gradproof.experiment.network import Network, Weights
from gradproof.metrics.top_k import top_k_error

_DIRECTIONS, _LOOKED_AT, _CHECKED, _STEP = 5, 1024, 8, 1e-6


@dataclass(frozen=True)
class Score:
    """The top-k error of a network on the held-out samples, ties taken in its favour and against it."""

    k: int
    optimistic: float
    pessimistic: float


def top_k_scores(scores: Floats, labels: npt.NDArray[np.int64], ks: Sequence[int]) -> tuple[Score, ...]:
    """Return the errors for every k that is below or at the number of classes."""
    fitting = [k for k in ks if k <= scores.shape[1]]
    return tuple(
        Score(k, *(float(top_k_error(scores, labels, k, ties=ties)) for ties in ("optimistic", "pessimistic"))) for k in fitting
    )


def confusion_matrix(scores: Floats, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many samples of each class (rows) are taken for each class (columns)."""
    found = np.zeros((scores.shape[1], scores.shape[1]), dtype=np.int64)
    np.add.at(found, (labels, scores.argmax(axis=1)), 1)
    return found


def gradient_error(network: Network, weights: Weights, samples: Samples) -> float:
    """Return how far the gradient that trains the network is from central differences, as a share of its size.

    The gradient is that of the program in single precision. The differences are those of the formula's value by another program, in
    double precision, along random directions; the largest counts. The samples are those that the network is least sure of: where it
    is sure, the gradient is the difference of two numbers that agree in all but the last digits of single precision.
    """
    source = np.random.default_rng(0)
    hardest = np.argsort(_margins(network.scores(weights, samples.inputs[:_LOOKED_AT]), samples.labels[:_LOOKED_AT]), kind="stable")
    batch = Samples(samples.inputs[hardest[:_CHECKED]], samples.labels[hardest[:_CHECKED]])
    _, gradients = network.loss_and_gradients(weights, batch)
    exact: dict[str, Any] = {name: weight.astype(np.float64) for name, weight in weights.items()}
    size = np.sqrt(sum(float((gradient.astype(np.float64) ** 2).sum()) for gradient in gradients.values()))
    largest = 0.0
    for _ in range(_DIRECTIONS):
        direction = {name: source.standard_normal(weight.shape) for name, weight in exact.items()}
        ends = [
            network.exact_loss({name: exact[name] + sign * _STEP * direction[name] for name in exact}, batch) for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / (2 * _STEP)
        found = sum(float((gradients[name] * direction[name]).sum()) for name in exact)
        largest = max(largest, abs(slope - found) / max(abs(slope), float(size), 1e-12))
    return largest


def _margins(scores: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """Return by how much each sample's class is scored above all others."""
    rows = np.arange(len(labels))
    others = scores.copy()
    others[rows, labels] = -np.inf
    return np.asarray(scores[rows, labels] - others.max(axis=1))

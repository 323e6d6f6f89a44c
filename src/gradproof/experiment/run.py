"""The whole run: training, pruning, metrics, the map, and the certificate of each step."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.experiment.checkpoint import load_state, save_state
from gradproof.experiment.data import Samples, Split, read_samples
from gradproof.experiment.fit import Epoch, State, train
from gradproof.experiment.kernels import KernelGroups, KernelPenalty, kernel_groups, without_dead_kernels
from gradproof.experiment.network import Network, Weights, weight_count
from gradproof.experiment.plan import PhasePlan, Plan
from gradproof.metrics.top_k import top_k_error
from gradproof.tsne.estimator import TSNE

CHECKPOINT = "checkpoint.npz"
Report = Callable[[Epoch, int], None]
_DIRECTIONS, _CHECKED, _STEP = 5, 8, 1e-6
_TIMINGS = 7


@dataclass(frozen=True)
class Score:
    """The top-k errors of a network on the held-out samples, ties taken in its favour and against it."""

    k: int
    optimistic: float
    pessimistic: float


@dataclass(frozen=True)
class Pruned:
    """What pruning came to: kernels before and after by weight, errors, weights, and the time of a forward pass of both networks."""

    kernels: dict[str, tuple[int, int]]
    errors: tuple[float, float]
    weights: tuple[int, int]
    seconds: tuple[float, float]
    prox_distance: float


@dataclass(frozen=True)
class Outcome:
    """A finished run."""

    plan: Plan
    network: Network
    split: Split
    state: State
    scores: npt.NDArray[np.float32]
    top_k: tuple[Score, ...]
    confusion: npt.NDArray[np.int64]
    gradient_error: float
    pruned: Pruned | None
    features: npt.NDArray[np.float32] | None
    map: npt.NDArray[Any] | None
    map_divergence: float | None
    map_seconds: float
    seconds: float


def run(plan: Plan, where: Path, folder: Path, *, resume: bool = False, report: Report | None = None) -> Outcome:
    """Return the outcome of a run; its checkpoint is kept in ``folder``.

    Args:   where: where paths of the plan start.  resume: go on from the checkpoint rather than anew.
    Raises: GradproofError: a part of the plan does not fit the others, or the checkpoint is of another run.
    """
    began = time.perf_counter()
    split = read_samples(plan.data, where, plan.seed)
    whole = Network(plan.network, split.learned.inputs.shape[1:], plan.target)
    groups = tuple(kernel_groups(whole, name) for name in plan.pruning.kernels) if plan.pruning else ()
    checkpoint, fingerprint = folder / CHECKPOINT, _fingerprint(plan, split)
    state = load_state(checkpoint, fingerprint) if resume else _new_state(whole, plan)
    network = _trained(plan, whole, split, groups, state, report, lambda now: save_state(checkpoint, now, fingerprint))
    scores = network.scores(state.weights, split.held_out.inputs)
    features = network.features(state.weights, split.held_out.inputs) if plan.network.features else None
    mapped, divergence, seconds = _mapped(plan, features)
    return Outcome(
        plan=plan, network=network, split=split, state=state, scores=scores, top_k=_top_k(plan, scores, split.held_out),
        confusion=_confusion(scores, split.held_out), gradient_error=gradient_error(network, state.weights, split.held_out),
        pruned=_compared(plan, whole, network, split, groups, state), features=features, map=mapped, map_divergence=divergence,
        map_seconds=seconds, seconds=time.perf_counter() - began,
    )  # fmt: skip


def _fingerprint(plan: Plan, split: Split) -> str:
    digest = hashlib.sha256(repr(plan).encode())
    for samples in (split.learned, split.held_out):
        digest.update(np.ascontiguousarray(samples.inputs).tobytes())
        digest.update(samples.labels.tobytes())
    return digest.hexdigest()


def _new_state(network: Network, plan: Plan) -> State:
    return State(network.new_weights(plan.seed), np.random.default_rng(plan.seed))


def _trained(
    plan: Plan, whole: Network, split: Split, groups: tuple[KernelGroups, ...], state: State, report: Report | None,
    save: Callable[[State], None],
) -> Network:  # fmt: skip
    """Go through the phases that are left, and return the network that the weights of the state belong to."""
    for number, phase in enumerate(plan.training):
        if state.phase == number:
            train(whole, split, phase, f"{number + 1} {phase.optimizer}", state, plan.batch_size, report=report, save=save)
    pruning, first = plan.pruning, len(plan.training)
    if pruning is None:
        return whole
    if state.phase == first:
        state.full = state.full or {name: weight.copy() for name, weight in state.weights.items()}
        phase = PhasePlan("sgd", pruning.rate, epochs=pruning.epochs)
        penalty = KernelPenalty(groups, pruning.penalty)
        train(whole, split, phase, "pruning", state, plan.batch_size, penalty=penalty, report=report, save=save)
    is_cut = any(state.weights[name].shape != weight.shape for name, weight in state.full.items())
    if is_cut:
        smaller = replace(whole.plan, weights={name: weight.shape for name, weight in state.weights.items()})
        network = Network(smaller, whole.input_shape, whole.target)
    else:
        network, state.weights = without_dead_kernels(whole, state.weights, groups)
    if state.phase == first + 1 and pruning.tuning_epochs:
        phase = PhasePlan("sgd", pruning.rate, epochs=pruning.tuning_epochs)
        train(network, split, phase, "tuning", state, plan.batch_size, report=report, save=save)
    return network


# What the run is judged by --------------------------------------------------------------------------------------------------


def _top_k(plan: Plan, scores: npt.NDArray[np.float32], samples: Samples) -> tuple[Score, ...]:
    ks = [k for k in plan.top_k if k <= scores.shape[1]]
    return tuple(
        Score(k, *(float(top_k_error(scores, samples.labels, k, ties=ties)) for ties in ("optimistic", "pessimistic"))) for k in ks
    )


def _confusion(scores: npt.NDArray[np.float32], samples: Samples) -> npt.NDArray[np.int64]:
    """Return how many samples of each class (rows) are taken for each class (columns)."""
    found = np.zeros((scores.shape[1], scores.shape[1]), dtype=np.int64)
    np.add.at(found, (samples.labels, scores.argmax(axis=1)), 1)
    return found


def gradient_error(network: Network, weights: Weights, samples: Samples) -> float:
    """Return the largest relative error of the program's gradient against central differences, in float64 along random directions."""
    source = np.random.default_rng(0)
    batch = Samples(samples.inputs[:_CHECKED].astype(np.float64), samples.labels[:_CHECKED])
    exact: dict[str, Any] = {name: weight.astype(np.float64) for name, weight in weights.items()}
    _, gradients = network.loss_and_gradients(exact, batch)
    size = np.sqrt(sum(float((np.asarray(gradient) ** 2).sum()) for gradient in gradients.values()))
    largest = 0.0
    for _ in range(_DIRECTIONS):
        direction = {name: source.standard_normal(weight.shape) for name, weight in exact.items()}
        ends = [
            network.loss_and_gradients({name: exact[name] + sign * _STEP * direction[name] for name in exact}, batch)[0]
            for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / (2 * _STEP)
        found = sum(float((np.asarray(gradients[name]) * direction[name]).sum()) for name in exact)
        largest = max(largest, abs(slope - found) / max(abs(slope), float(size), 1e-12))
    return largest


def _compared(
    plan: Plan, whole: Network, network: Network, split: Split, groups: tuple[KernelGroups, ...], state: State
) -> Pruned | None:
    if plan.pruning is None:
        return None
    inputs, labels = split.held_out.inputs, split.held_out.labels
    pairs = ((whole, state.full), (network, state.weights))
    errors = [float(top_k_error(one.scores(weights, inputs), labels, 1)) for one, weights in pairs]
    seconds = _seconds_side_by_side(pairs, inputs)
    kernels = {group.weight: (len(state.full[group.weight]), len(state.weights[group.weight])) for group in groups}
    distance = KernelPenalty(groups, plan.pruning.penalty).distance(state.full, plan.pruning.rate)
    counts = weight_count(state.full), weight_count(state.weights)
    return Pruned(kernels, (errors[0], errors[1]), counts, seconds, distance)


def _seconds_side_by_side(
    pairs: tuple[tuple[Network, Weights], tuple[Network, Weights]], inputs: npt.NDArray[np.float32]
) -> tuple[float, float]:
    """Return the median time of a forward pass of two networks, which take turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(_TIMINGS):
        for own, (network, weights) in zip(spent, pairs, strict=True):
            began = time.perf_counter()
            network.scores(weights, inputs)
            own.append(time.perf_counter() - began)
    return median(spent[0]), median(spent[1])


def _mapped(plan: Plan, features: npt.NDArray[np.float32] | None) -> tuple[npt.NDArray[Any] | None, float | None, float]:
    if plan.map is None or features is None:
        return None, None, 0.0
    began = time.perf_counter()
    model = TSNE(perplexity=plan.map.perplexity, random_state=plan.seed)
    mapped = model.fit_transform(features)
    return mapped, float(model.kl_divergence_), time.perf_counter() - began

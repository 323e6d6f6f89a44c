"""The whole run: training, pruning, metrics, the map, and the certificate of each step."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, FormulaError
from gradproof.experiment.checkpoint import load_state, save_state
from gradproof.experiment.data import Arrays, Floats, Split, read_samples
from gradproof.experiment.fit import State, Watch, train
from gradproof.experiment.kernels import KernelGroups, KernelPenalty, kernel_groups, with_open_kernels, without_dead_kernels
from gradproof.experiment.network import Network, Weights, weight_count
from gradproof.experiment.plan import PhasePlan, Plan
from gradproof.experiment.scoring import Score, confusion_matrix, gradient_error, top_k_scores
from gradproof.metrics.top_k import top_k_error
from gradproof.tsne.components import principal_components
from gradproof.tsne.estimator import TSNE

CHECKPOINT = "checkpoint.npz"
_TIMINGS = 9


@dataclass(frozen=True)
class Pruned:
    """What pruning came to: kernels before and after by weight, errors, weights, and the time of a forward pass of both networks."""

    kernels: dict[str, tuple[int, int]]
    errors: tuple[float, float]
    weights: tuple[int, int]
    seconds: tuple[float, float]
    prox_distance: float


@dataclass(frozen=True)
class Map:
    """The t-SNE map of the held-out samples' features; ``inputs`` are these, or their principal components."""

    inputs: npt.NDArray[Any]
    points: npt.NDArray[Any]
    divergence: float
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """A finished run; ``training_seconds`` are those of all epochs, those before a break included."""

    plan: Plan
    network: Network
    split: Split
    state: State
    scores: Floats
    top_k: tuple[Score, ...]
    confusion: npt.NDArray[np.int64]
    gradient_error: float
    pruned: Pruned | None
    features: Floats | None
    map: Map | None
    training_seconds: float
    seconds: float


def run(
    plan: Plan,
    folder: str | Path,
    *,
    data_folder: str | Path = ".",
    arrays: Arrays | None = None,
    resume: bool = False,
    watch: Watch | None = None,
) -> Outcome:
    """Return the outcome of a run, whose checkpoint is kept in a folder.

    Args:   folder: an existing folder for the checkpoint.  data_folder: where a path in the plan starts.
            arrays: inputs and labels that are taken rather than those that the plan names.
            resume: go on from the checkpoint rather than anew.  watch: is told of each batch and epoch.
    Raises: GradproofError: a part of the plan does not fit the others, or the checkpoint is of another run.
    """
    began = time.perf_counter()
    split = read_samples(plan.data, Path(data_folder), plan.seed, arrays)
    network, groups = _network(plan, split)
    checkpoint, fingerprint = Path(folder) / CHECKPOINT, _fingerprint(plan, split)
    state = load_state(checkpoint, fingerprint) if resume else _new_state(network, plan)
    _check_scores(network, state.weights, split)
    _train_all(_Course(plan, network, split, groups, watch or Watch(), lambda now: save_state(checkpoint, now, fingerprint)), state)
    inputs, labels = split.held_out.inputs, split.held_out.labels
    scores = network.scores(state.weights, inputs)
    features = network.features(state.weights, inputs) if plan.network.features else None
    return Outcome(
        plan=plan, network=network, split=split, state=state, scores=scores, top_k=top_k_scores(scores, labels, plan.top_k),
        confusion=confusion_matrix(scores, labels), gradient_error=gradient_error(network, state.weights, split.held_out),
        pruned=_compared(plan, network, split, groups, state), features=features, map=_mapped(plan, features),
        training_seconds=sum(epoch.seconds for epoch in state.history), seconds=time.perf_counter() - began,
    )  # fmt: skip


def _network(plan: Plan, split: Split) -> tuple[Network, tuple[KernelGroups, ...]]:
    """Return the network, and the kernels that may be removed from it."""
    if plan.map and not plan.network.features:
        raise FormulaError("the part whose map is drawn was expected", got="none", where="network.features", remedy="Name a part.")
    if plan.map and 3 * plan.map.perplexity >= len(split.held_out):
        raise DomainError(
            f"a perplexity below a third of the {len(split.held_out)} held-out samples was expected", got=f"{plan.map.perplexity:g}",
            where="map.perplexity", remedy="Lower it, or hold out more.",
        )  # fmt: skip
    network = Network(plan.network, split.learned.inputs.shape[1:], plan.target)
    groups = tuple(kernel_groups(network, name) for name in plan.pruning.kernels) if plan.pruning else ()
    return (with_open_kernels(network, groups) if groups else network), groups


def _check_scores(network: Network, weights: Weights, split: Split) -> None:
    """Refuse scores that are no table of classes, and labels that have no score: compiled loops do not look."""
    scores = network.scores(weights, split.held_out.inputs[:1])
    if scores.ndim != 2:
        raise FormulaError(
            "scores with two axes, samples and classes, were expected", got=f"{scores.ndim}", where="network.scores",
            remedy="Name the part that goes into the loss.",
        )  # fmt: skip
    if split.classes > scores.shape[1]:
        raise DomainError(
            f"class numbers below {scores.shape[1]}, the number of scores, were expected", got=str(split.classes - 1),
            where="data.labels", remedy="Give the last layer more outputs, or mend the label.",
        )  # fmt: skip


def _fingerprint(plan: Plan, split: Split) -> str:
    digest = hashlib.sha256(repr(plan).encode())
    for samples in (split.learned, split.held_out, split.watched):
        digest.update(np.ascontiguousarray(samples.inputs).tobytes())
        digest.update(samples.labels.tobytes())
    return digest.hexdigest()


def _new_state(network: Network, plan: Plan) -> State:
    return State(network.new_weights(plan.seed), np.random.default_rng(plan.seed))


# Training -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Course:
    """What all phases of a run share."""

    plan: Plan
    network: Network
    split: Split
    groups: tuple[KernelGroups, ...]
    watch: Watch
    save: Callable[[State], None]

    def train(self, phase: PhasePlan, name: str, state: State, penalty: KernelPenalty | None = None) -> None:
        """Go through what is left of a phase."""
        size = self.plan.batch_size
        train(self.network, self.split, phase, name, state, size, penalty=penalty, watch=self.watch, save=self.save)


def _train_all(course: _Course, state: State) -> None:
    """Go through the phases that are left."""
    course.watch.begin(len(state.history))
    phases, pruning = course.plan.training, course.plan.pruning
    for number, phase in enumerate(phases):
        if state.phase == number:
            course.train(phase, f"{number + 1} {phase.optimizer}", state)
    if pruning is None:
        return
    if state.phase == len(phases):
        state.full = state.full or {name: weight.copy() for name, weight in state.weights.items()}
        penalty = KernelPenalty(course.groups, pruning.penalties, pruning.share)
        # A proximal step fits a step along the gradient alone: with momentum the penalty would count less than the plan says.
        course.train(PhasePlan("sgd", pruning.rate, momentum=0.0, epochs=pruning.epochs), "pruning", state, penalty)
    if state.phase == len(phases) + 1 and state.epoch == 0:
        state.weights = without_dead_kernels(state.weights, course.groups)
    if state.phase == len(phases) + 1 and pruning.tuning_epochs:
        course.train(PhasePlan("sgd", pruning.tuning_rate, epochs=pruning.tuning_epochs), "tuning", state)


# What comes after -----------------------------------------------------------------------------------------------------------


def _compared(plan: Plan, network: Network, split: Split, groups: tuple[KernelGroups, ...], state: State) -> Pruned | None:
    if plan.pruning is None:
        return None
    inputs, labels = split.held_out.inputs, split.held_out.labels
    pair = (state.full, state.weights)
    before, after = (float(top_k_error(network.scores(weights, inputs), labels, 1)) for weights in pair)
    kernels = {group.weight: (len(state.full[group.weight]), len(state.weights[group.weight])) for group in groups}
    distance = KernelPenalty(groups, plan.pruning.penalties).distance(state.full, plan.pruning.rate)
    counts = weight_count(state.full), weight_count(state.weights)
    return Pruned(kernels, (before, after), counts, _seconds_side_by_side(network, pair, inputs), distance)


def _seconds_side_by_side(network: Network, pair: tuple[Weights, Weights], inputs: Floats) -> tuple[float, float]:
    """Return the least time of a forward pass with each of two sets of weights, which take turns: other work only adds to it."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(_TIMINGS):
        for own, weights in zip(spent, pair, strict=True):
            began = time.perf_counter()
            network.scores(weights, inputs)
            own.append(time.perf_counter() - began)
    return min(spent[0]), min(spent[1])


def _mapped(plan: Plan, features: Floats | None) -> Map | None:
    if plan.map is None or features is None:
        return None
    began = time.perf_counter()
    model = TSNE(perplexity=plan.map.perplexity, random_state=plan.seed)
    reduced = principal_components(features, plan.map.components, plan.seed) if plan.map.components else features
    points = model.fit_transform(reduced)
    return Map(reduced, points, float(model.kl_divergence_), time.perf_counter() - began)

"""Training over minibatches: phases of epochs, each of which can be saved and gone on from with the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradproof.errors import DomainError
from gradproof.experiment.data import Samples, Split
from gradproof.experiment.kernels import KernelPenalty
from gradproof.experiment.network import Network, Weights
from gradproof.experiment.plan import PhasePlan
from gradproof.metrics.top_k import top_k_error
from gradproof.solvers.stochastic import AbstractUpdate, Adam, Sgd


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to: its mean loss over the batches, and the top-1 error on the samples that are watched."""

    phase: str
    number: int
    loss: float
    error: float
    seconds: float


@dataclass
class State:
    """Where training stands: the weights, what the optimizer remembers, the source of random orders, the epochs so far.

    ``full`` are the weights before any kernel was removed.
    """

    weights: Weights
    source: np.random.Generator
    memory: dict[str, list[Any]] = field(default_factory=dict)
    updates: int = 0
    phase: int = 0
    epoch: int = 0
    history: list[Epoch] = field(default_factory=list)
    full: Weights = field(default_factory=dict)


class Watch:
    """Is told how training goes; this one keeps it to itself."""

    def begin(self, epochs_done: int) -> None:
        """Training begins, or goes on after some epochs."""

    def batch(self, phase: str, epoch: int, epochs: int, share: float) -> None:
        """A share of the batches of an epoch, the number ``epoch`` of ``epochs``, is done."""

    def epoch(self, made: Epoch, epochs: int) -> None:
        """An epoch is done, and saved."""


def train(
    network: Network, split: Split, phase: PhasePlan, name: str, state: State, batch_size: int, *,
    penalty: KernelPenalty | None = None, watch: Watch | None = None, save: Callable[[State], None] | None = None,
) -> None:  # fmt: skip
    """Go through the epochs of a phase that are left, and change the state with each.

    With ``penalty`` each step of the optimizer is followed by its proximal step: whole kernels become zero.
    Raises: DomainError: the loss is no longer finite.
    """
    watch = watch or Watch()
    if state.epoch == 0:
        state.memory, state.updates = {}, 0
    batches = -(-len(split.learned) // batch_size)
    while state.epoch < phase.epochs:
        began = time.perf_counter()
        loss = 0.0
        # A loss that overflows is refused below, in words.
        with np.errstate(all="ignore"):
            for number, batch in enumerate(split.learned.batches(batch_size, state.source), 1):
                loss += len(batch) * _step(network, batch, phase, state, phase.epochs * batches, penalty)
                watch.batch(name, state.epoch + 1, phase.epochs, number / batches)
        loss /= len(split.learned)
        seconds = time.perf_counter() - began
        if not np.isfinite(loss) or not all(np.isfinite(weight).all() for weight in state.weights.values()):
            raise DomainError(
                "a finite loss and finite weights were expected", got=f"a loss of {loss:g} in epoch {state.epoch + 1} of phase '{name}'",
                remedy=f"Lower the rate, {phase.rate:g}, or the penalty.",
            )  # fmt: skip
        error = float(top_k_error(network.scores(state.weights, split.watched.inputs), split.watched.labels, 1))
        state.epoch += 1
        made = Epoch(name, state.epoch, loss, error, seconds)
        state.history.append(made)
        if save is not None:
            save(state)
        watch.epoch(made, phase.epochs)
    state.phase, state.epoch = state.phase + 1, 0


def _step(network: Network, batch: Samples, phase: PhasePlan, state: State, steps: int, penalty: KernelPenalty | None) -> float:
    """Move the weights by one batch and return its loss before that."""
    loss, gradients = network.loss_and_gradients(state.weights, batch)
    rate = _rate(phase, state.updates / steps)
    held = penalty.held(state.weights) if penalty is not None else None
    update = _update(phase, rate)
    state.updates += 1
    for name, gradient in gradients.items():
        memory = state.memory.setdefault(name, [])
        moved = update.apply(state.weights[name], gradient, memory, state.updates)
        state.weights[name] = moved.astype(np.float32, copy=False)
    if penalty is not None:
        (penalty.scaled(2.0**state.epoch) if penalty.share else penalty).apply(state.weights, rate, held)
    return loss


def _rate(phase: PhasePlan, done: float) -> float:
    """Return the step along a cosine from the first to the final one (Loshchilov and Hutter 2017)."""
    floor = phase.final_rate
    return floor + (phase.rate - floor) * (1 + float(np.cos(np.pi * done))) / 2


def _update(phase: PhasePlan, rate: float) -> AbstractUpdate:
    if phase.optimizer == "adam":
        return Adam(rate=rate, weight_decay=phase.weight_decay)
    return Sgd(rate=rate, momentum=phase.momentum)

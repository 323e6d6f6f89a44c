"""Training over minibatches: phases of epochs, each of which can be saved and gone on from with the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradproof.experiment.data import Samples, Split
from gradproof.experiment.kernels import KernelPenalty
from gradproof.experiment.network import Network, Weights
from gradproof.experiment.plan import PhasePlan
from gradproof.metrics.top_k import top_k_error
from gradproof.solvers.stochastic import AbstractUpdate, Adam, Sgd

Report = Callable[["Epoch", int], None]


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to: its mean loss over the batches, and the top-1 error on the held-out samples."""

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


def train(
    network: Network, split: Split, phase: PhasePlan, name: str, state: State, batch_size: int, *,
    penalty: KernelPenalty | None = None, report: Report | None = None, save: Callable[[State], None] | None = None,
) -> None:  # fmt: skip
    """Go through the epochs of a phase that are left, and change the state with each.

    With ``penalty`` each step of the optimizer is followed by its proximal step: whole kernels become zero.
    """
    if state.epoch == 0:
        state.memory, state.updates = {}, 0
    steps = phase.epochs * -(-len(split.learned) // batch_size)
    while state.epoch < phase.epochs:
        began = time.perf_counter()
        loss = _epoch(network, split.learned, phase, state, batch_size, steps, penalty)
        seconds = time.perf_counter() - began
        error = float(top_k_error(network.scores(state.weights, split.held_out.inputs), split.held_out.labels, 1))
        state.epoch += 1
        made = Epoch(name, state.epoch, loss, error, seconds)
        state.history.append(made)
        if save is not None:
            save(state)
        if report is not None:
            report(made, phase.epochs)
    state.phase, state.epoch = state.phase + 1, 0


def _epoch(
    network: Network, samples: Samples, phase: PhasePlan, state: State, batch_size: int, steps: int, penalty: KernelPenalty | None
) -> float:
    total = 0.0
    for batch in samples.batches(batch_size, state.source):
        value, gradients = network.loss_and_gradients(state.weights, batch)
        total += value * len(batch)
        rate = _rate(phase, state.updates / steps)
        update = _update(phase, rate)
        state.updates += 1
        for name, gradient in gradients.items():
            memory = state.memory.setdefault(name, [])
            moved = update.apply(state.weights[name], gradient, memory, state.updates)
            state.weights[name] = moved.astype(np.float32, copy=False)
        if penalty is not None:
            penalty.apply(state.weights, rate)
    return total / len(samples)


def _rate(phase: PhasePlan, done: float) -> float:
    """Return the step along a cosine from the first to the final one (Loshchilov and Hutter 2017)."""
    floor = phase.final_rate
    return floor + (phase.rate - floor) * (1 + float(np.cos(np.pi * done))) / 2


def _update(phase: PhasePlan, rate: float) -> AbstractUpdate:
    if phase.optimizer == "adam":
        return Adam(rate=rate, weight_decay=phase.weight_decay)
    return Sgd(rate=rate, momentum=phase.momentum)

"""Stochastic gradients: SGD with momentum, Adam and AdamW over minibatches."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError
from gradproof.prox.checks import Array, count, float_array, nonnegative, positive
from gradproof.solvers.result import Certificate, History, Reason, Result, Stopping

BatchLoss = Callable[[Array, npt.NDArray[np.intp]], tuple[float, Array]]


class AbstractUpdate(ABC):
    """How a gradient moves x; keeps its own running sums in ``memory``."""

    @abstractmethod
    def apply(self, x: Array, gradient: Array, memory: list[Array], time_step: int) -> Array:
        """Return the next x."""


@dataclass(frozen=True, slots=True)
class Sgd(AbstractUpdate):
    """move <- momentum move - rate gradient; x <- x + move (Nesterov: looks ahead by momentum move)."""

    rate: float = 0.01
    momentum: float = 0.0
    is_nesterov: bool = False

    def __post_init__(self) -> None:
        positive(self.rate, "rate", "Sgd")
        _share(self.momentum, "momentum", "Sgd")

    def apply(self, x: Array, gradient: Array, memory: list[Array], time_step: int) -> Array:
        """Return the next x."""
        if not memory:
            memory.append(np.zeros_like(x))
        memory[0] *= self.momentum
        memory[0] -= self.rate * gradient
        move = self.momentum * memory[0] - self.rate * gradient if self.is_nesterov else memory[0]
        return x + move


@dataclass(frozen=True, slots=True)
class Adam(AbstractUpdate):
    """Moves by the running mean of gradients over the root of that of their squares, both freed of their start at zero.

    Args:     rate, beta_1, beta_2, epsilon: as in the source.  weight_decay: pulls x to zero apart from the gradient (AdamW).
    Source:   Kingma and Ba 2015; Loshchilov and Hutter 2019.
    """

    rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        positive(self.rate, "rate", "Adam")
        positive(self.epsilon, "epsilon", "Adam")
        nonnegative(self.weight_decay, "weight_decay", "Adam")
        _share(self.beta_1, "beta_1", "Adam")
        _share(self.beta_2, "beta_2", "Adam")

    def apply(self, x: Array, gradient: Array, memory: list[Array], time_step: int) -> Array:
        """Return the next x."""
        if not memory:
            memory += [np.zeros_like(x), np.zeros_like(x)]
        memory[0] *= self.beta_1
        memory[0] += (1 - self.beta_1) * gradient
        memory[1] *= self.beta_2
        memory[1] += (1 - self.beta_2) * np.square(gradient)
        mean, square = memory[0] / (1 - self.beta_1**time_step), memory[1] / (1 - self.beta_2**time_step)
        return np.asarray(x * (1 - self.rate * self.weight_decay) - self.rate * mean / (np.sqrt(square) + self.epsilon))


def adam_w(rate: float = 1e-3, weight_decay: float = 0.01) -> Adam:
    """Return Adam with decoupled weight decay."""
    return Adam(rate=rate, weight_decay=weight_decay)


def minimize_stochastic(
    loss: BatchLoss, start: npt.ArrayLike, samples: int, update: AbstractUpdate, *, batch_size: int = 32, seed: int = 0,
    stopping: Stopping | None = None,
) -> Result:  # fmt: skip
    """Return the point after epochs of minibatches in random order.

    Args:     loss: returns value and gradient of the mean loss of the samples with the given numbers.
              samples: how many there are.  stopping: an iteration is one epoch.
    Returns:  the epoch's end with the lowest objective; its certificate is the norm of the full gradient relative to the start's.
    Raises:   DomainError: no samples, or no batch.
    """
    x = float_array(start, "start", "minimize_stochastic")
    samples, batch_size = (
        count(samples, "samples", "minimize_stochastic", 1),
        count(batch_size, "batch_size", "minimize_stochastic", 1),
    )
    return _Epochs(loss, x, samples, update, batch_size, seed, stopping or Stopping(max_iterations=20)).run()


class _Epochs:
    def __init__(
        self, loss: BatchLoss, x: Array, samples: int, update: AbstractUpdate, batch_size: int, seed: int, stopping: Stopping
    ) -> None:
        self.loss, self.x, self.samples, self.update, self.batch_size = loss, x, samples, update, batch_size
        self.stopping, self.random = stopping, np.random.default_rng(seed)
        self.memory: list[Array] = []
        self.updates = 0
        self.history, self.began = History(), time.perf_counter()
        self.best, self.objective, self.certificate, self.scale = x, np.inf, np.inf, 0.0

    def run(self) -> Result:
        """Go through the samples again and again."""
        reason: Reason = "iterations"
        epoch = 0
        try:
            for epoch in range(self.stopping.max_iterations + 1):
                found = self._terminate(epoch)
                if found is not None:
                    reason = found
                    break
                if epoch < self.stopping.max_iterations:
                    self._epoch()
        except KeyboardInterrupt:
            reason = "interrupted"
        return Result(
            x=self.best, objective=self.objective,
            certificate=Certificate("gradient relative to that at the start", self.certificate, self.stopping.tolerance),
            solver=type(self.update).__name__, reason=reason, iterations=epoch, seconds=time.perf_counter() - self.began,
            history=self.history.arrays(), passes=float(2 * epoch + 1),
        )  # fmt: skip

    def _epoch(self) -> None:
        order = self.random.permutation(self.samples)
        for first in range(0, self.samples, self.batch_size):
            _, gradient = self.loss(self.x, order[first : first + self.batch_size])
            self.updates += 1
            self.x = self.update.apply(self.x, np.asarray(gradient), self.memory, self.updates)

    def _terminate(self, epoch: int) -> Reason | None:
        if not np.isfinite(self.x).all():
            return "diverged"
        value, gradient = self.loss(self.x, np.arange(self.samples))
        size, seconds = float(np.linalg.norm(gradient)), time.perf_counter() - self.began
        self.scale = self.scale or max(size, float(np.finfo(np.float64).tiny))
        if not np.isfinite(value):
            return "diverged"
        self.history.add(epoch, seconds, value, size / self.scale)
        if value <= self.objective:
            self.best, self.objective, self.certificate = self.x, float(value), size / self.scale
        if self.certificate <= self.stopping.tolerance:
            return "converged"
        if self.stopping.callback is not None and self.stopping.callback(epoch, value, size / self.scale):
            return "stopped"
        return "seconds" if seconds >= self.stopping.max_seconds else None


def _share(value: float, name: str, where: str) -> None:
    if not 0 <= value < 1:
        raise DomainError(f"{name} has to be at least 0 and below 1", got=f"{value}", where=where)

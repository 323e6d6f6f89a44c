"""A network that is written as one formula: its weights, and the programs of its loss, gradients, scores and features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.errors import FormulaError
from gradproof.experiment.data import Floats, Samples
from gradproof.experiment.plan import NetworkPlan
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.program.compilation import compile
from gradproof.program.program import Program

Weights = dict[str, Floats]
#: An axis of an array, by the array's name and the axis' place.
Axis = tuple[str, int]
#: Samples that go through a network at once where only its scores are wanted.
_CHUNK = 1024


class Network:
    """A formula with weights of certain shapes, over inputs of a certain shape.

    Args:   input_shape: the axes of one sample, without the axis of the batch.
            open_axes: names for axes of weights whose sizes may change, by weight and place: one program serves all sizes.
    Raises: FormulaError, ShapeError: the formula cannot be read, is no scalar, or the shapes do not fit it.
    """

    def __init__(
        self, plan: NetworkPlan, input_shape: Sequence[int], target: str, open_axes: Mapping[Axis, str] | None = None
    ) -> None:
        self.plan = plan
        self.input_shape = tuple(input_shape)
        self.target = target
        named = open_axes or {}
        sizes = {
            name: [named.get((name, place), str(size)) for place, size in enumerate(shape)] for name, shape in plan.weights.items()
        }
        self.declarations = (
            f"{plan.inputs}: {','.join(['n', *map(str, self.input_shape)])}",
            f"{plan.labels}: n",
            *(f"{name}: {','.join(own)}" for name, own in sizes.items()),
        )
        self.formula: Formula = parse(plan.formula, self.declarations)
        self._check()

    def _check(self) -> None:
        known = {symbol.name for symbol in self.formula.symbols}
        for name in (self.plan.inputs, self.plan.labels, *self.plan.weights):
            if name not in known:
                raise FormulaError("a variable of the network was expected", got=f"'{name}'", remedy=f"It has {', '.join(known)}.")
        missing = known - {self.plan.inputs, self.plan.labels, *self.plan.weights}
        if missing:
            raise FormulaError("a shape was expected for every weight", got=f"none for {', '.join(sorted(missing))}")
        if self.formula.axes:
            raise FormulaError("a formula whose value is one number, the loss of a batch, was expected", got="one with axes")
        stages = self.formula.stages.order if self.formula.stages is not None else ()
        parts = dict.fromkeys([*(stage.symbol.name for stage in stages), *(part.name for part in self.formula.intermediates)])
        for key, name in (("scores", self.plan.scores), ("features", self.plan.features)):
            if name and name not in parts:
                raise FormulaError(
                    "a named part of the formula was expected", got=f"'{name}'", where=f"network.{key}",
                    remedy=f"It has {', '.join(parts)}." if parts else "Name parts as in 'z = X*W; cross_entropy(z, y)'.",
                )  # fmt: skip

    # Programs ---------------------------------------------------------------------------------------------------------

    @cached_property
    def training(self) -> Program:
        """The loss of a batch and its gradients by all weights, in one pass."""
        return compile(self.formula, ["value", *map(_gradient, self.plan.weights)], self.target)

    @cached_property
    def reading(self) -> Program:
        """The scores of a batch, and its features where the plan names some."""
        parts = [self.plan.scores, *([self.plan.features] if self.plan.features else [])]
        return compile(self.formula, [f"part {part}" for part in parts], self.target)

    @cached_property
    def exact(self) -> Program:
        """The loss by a program of its own, NumPy's: what the gradients are checked against."""
        return compile(self.formula, ["value"], "numpy")

    def exact_loss(self, weights: Mapping[str, npt.NDArray[np.float64]], batch: Samples) -> float:
        """Return the mean loss of a batch in double precision."""
        values = {self.plan.inputs: batch.inputs.astype(np.float64), self.plan.labels: batch.labels, **weights}
        return float(self.exact(**values)["value"])

    def loss_and_gradients(self, weights: Weights, batch: Samples) -> tuple[float, Weights]:
        """Return the mean loss of a batch, and its gradients by name."""
        found = self.training(**self._values(weights, batch.inputs), **{self.plan.labels: batch.labels})
        return float(found["value"]), {name: _array(found[_gradient(name)]) for name in self.plan.weights}

    def scores(self, weights: Weights, inputs: Floats) -> Floats:
        """Return the scores of the classes, (samples, classes)."""
        return self._read(weights, inputs, self.plan.scores)

    def features(self, weights: Weights, inputs: Floats) -> Floats:
        """Return the features, one row a sample."""
        found = self._read(weights, inputs, self.plan.features)
        return found.reshape(len(found), -1)

    def _read(self, weights: Weights, inputs: Floats, part: str) -> Floats:
        chunks = [inputs[first : first + _CHUNK] for first in range(0, len(inputs), _CHUNK)]
        return np.concatenate([_array(self.reading(**self._values(weights, chunk))[f"part {part}"]) for chunk in chunks])

    def _values(self, weights: Weights, inputs: Floats) -> dict[str, Any]:
        return {self.plan.inputs: inputs, **weights}

    # Weights ----------------------------------------------------------------------------------------------------------

    def new_weights(self, seed: int) -> Weights:
        """Return weights to begin with: normal with variance 2 over the entries that one output reads, biases zero.

        Source: He, Zhang, Ren, Sun 2015.
        """
        source = np.random.default_rng(seed)
        found: Weights = {}
        for name, shape in self.plan.weights.items():
            reads = int(np.prod(shape[1:])) if len(shape) > 1 else 0
            scale = np.sqrt(2 / reads) if reads else 0.0
            found[name] = (scale * source.standard_normal(shape)).astype(np.float32)
        return found


def weight_count(weights: Mapping[str, npt.NDArray[Any]]) -> int:
    """Return how many numbers are learned."""
    return sum(weight.size for weight in weights.values())


def _gradient(name: str) -> str:
    return f"gradient wrt {name}"


def _array(value: Any) -> Floats:
    """Return a result of any target as an array of NumPy; PyTorch's shares its memory."""
    found: Floats = np.asarray(value)
    return found

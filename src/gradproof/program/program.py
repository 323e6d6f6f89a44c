"""A program: the source of what was asked of a formula, and that source at work on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gradproof.codegen.module import TOGETHER, parameters
from gradproof.codegen.signature import Output
from gradproof.errors import FormulaError
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula
from gradproof.formula.values import check_shapes
from gradproof.program.storage import load, write


@dataclass(frozen=True)
class Program:
    """What was asked of a formula, as one module that needs nothing of Gradproof.

    ``source`` is the module: a function for each output, and ``outputs``, which computes several in one pass.
    """

    formula: Formula
    requests: tuple[str, ...]
    outputs: tuple[Output, ...]
    target: str
    source: str

    @property
    def arguments(self) -> tuple[Symbol, ...]:
        """The variables that a call takes, by name."""
        return tuple(dict.fromkeys(symbol for output in self.outputs for symbol in output.formula.symbols))

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The functions of the module, by the name of their output."""
        namespace = load(self.source, keep=self.target == "numba")
        return {name: namespace[name] for name in (*(output.name for output in self.outputs), TOGETHER) if name in namespace}

    def __call__(self, **values: Any) -> dict[str, Any]:
        """Return the outputs at some values, by the words in which they were asked for.

        Args:     values: arrays and numbers, by the names of the variables.
        Raises:   FormulaError: a variable has no value, or a value belongs to no variable. ShapeError: a shape does not fit.
        """
        known = {symbol.name: symbol for symbol in self.arguments}
        for name in known:
            if name not in values:
                raise FormulaError(f"a value of {name} was expected", got="none", remedy=f"Give it by name: {name}=...")
        for name in values:
            if name not in known:
                raise FormulaError("a variable of the formula was expected", got=f"'{name}'", remedy=f"It has {', '.join(known)}.")
        check_shapes(self.arguments, values)
        arguments = {made: values[name] for name, made in parameters(self.formula, self.outputs, self.target).items()}
        if len(self.outputs) == 1:
            return {self.requests[0]: self.functions[self.outputs[0].name](**arguments)}
        found = self.functions[TOGETHER](**arguments)
        return {request: found[output.name] for request, output in zip(self.requests, self.outputs, strict=True)}

    def save(self, path: str | Path) -> Path:
        """Write the module to a file and return its path.

        Raises: ReadError: the file cannot be written. FormulaError: its name does not end with ``.py``.
        """
        place = Path(path)
        if place.suffix != ".py":
            raise FormulaError("a file name that ends with .py was expected", got=f"'{place.name}'")
        write(place, self.source)
        return place

"""A program: the source of what was asked of a formula, and that source at work on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gradproof.codegen.functions import TOGETHER
from gradproof.codegen.loop_module import entry_source
from gradproof.codegen.module import parameters, program_source
from gradproof.codegen.range_helpers import RANGE_CHECK
from gradproof.codegen.signature import Output
from gradproof.errors import FormulaError
from gradproof.expr.node import Symbol
from gradproof.formula.formula import Formula
from gradproof.formula.values import check_shapes
from gradproof.program.batches import Batch, Layout, batch_of, in_batches
from gradproof.program.entry import Entry
from gradproof.program.inputs import check_numbers, native, told, with_floats
from gradproof.program.storage import load, write

#: How many combinations of shapes a program remembers as fitting.
_REMEMBERED = 1000


class _Called:
    """What is called through an attribute: Python finds it without a frame of its own, which is half of the time of a small program."""

    __slots__ = ("__call__",)
    __call__: Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Program(_Called):
    """What was asked of a formula, as one module that needs nothing of Gradproof.

    ``source`` is the module: a function for each output, and ``outputs``, which computes several in one pass. A call ``program(x=...)``
    returns what ``at`` does, by the quickest way that is open for the types that it met last.
    """

    formula: Formula
    requests: tuple[str, ...]
    outputs: tuple[Output, ...]
    target: str
    source: str
    #: The programs for the batches that were met, by the layout of these.
    _batched: dict[Layout, Program] = field(default_factory=dict, repr=False, compare=False)
    #: The names and shapes of calls that were found to fit: a program is called again and again with the same.
    _fitting: set[Any] = field(default_factory=set, repr=False, compare=False)

    @cached_property
    def arguments(self) -> tuple[Symbol, ...]:
        """The variables that a call takes, by name."""
        return tuple(dict.fromkeys(symbol for output in self.outputs for symbol in output.formula.symbols))

    @cached_property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """The functions of the module, by the name of their output; ``formula`` is the one that PyTorch and JAX can differentiate."""
        namespace = load(self.source, keep=self.target == "numba")
        if RANGE_CHECK in namespace:
            namespace[RANGE_CHECK] = told(namespace[RANGE_CHECK])
        return {
            name: namespace[name] for name in (*(output.name for output in self.outputs), TOGETHER, "formula") if name in namespace
        }

    def __post_init__(self) -> None:
        self._go(self.at)

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.formula, self.requests, self.outputs, self.target, self.source)

    def at(self, /, *unnamed: Any, **values: Any) -> dict[str, Any]:
        """Return the outputs at some values, by the words in which they were asked for.

        An input with more leading axes than its variable is a batch, one without is shared; every output then has the axes of
        the batch in front of its own.

        Args:     values: arrays and numbers, by the names of the variables.
        Raises:   FormulaError: a variable has no value, one that is not made of real numbers, or a value belongs to no variable.
                  ShapeError: a shape does not fit. FormulaError: a number of an entry or of a class is beside its range.
        """
        self._go(self.at)
        shapes = tuple(map(_shape, values.values()))
        if (tuple(values), shapes) in self._fitting and not unnamed:
            return self._computed(values)
        known = {symbol.name: symbol for symbol in self.arguments}
        if unnamed:
            remedy = f"Give each by name: {', '.join(f'{name}=...' for name in known)}."
            raise FormulaError(
                "values by the names of the variables were expected", got=f"{len(unnamed)} without a name", remedy=remedy
            )
        for name in known:
            if values.get(name) is None:
                raise FormulaError(f"a value of {name} was expected", got="none", remedy=f"Give it by name: {name}=...")
        for name in values:
            if name not in known:
                raise FormulaError("a variable of the formula was expected", got=f"'{name}'", remedy=f"It has {', '.join(known)}.")
        check_numbers(self.arguments, values)
        values = with_floats(values)
        batch = batch_of(self.arguments, values)
        if batch is not None:
            return self._at_batch(batch)
        check_shapes(self.arguments, values)
        found = self._computed(values)
        if self._entry is not None:
            self._go(self._entry.learned(values) or self.at)
            return found
        is_plain = None not in shapes and not any("size" in symbol.properties for symbol in self.arguments)
        if is_plain and len(self._fitting) < _REMEMBERED:
            self._fitting.add((tuple(values), shapes))
        return found

    def batched(self, /, **axes: int) -> Program:
        """Return the program for batches, to be read or saved: ``batched(x=1)`` takes ``x`` with one leading axis more.

        Raises: FormulaError: a name is no variable, or a number of axes is not positive; a function has no code for batches.
        """
        known = [symbol.name for symbol in self.arguments if "size" not in symbol.properties]
        for name, count in axes.items():
            if name not in known:
                raise FormulaError("a variable of the formula was expected", got=f"'{name}'", remedy=f"It has {', '.join(known)}.")
            if count < 1:
                raise FormulaError(f"{name}: at least one leading axis was expected", got=str(count))
        if not axes:
            raise FormulaError("the variables that come in batches were expected", got="none", remedy="Give one: x=1.")
        return self._for(tuple((name, tuple(range(axes[name]))[::-1]) for name in known if name in axes))

    def _go(self, way: Callable[..., dict[str, Any]]) -> None:
        """Take a way at the next call."""
        object.__setattr__(self, "__call__", way)

    def _for(self, layout: Layout) -> Program:
        found = self._batched.get(layout)
        if found is None:
            formula, outputs = in_batches(self.formula, self.outputs, layout)
            source = program_source(formula, outputs, self.target, together=True)
            found = self._batched[layout] = Program(formula, self.requests, outputs, self.target, source)
        return found

    def _at_batch(self, batch: Batch) -> dict[str, Any]:
        program = self._for(batch.layout)
        check_shapes(program.arguments, batch.values)
        return program._computed(batch.values)

    def _computed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        function, spelled = self._call
        if self.target in ("torch", "jax"):
            values = native(values)
        found = function(**{made: values[name] for name, made in spelled})
        if len(self.outputs) == 1:
            return {self.requests[0]: found}
        return dict(zip(self.requests, found.values(), strict=True))

    @cached_property
    def _entry(self) -> Entry | None:
        """The quick way in, where one compiled function does all of the work, and no entry has to be looked at before."""
        made = entry_source(self.formula, self.outputs, self.requests) if self.target == "numba" else None
        if made is None:
            return None
        return Entry(*made, {**self._call[0].__globals__, "_otherwise": self.at, "_REFUSED": (TypeError, ValueError)})

    @cached_property
    def _call(self) -> tuple[Callable[..., Any], list[tuple[str, str]]]:
        """The function that computes all outputs, and how it spells the names of the variables that it takes."""
        function = self.functions[self.outputs[0].name if len(self.outputs) == 1 else TOGETHER]
        return function, list(parameters(self.formula, self.outputs, self.target).items())

    def save(self, path: str | Path) -> Path:
        """Write the module to a file and return its path.

        Raises: ReadError: the file cannot be written. FormulaError: its name does not end with ``.py``.
        """
        place = Path(path)
        if place.suffix != ".py":
            raise FormulaError("a file name that ends with .py was expected", got=f"'{place.name}'")
        write(place, self.source)
        return place


def _shape(value: Any) -> Any:
    """Return the shape and the type of a number or an array, None for anything else."""
    if type(value) is float:
        return ()
    shape = getattr(value, "shape", None)
    return None if shape is None else (shape, getattr(value, "dtype", None))

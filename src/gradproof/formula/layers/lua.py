"""The layers of Lua Torch under its names: widths come before heights, and each is an argument of its own."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.value import Value
from gradproof.expr.build import ONE, ZERO
from gradproof.expr.node import Expr
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.kinds import Relation, Table
from gradproof.formula.layers.adaptive import pooled
from gradproof.formula.layers.convolution import layer
from gradproof.formula.layers.pooling import averaged, largest, same_rank
from gradproof.formula.layers.windows import Window

_SPATIAL = ("kW", "kH", "dW", "dH", "padW", "padH")
Meaning = Callable[[Context, Arguments, tuple[Value, ...]], Value]


def _pair(context: Context, arguments: Arguments, name: str, default: tuple[Expr, Expr], least: int) -> tuple[Expr, Expr]:
    """Return the two values of an option, that of the height first."""
    found = []
    for letter, other in zip("HW", default, strict=True):
        tree = arguments.options.get(f"{name}{letter}")
        found.append(other if tree is None else context.whole(tree, f"{name}{letter}", least))
    return found[0], found[1]


def _windows(context: Context, arguments: Arguments, is_step_kernel: bool) -> list[Window]:
    kernels = _pair(context, arguments, "k", (ONE, ONE), 1)
    strides = _pair(context, arguments, "d", kernels if is_step_kernel else (ONE, ONE), 1)
    paddings = _pair(context, arguments, "pad", (ZERO, ZERO), 0)
    return [Window(size, step, pad, pad) for size, step, pad in zip(kernels, strides, paddings, strict=True)]


def _sliding(context: Context, arguments: Arguments, sizes: list[Expr]) -> list[Window]:
    strides = _pair(context, arguments, "d", (ONE, ONE), 1)
    paddings = _pair(context, arguments, "pad", (ZERO, ZERO), 0)
    return [Window(size, step, pad, pad) for size, step, pad in zip(sizes, strides, paddings, strict=True)]


def _maximal(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return largest(context, arguments, values[0], _windows(context, arguments, True))


def _average(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return averaged(context, arguments, values[0], _windows(context, arguments, False))


def _adaptive(operation: str) -> Meaning:
    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        targets = [context.whole(arguments.options[name], name, 1) for name in ("H", "W")]
        if arguments.call.function == "SpatialAdaptivePooling":
            context.note("SpatialAdaptivePooling takes the largest entry, as SpatialAdaptiveMaxPooling does")
        return pooled(context, arguments, values[0], operation, targets)

    return lower


_TWO_AXES = same_rank(2)


def _relation(_: Arguments) -> Relation:
    table: Table = _TWO_AXES
    return table


def _pooling(names: tuple[str, ...], options: tuple[str, ...], needed: int, lower: Meaning) -> Entry:
    parameters = tuple(option(name, required=place < needed) for place, name in enumerate(options))
    return Entry(names, (tensor("input"), *parameters), _relation, lower, is_layer=True)


ENTRIES = (
    layer(2, "SpatialConvolution", _SPATIAL[2:], _sliding),
    _pooling(("SpatialMaxPooling",), _SPATIAL, 2, _maximal),
    _pooling(("SpatialAveragePooling",), _SPATIAL, 2, _average),
    _pooling(("SpatialAdaptiveMaxPooling", "SpatialAdaptivePooling"), ("W", "H"), 2, _adaptive("max")),
    _pooling(("SpatialAdaptiveAveragePooling",), ("W", "H"), 2, _adaptive("mean")),
)

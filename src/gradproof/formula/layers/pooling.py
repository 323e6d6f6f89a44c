"""Pooling over sliding windows: the largest entry, the average, the p-norm.

``out[i, j] = max_{u,v} X[s i + d u + 1 - s - d - p, ...]``; places outside of the input do not count.
"""

from __future__ import annotations

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import ONE, ZERO, add, divide, multiply, power, reduce, subtract, sum_over
from gradproof.expr.node import Expr, Iverson, Number
from gradproof.formula.context import Context
from gradproof.formula.dimensions import smaller
from gradproof.formula.entry import Arguments, Entry, Parameter, option, tensor
from gradproof.formula.kinds import SCALAR, Table, of_rank
from gradproof.formula.layers.windows import Slide, Window, slide

_LEADING_AXES = 3


def same_rank(spatial: int, extra: tuple[int, ...] = ()) -> Table:
    """Return the relation of a layer that keeps the number of axes, at least ``spatial``; ``extra`` kinds stand between."""
    kinds = [of_rank(spatial + leading) for leading in range(_LEADING_AXES)]
    return Table(tuple((kind, *extra, kind) for kind in kinds))


def windows_of(context: Context, arguments: Arguments, spatial: int) -> list[Window]:
    """Return the windows that a pooling asks for; the stride is the kernel's size where it is left out."""
    options = arguments.options
    sizes = context.wholes(options.get("kernel_size"), spatial, "the kernel size", ONE, 1)
    strides = context.wholes(options["stride"], spatial, "the stride", ONE, 1) if "stride" in options else sizes
    paddings = context.wholes(options.get("padding"), spatial, "the padding", ZERO)
    dilations = context.wholes(options.get("dilation"), spatial, "the dilation", ONE, 1)
    rounds_up = context.flag(options.get("ceil_mode"), False)
    for size, padding in zip(sizes, paddings, strict=True):
        if isinstance(size, Number) and isinstance(padding, Number) and 2 * padding.value > size.value:
            raise context.source.error(
                arguments.place("padding"), "a padding of at most half the kernel size was expected", got=str(padding.value)
            )
    return [
        Window(size, stride, padding, padding, dilation, rounds_up)
        for size, stride, padding, dilation in zip(sizes, strides, paddings, dilations, strict=True)
    ]


def largest(context: Context, arguments: Arguments, value: Value, windows: list[Window]) -> Value:
    """Return the largest entry of each window."""
    slid = slide(context, value, windows, arguments.place("kernel_size"))
    kept = value.axes[: value.rank - len(windows)]
    return Value(reduce("max", slid.steps, slid.body, slid.inside), (*kept, *slid.outputs))


def averaged(context: Context, arguments: Arguments, value: Value, windows: list[Window]) -> Value:
    """Return the average of each window: over all its places, over those in the input, or by a divisor that was given."""
    slid = slide(context, value, windows, arguments.place("kernel_size"))
    kept = value.axes[: value.rank - len(windows)]
    total = sum_over(slid.steps, slid.body, slid.inside)
    return Value(divide(total, _divisor(context, arguments, value, windows, slid)), (*kept, *slid.outputs))


def _divisor(context: Context, arguments: Arguments, value: Value, windows: list[Window], slid: Slide) -> Expr:
    given = arguments.options.get("divisor_override")
    if given is not None:
        return context.whole(given, "the divisor", 1)
    if not context.flag(arguments.options.get("count_include_pad"), True) and slid.inside is not None:
        return sum_over(slid.steps, Iverson(slid.inside))
    return _places(context, value, windows, slid)


def _places(context: Context, value: Value, windows: list[Window], slid: Slide) -> Expr:
    """Return how many places each window has in the padded input: a last window that was rounded up may stick out of it."""
    spatial = value.axes[value.rank - len(windows) :]
    count: Expr = ONE
    for axis, window, output in zip(spatial, windows, slid.outputs, strict=True):
        places = window.size
        if window.rounds_up:
            start = multiply(window.stride, subtract(output, ONE))
            room = subtract(add(context.sizes.resolve(extent(axis)), window.before, window.after), start)
            places = smaller(window.size, room)
        count = multiply(count, places)
    return count


def _norm(context: Context, arguments: Arguments, values: tuple[Value, ...], spatial: int) -> Value:
    """``(sum |x|^p)^(1/p)`` without the bars, as PyTorch has it; a window that sticks out is scaled up to a whole one."""
    value, order = values[0], values[1].body
    windows = windows_of(context, arguments, spatial)
    slid = slide(context, value, windows, arguments.place("kernel_size"))
    total = sum_over(slid.steps, power(slid.body, order), slid.inside)
    if any(window.rounds_up for window in windows):
        whole = multiply(*(window.size for window in windows))
        total = divide(multiply(total, whole), _places(context, value, windows, slid))
    kept = value.axes[: value.rank - spatial]
    return Value(power(total, divide(ONE, order)), (*kept, *slid.outputs))


_KERNEL = (option("kernel_size", required=True), option("stride"))
_MAX: tuple[Parameter, ...] = (
    tensor("input"), *_KERNEL, option("padding"), option("dilation"), option("ceil_mode"), option("return_indices"),
)  # fmt: skip
_AVERAGE: tuple[Parameter, ...] = (
    tensor("input"), *_KERNEL, option("padding"), option("ceil_mode"), option("count_include_pad"), option("divisor_override"),
)  # fmt: skip
_LP: tuple[Parameter, ...] = (tensor("input"), tensor("norm_type"), *_KERNEL, option("ceil_mode"))


def _layers(spatial: int) -> tuple[Entry, ...]:
    def maximal(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        if context.flag(arguments.options.get("return_indices"), False):
            raise context.source.error(
                arguments.place("return_indices"), "return_indices=False was expected: a formula has one value"
            )
        return largest(context, arguments, values[0], windows_of(context, arguments, spatial))

    def average(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return averaged(context, arguments, values[0], windows_of(context, arguments, spatial))

    def norm(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return _norm(context, arguments, values, spatial)

    one, two = same_rank(spatial), same_rank(spatial, (SCALAR,))
    return (
        Entry((f"max_pool{spatial}d",), _MAX, lambda _: one, maximal, is_layer=True),
        Entry((f"avg_pool{spatial}d",), _AVERAGE, lambda _: one, average, is_layer=True),
        Entry((f"lp_pool{spatial}d",), _LP, lambda _: two, norm, is_layer=True),
    )


ENTRIES = (*_layers(1), *_layers(2), *_layers(3))

"""Convolution as the field means it: cross-correlation with stride, padding, dilation and groups.

``out[n, o, i, j] = bias[o] + sum_{c,u,v} X[n, c, s i + d u + 1 - s - d - p, ...] K[o, c, u, v]``, zero outside of the input.
"""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry, freshened, renamed
from gradproof.expr.build import ONE, ZERO, add, multiply, number, subtract, sum_over
from gradproof.expr.node import Expr, Index, Number
from gradproof.formula.context import Context, as_number
from gradproof.formula.dimensions import floor_quotient
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.kinds import Relation, Row, Table, of_rank
from gradproof.formula.layers.windows import WINDOW_LETTERS, Window, renewed, slide
from gradproof.reader.plain.tree import Name, Word

#: What makes the windows of a call, from the sizes of its kernel.
Windows = Callable[[Context, Arguments, list[Expr]], list[Window]]

#: Ranks of input, kernel and result beyond the spatial axes, with those of a bias.
_FORMS = (
    (0, 0, 0, 0),  # one image, one filter
    (0, 1, 1, 1),  # one image of one channel, several filters
    (1, 0, 1, 0),  # several images of one channel, one filter
    (1, 2, 1, 1),  # one image with channels
    (2, 2, 2, 1),  # a batch of images with channels
)


def _relation(spatial: int, has_bias: bool, has_groups: bool) -> Table:
    """Return the kinds that go together; without other evidence a kernel has filters and channels where the input has channels."""
    rows: list[Row] = []
    strict: list[Row] = []
    for image, kernel, result, bias in _FORMS:
        kinds = (of_rank(spatial + image), of_rank(spatial + kernel))
        row = (*kinds, *((of_rank(bias),) if has_bias else ()), of_rank(spatial + result))
        if kernel == 2 or not has_groups:
            rows.append(row)
            strict += [row] if kernel != 1 and (image, kernel) != (1, 0) else []
    return Table(tuple(rows), tuple(strict))


def layer(spatial: int, name: str, options: tuple[str, ...], windows: Windows) -> Entry:
    """Return a convolution with ``spatial`` axes whose windows are read from some options."""

    def relation(arguments: Arguments) -> Relation:
        return _relation(spatial, "bias" in arguments.present, "groups" in arguments.options)

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        return _convolved(context, arguments, values, spatial, windows)

    tensors = (tensor("input"), tensor("weight"), tensor("bias", required=False))
    return Entry((name,), (*tensors, *(option(word) for word in options)), relation, lower, is_layer=True)


def _convolved(context: Context, arguments: Arguments, values: tuple[Value, ...], spatial: int, windows: Windows) -> Value:
    image, kernel = values[0], freshened(values[1])
    kernel = renamed(kernel, renewed(kernel, (*("o", "c")[: kernel.rank - spatial], *WINDOW_LETTERS[:spatial])))
    steps = kernel.axes[kernel.rank - spatial :]
    sizes = [context.sizes.resolve(extent(step)) for step in steps]
    slid = slide(context, image, windows(context, arguments, sizes), arguments.place("weight"), steps)
    body, summed = slid.body, list(slid.steps)
    outer = image.axes[: image.rank - spatial]
    filters: tuple[Index, ...] = ()
    if kernel.rank == spatial + 2:
        filters = (kernel.axes[0],)
        read = _channel(context, arguments, image.axes[-spatial - 1], kernel)
        body = entry(Value(body, (outer[-1],)), (read,)).body
        outer, summed = outer[:-1], [kernel.axes[1], *summed]
    elif kernel.rank == spatial + 1:
        filters = (kernel.axes[0],)
    total = sum_over(summed, multiply(body, kernel.body), slid.inside)
    if len(values) == 3:
        total = add(total, _bias(context, arguments, values[2], filters))
    return Value(total, (*outer, *filters, *slid.outputs))


def _windows(context: Context, arguments: Arguments, sizes: list[Expr]) -> list[Window]:
    options, count = arguments.options, len(sizes)
    stride = context.wholes(options.get("stride"), count, "the stride", ONE, 1)
    dilation = context.wholes(options.get("dilation"), count, "the dilation", ONE, 1)
    padding = options.get("padding")
    if isinstance(padding, Word | Name) and padding.text in ("same", "valid"):
        paddings = [
            _same(size, step) if padding.text == "same" else (ZERO, ZERO) for size, step in zip(sizes, dilation, strict=True)
        ]
        if padding.text == "same" and any(step is not ONE for step in stride):
            raise context.source.error(padding.place, "a stride of 1 was expected with the padding 'same'")
    else:
        paddings = [(width, width) for width in context.wholes(padding, count, "the padding", ZERO)]
    return [
        Window(size, step, before, after, gap)
        for size, step, (before, after), gap in zip(sizes, stride, paddings, dilation, strict=True)
    ]


def _same(size: Expr, dilation: Expr) -> tuple[Expr, Expr]:
    """Return the paddings that keep the size: the smaller half goes before."""
    total = multiply(dilation, subtract(size, ONE))
    before = floor_quotient(total, number(2))
    return before, subtract(total, before)


def _channel(context: Context, arguments: Arguments, channels: Index, kernel: Value) -> Expr:
    """Return the channel of the input that channel ``c`` of filter ``o`` reads, and make the channels fit."""
    tree = arguments.options.get("groups")
    groups: Expr = ONE if tree is None else context.whole(tree, "the groups", 1)
    filter_, own = kernel.axes[0], kernel.axes[1]
    all_of_input = context.sizes.resolve(extent(channels))
    if isinstance(all_of_input, Number) and isinstance(groups, Number) and all_of_input.value % groups.value:
        got = f"{context.size_text(groups)} groups of {context.size_text(all_of_input)} channels"
        raise context.source.misfit(arguments.place("groups"), "groups that divide the channels were expected", got=got)
    got = f"{context.size_text(all_of_input)} channels of the input and {context.size_text(extent(own))} of the kernel"
    trouble = context.source.misfit(
        arguments.place("weight"), "as many channels in a group of the input as in the kernel were expected", got=got,
        remedy="Fix a shape or the groups.",
    )  # fmt: skip
    if isinstance(all_of_input, Number) and isinstance(groups, Number):
        context.fit(extent(own), number(all_of_input.value / groups.value), trouble)
    else:
        context.fit(all_of_input, multiply(groups, extent(own)), trouble)
    if groups is ONE:
        return own
    return add(multiply(_group(context, arguments, filter_, groups), extent(own)), own)


def _group(context: Context, arguments: Arguments, filter_: Index, groups: Expr) -> Expr:
    """Return the group, from 0, that a filter belongs to."""
    filters = context.sizes.resolve(extent(filter_))
    count, divisor = as_number(filters), as_number(groups)
    if count is not None and divisor is not None:
        if count % divisor:
            got = f"{count} filters in {divisor} groups"
            raise context.source.misfit(arguments.place("groups"), "groups that divide the filters were expected", got=got)
        return floor_quotient(subtract(filter_, ONE), number(count // divisor))
    if filters is groups:
        return subtract(filter_, ONE)
    return floor_quotient(multiply(groups, subtract(filter_, ONE)), filters)


def _bias(context: Context, arguments: Arguments, bias: Value, filters: tuple[Index, ...]) -> Expr:
    if not filters:
        return bias.body
    got = f"{context.shape(bias)} and {context.size_text(extent(filters[0]))} filters"
    trouble = context.source.misfit(arguments.place("bias"), "one bias for each filter was expected", got=got)
    context.fit(extent(bias.axes[0]), extent(filters[0]), trouble)
    return entry(bias, filters).body


_OPTIONS = ("stride", "padding", "dilation", "groups")
ENTRIES = tuple(layer(spatial, f"conv{spatial}d", _OPTIONS, _windows) for spatial in (1, 2, 3))

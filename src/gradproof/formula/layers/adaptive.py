"""Adaptive pooling: ``m`` windows over ``n`` places, window ``o`` from ``floor((o - 1) n / m) + 1`` to ``ceil(o n / m)``."""

from __future__ import annotations

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, entry
from gradproof.expr.build import ONE, add, divide, multiply, number, reduce, subtract, sum_over
from gradproof.expr.node import Expr, Index, fresh_index
from gradproof.formula.context import Context, as_number
from gradproof.formula.dimensions import ceil_quotient, floor_quotient
from gradproof.formula.entry import Arguments, Entry, Parameter, option, tensor
from gradproof.formula.layers.pooling import averaged, largest, same_rank
from gradproof.formula.layers.windows import OUTPUT_LETTERS, WINDOW_LETTERS, Window
from gradproof.reader.plain.tree import Bracket, Listing, Name, Tree

_PARAMETERS: tuple[Parameter, ...] = (tensor("input"), option("output_size", required=True))


def pooled(context: Context, arguments: Arguments, value: Value, operation: str, targets: list[Expr]) -> Value:
    """Return adaptive pooling of the last axes to some sizes; ``operation`` is 'max' or 'mean'.

    Where every size divides its axis the windows are plain ones, and are written so.
    """
    spatial = value.axes[value.rank - len(targets) :]
    lengths = [context.sizes.resolve(extent(axis)) for axis in spatial]
    plain = [_plain(length, target) for length, target in zip(lengths, targets, strict=True)]
    windows = [window for window in plain if window is not None]
    if len(windows) == len(targets):
        return (largest if operation == "max" else averaged)(context, arguments, value, windows)
    outputs = [context.index(OUTPUT_LETTERS[at], target) for at, target in enumerate(targets)]
    steps = [
        _steps(WINDOW_LETTERS[at], output, length, target)
        for at, (output, length, target) in enumerate(zip(outputs, lengths, targets, strict=True))
    ]
    kept = value.axes[: value.rank - len(targets)]
    places = [add(step, subtract(axis.lower, ONE)) for step, axis in zip(steps, spatial, strict=True)]
    body = entry(value, (*kept, *places)).body
    axes = (*kept, *outputs)
    if operation == "max":
        return Value(reduce("max", steps, body), axes)
    return Value(divide(sum_over(steps, body), multiply(*(extent(step) for step in steps))), axes)


def _plain(length: Expr, target: Expr) -> Window | None:
    """Return the window that adaptive pooling comes to where the sizes divide, else None."""
    total, count = as_number(length), as_number(target)
    if length is target:
        return Window(ONE)
    if total is None or count is None or count == 0 or total % count:
        return None
    return Window(number(total // count), number(total // count))


def _steps(letter: str, output: Index, length: Expr, target: Expr) -> Index:
    lower = add(floor_quotient(multiply(subtract(output, ONE), length), target), ONE)
    return fresh_index(letter, lower, ceil_quotient(multiply(output, length), target))


def targets_of(context: Context, arguments: Arguments, value: Value, spatial: int) -> list[Expr]:
    """Return the sizes that are asked for; None keeps the size of its axis."""
    tree = arguments.options["output_size"]
    items: tuple[Tree, ...] = tree.items if isinstance(tree, Listing) else tree.rows[0] if isinstance(tree, Bracket) else (tree,)
    if len(items) not in (1, spatial):
        raise context.source.error(tree.place, f"one size or {spatial} were expected as output_size", got=str(len(items)))
    items = items * (spatial if len(items) == 1 else 1)
    axes = value.axes[value.rank - spatial :]
    return [
        context.sizes.resolve(extent(axis))
        if isinstance(item, Name) and item.text == "None"
        else context.whole(item, "the output size", 1)
        for item, axis in zip(items, axes, strict=True)
    ]


def _layer(spatial: int, name: str, operation: str) -> Entry:
    table = same_rank(spatial)

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        targets = targets_of(context, arguments, values[0], spatial)
        return pooled(context, arguments, values[0], operation, targets)

    return Entry((f"adaptive_{name}_pool{spatial}d",), _PARAMETERS, lambda _: table, lower, is_layer=True)


ENTRIES = tuple(_layer(spatial, name, operation) for spatial in (1, 2, 3) for name, operation in (("max", "max"), ("avg", "mean")))

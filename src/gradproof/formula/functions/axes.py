"""The axis that a function is asked to work along: by its number, or by the name of its size."""

from __future__ import annotations

from gradproof.elaborate.sizes import extent, named_size
from gradproof.elaborate.value import Value
from gradproof.expr.build import decimal
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Parameter, option
from gradproof.reader.plain.tree import Name, Numeral, Prefix, Tree, Word

#: ``axis=2`` counts from 1 as subscripts do; ``dim=1`` is PyTorch's, which counts from 0.
AXIS: tuple[Parameter, ...] = (option("axis", by_name=True), option("dim", by_name=True))


def has_axis(arguments: Arguments) -> bool:
    """Tell whether a call names an axis."""
    return "axis" in arguments.options or "dim" in arguments.options


def axis_of(context: Context, arguments: Arguments, value: Value) -> int | None:
    """Return the place of the axis that a call names, or None where it names none.

    Raises: FormulaError: the value has no such axis, or several that are meant equally.
    """
    tree = arguments.options.get("axis", arguments.options.get("dim"))
    if tree is None:
        return None
    number = whole_number(tree)
    if number is not None:
        return _counted(context, tree, number, value, 0 if "axis" not in arguments.options else 1)
    if isinstance(tree, Name | Word):
        return _named(context, tree, value)
    raise context.source.error(tree.place, "an axis was expected: its number, or the name of its size")


def whole_number(tree: Tree) -> int | None:
    """Return the whole number that a text is, None where it is none."""
    sign = 1
    if isinstance(tree, Prefix) and tree.operator == "-":
        sign, tree = -1, tree.operand
    if not isinstance(tree, Numeral):
        return None
    value = decimal(tree.text).value
    return sign * int(value) if value.denominator == 1 else None


def _counted(context: Context, tree: Tree, number: int, value: Value, origin: int) -> int:
    place = number + value.rank if number < 0 else number - origin
    if 0 <= place < value.rank:
        if origin == 1 and number > 0:
            context.note("axes count from 1, as subscripts do")
        return place
    expected = f"an axis from {origin} to {value.rank - 1 + origin} was expected"
    remedy = "Axes count from 1; 'dim' counts from 0." if origin else "Name one that is there."
    raise context.source.error(tree.place, expected, got=str(number), remedy=remedy)


def _named(context: Context, tree: Name | Word, value: Value) -> int:
    wanted = named_size(tree.text)
    sizes = [extent(axis) for axis in value.axes]
    exact = [place for place, size in enumerate(sizes) if size is wanted]
    known = context.sizes.resolve(wanted)
    found = exact or [place for place, size in enumerate(sizes) if context.sizes.resolve(size) is known]
    if len(found) == 1:
        return found[0]
    words = "one axis of this size" if found else f"an axis of size {tree.text}"
    raise context.source.error(
        tree.place, f"{words} was expected", got=f"a value of shape {context.shape(value)}", remedy="Name the axis by its number."
    )

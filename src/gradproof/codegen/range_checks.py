"""The lines that refuse numbers of entries and of classes beside their range, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradproof.codegen.array_source import ArrayCode
from gradproof.codegen.dialects import Dialect
from gradproof.codegen.numbering import Reading, readings
from gradproof.codegen.signature import Output, Signature, heads, quotable
from gradproof.codegen.sizes import bare, size_text
from gradproof.codegen.statements import texts
from gradproof.expr.build import apply
from gradproof.expr.node import Add, Apply, Element, Expr, Index, Multiply, Number, Symbol
from gradproof.expr.walk import postorder
from gradproof.formula.formula import Formula
from gradproof.printer.text import to_text


def range_checks(made: Signature, formula: Formula, group: Sequence[Output], dialect: Dialect) -> list[str]:
    """Return the lines of a function that look at the numbers of entries and of classes among its arguments: once at each variable.

    Numbers that are computed are looked at where that is work on entries alone, and where the lengths that the range has are known.
    """
    roots = [formula.value, *(output.formula.value for output in group), *(stage.value for stage in made.stages)]
    sizes = _measured(made)
    lines: list[str] = []
    for reading in _merged(readings(made.arguments, roots)):
        first, last = size_text(reading.first, sizes), size_text(reading.last, sizes)
        if first is None or last is None or not _is_computed(reading.numbers, made):
            continue
        told = ", ".join(f'"{quotable(text)}"' for text in (_name(reading), reading.kind, reading.source))
        if reading.whole is not None:
            code = made.names[reading.whole.name]
        else:
            writer = ArrayCode({**sizes, **made.names}, dialect)
            code = writer.inline(reading.numbers)
            lines += texts(writer.lines)
        lines.append(f"check_range({code}, {bare(first)}, {bare(last)}, {told})")
    return list(dict.fromkeys(lines))


def _merged(found: Iterable[Reading]) -> list[Reading]:
    """Return readings where each variable has one: the range that all of its readings leave."""
    merged: dict[Expr, Reading] = {}
    for reading in found:
        key = reading.whole or reading.numbers
        merged[key] = _common(merged[key], reading) if key in merged else reading
    return list(merged.values())


def _common(one: Reading, other: Reading) -> Reading:
    first, last = _end("maximum", one.first, other.first), _end("minimum", one.last, other.last)
    return Reading(one.numbers, first, last, one.kind, one.source if last is one.last else other.source)


def _end(extreme: str, one: Expr, other: Expr) -> Expr:
    """Return the larger or the smaller of two ends."""
    if one is other:
        return one
    if isinstance(one, Number) and isinstance(other, Number):
        return one if (one.value > other.value) == (extreme == "maximum") else other
    return apply(extreme, one, other)


def _name(reading: Reading) -> str:
    return reading.whole.name if reading.whole is not None else to_text(reading.numbers)


def _is_computed(numbers: Expr, made: Signature) -> bool:
    """Tell whether numbers are made entry by entry of what a function is given."""
    is_plain = all(isinstance(node, Number | Symbol | Element | Index | Add | Multiply | Apply) for node in postorder(numbers))
    return is_plain and heads([numbers]) <= {*made.arguments, *made.sizes}


def _measured(made: Signature) -> dict[str, str]:
    """Return the code of every size that is the length of an argument, or one."""
    found: dict[str, str] = {}
    for symbol in made.arguments:
        if "size" in symbol.properties:
            found[symbol.name] = made.names[symbol.name]
        for place, axis in enumerate(symbol.axes):
            if isinstance(axis.size, Symbol):
                found.setdefault(axis.size.name, f"{made.names[symbol.name]}.shape[{place}]")
    return found

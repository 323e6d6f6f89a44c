"""Lines of an array library, one after another: each gives the code of an array a name, and arrays are brought over common axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.codegen.array import Array, letters_of
from gradproof.codegen.contraction import Factor
from gradproof.codegen.dialects import Dialect
from gradproof.codegen.sizes import inexact_size_text, size_text
from gradproof.codegen.statements import Assignment, Statement
from gradproof.errors import FormulaError
from gradproof.expr.node import Compare, Constant, Expr, Index, Logic, Number, Symbol
from gradproof.printer.text import to_text

__all__ = ["ArrayLines"]


@dataclass
class ArrayLines:
    """The lines that stand so far, and the names of what they compute; ``names`` are the validated names of the variables.

    ``now`` is the dialect of the node at hand: what hangs on sizes alone may be written in another one.
    """

    names: dict[str, str]
    dialect: Dialect
    lines: list[Statement] = field(default_factory=list)
    count: int = 0
    named: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.dialect

    def _kept(self, node: Expr, array: Array) -> Array:
        """Give a composite array a name, so that it is computed once."""
        if isinstance(node, Number | Constant | Symbol | Index | Compare | Logic) or array.code in self.names.values():
            return array
        return self._line(array)

    def _line(self, array: Array, *, is_new: bool = False) -> Array:
        """Write a line that gives an array a name: the one that the same code already has, unless it has to be a new array."""
        if array.code in self.named and not is_new:
            return Array(self.named[array.code], array.axes)
        self.count += 1
        while f"t{self.count}" in self.names.values():
            self.count += 1
        name = f"t{self.count}"
        self.lines.append(Assignment(name, array))
        if not is_new:
            self.named[array.code] = name
        return Array(name, array.axes)

    def _named(self, array: Array) -> Array:
        """Return an array that is a name: what is multiplied may be written more than once."""
        return array if array.code.isidentifier() else self._line(array)

    def _over(self, array: Array, axes: Sequence[Index], *, atom: bool = False) -> str:
        """Return the code of an array over more axes, in their order."""
        if array.axes == tuple(axes) or not array.axes:
            return array.atom if atom else array.code
        order = [array.axes.index(index) for index in axes if index in array.axes]
        code = array.atom
        if order != sorted(order):
            code = code + self.dialect.permute.format(", ".join(map(str, order)))
        if len(order) < len(axes):
            places = ", ".join(":" if index in array.axes else self.dialect.newaxis for index in axes)
            code = f"{code}[{places}]"
        return code

    def _factor_over(self, factor: Factor, axes: tuple[Index, ...]) -> str:
        return self._over(Array(factor.code, factor.axes), axes)

    def _total(self, factor: Factor, summed: tuple[Index, ...]) -> Array:
        """Return the sum of a factor over some of its axes."""
        places = tuple(factor.axes.index(index) for index in summed)
        code = self.now.reduced["sum"][0].format(factor.code, places[0] if len(places) == 1 else places)
        return Array(code, tuple(index for index in factor.axes if index not in summed))

    def _einsum(self, one: Factor, other: Factor, axes: tuple[Index, ...]) -> Array:
        """Return the sum of the products of the entries of two factors over all but some axes."""
        letters = letters_of((*one.axes, *other.axes))
        spelled = ["".join(letters[index] for index in own) for own in (one.axes, other.axes, axes)]
        return Array(self.now.einsum.format(f"{spelled[0]},{spelled[1]}->{spelled[2]}", f"{one.code}, {other.code}"), axes)

    def _code(self, node: Expr) -> str:
        """Return the code of an integer: a size or a limit."""
        found = size_text(node, self.names) or inexact_size_text(node, self.names)
        if found is None:
            raise self._unsupported(f"the size {to_text(node)}")
        return found

    def _unsupported(self, what: str) -> FormulaError:
        return FormulaError(
            f"no {self.dialect.name} code for {what}", remedy="Print it with --to text, or evaluate it with gradproof eval."
        )

"""The state of one reading of a formula, and the small questions that functions ask while they are given their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.elaborate.sizes import extent, named_size
from gradproof.elaborate.trouble import Misfit
from gradproof.elaborate.value import Value, renamed
from gradproof.errors import ShapeError
from gradproof.expr import build
from gradproof.expr.node import Element, Expr, Index, Number, Symbol
from gradproof.expr.walk import symbols
from gradproof.formula.dimensions import Dimensions, ceil_quotient, floor_quotient
from gradproof.printer.text import to_text
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tree import Bracket, Call, Infix, Listing, Name, Numeral, Prefix, Tree, Word
from gradproof.reader.presentation import Place

_TRUE, _FALSE = frozenset({"True", "true"}), frozenset({"False", "false"})
_LARGEST_WHOLE = 10**9


@dataclass(frozen=True, slots=True)
class Access:
    """An axis of so many entries, the first numbered ``lower``, read at a subscript; ``of`` says in words of what."""

    size: Expr
    lower: Expr
    subscript: Expr
    of: str
    place: Place

    @property
    def upper(self) -> Expr:
        """The number of the last entry."""
        return build.subtract(build.add(self.lower, self.size), build.ONE)


@dataclass
class Context:
    """What every step of a reading may need: the text, the sizes, and what is to be told about the reading.

    ``labels`` has the variables that are class numbers: out of how many classes, and the number of the first one. ``needed`` has
    entries that were read by their number, of axes that nothing else may tell the size of. ``named`` are the parts of a function that
    its literature has a name for. ``conditions`` are what functions ask of their parameters.
    """

    source: Source
    sizes: Dimensions = field(default_factory=Dimensions)
    notes: list[str] = field(default_factory=list)
    labels: dict[str, tuple[Expr, int]] = field(default_factory=dict)
    needed: list[Access] = field(default_factory=list)
    named: list[tuple[str, Value]] = field(default_factory=list)
    conditions: list[Expr] = field(default_factory=list)

    def note(self, words: str) -> None:
        """Add to what a reader is told about how the formula was read."""
        if words not in self.notes:
            self.notes.append(words)

    # Sizes ------------------------------------------------------------------------------------------------------------

    def agree(self, left: Expr, right: Expr) -> bool:
        """Make two sizes equal; tell whether that was possible."""
        try:
            self.sizes.unify(left, right, "")
        except Misfit:
            return False
        return True

    def fit(self, left: Expr, right: Expr, trouble: ShapeError) -> None:
        """Make two sizes equal, or raise the error."""
        if not self.agree(left, right):
            raise trouble

    def shape(self, value: Value) -> str:
        """Return the shape of a value as it is shown: ``3 x 4``, ``n``; a scalar has none."""
        return " x ".join(self.size_text(extent(axis)) for axis in value.axes) or "a scalar"

    def size_text(self, size: Expr) -> str:
        """Return a size in words; one that nothing has fixed is '?'."""
        resolved = self.sizes.resolve(size)
        return "?" if any("unknown" in symbol.properties for symbol in symbols(resolved)) else to_text(resolved)

    def told(self, tree: Tree, value: Value) -> str:
        """Return an operand with its shape: ``A (3 x 4)``."""
        return f"{self.source.quote(tree.place)} ({self.shape(value)})"

    def index(self, name: str, size: Expr) -> Index:
        """Return a new index from 1 to a size."""
        return self.sizes.index(name, size)

    # Entry by entry ---------------------------------------------------------------------------------------------------

    def aligned(self, values: Sequence[Value], trees: Sequence[Tree], place: Place) -> tuple[list[Expr], Value]:
        """Return bodies over the axes of one of the values, the frame; scalars are left as they are.

        The frame is one whose body is not a mere entry, so that long bodies are not renamed again and again.
        """
        ranked = [value for value in values if value.rank]
        if not ranked:
            return [value.body for value in values], values[0]
        frame = next((value for value in ranked if not isinstance(value.body, Element)), ranked[0])
        first = values.index(frame)
        bodies: list[Expr] = []
        for value, tree in zip(values, trees, strict=True):
            if value.rank and value.axes != frame.axes:
                self._fit_axes(frame, value, (trees[first], tree), place)
                value = renamed(value, frame.axes)
            bodies.append(value.body)
        return bodies, frame

    def _fit_axes(self, frame: Value, value: Value, trees: tuple[Tree, Tree], place: Place) -> None:
        pairs = zip(frame.axes, value.axes, strict=True) if frame.rank == value.rank else None
        if pairs is None or not all(self.agree(extent(mine), extent(other)) for mine, other in pairs):
            got = f"{self.told(trees[0], frame)} and {self.told(trees[1], value)}"
            remedy = "Fix a shape or transpose one."
            raise self.source.misfit(place, "operands of one shape were expected", got=got, remedy=remedy)

    # Options ----------------------------------------------------------------------------------------------------------

    def whole(self, tree: Tree, what: str, least: int = 0) -> Expr:
        """Return an option that is a size: a whole number, a named size, or simple arithmetic on them."""
        found = self._whole(tree, what, 0)
        if isinstance(found, Number):
            value = found.value
            if value.denominator != 1 or not least <= value <= _LARGEST_WHOLE:
                kind = {0: "a whole number", 1: "a positive whole number"}[least]
                raise self.source.error(tree.place, f"{kind} was expected as {what}", got=str(value), remedy=f"Change {what}.")
        return found

    def number(self, tree: Tree, what: str, least: int = 0) -> int:
        """Return an option that has to be a known whole number."""
        found = self.whole(tree, what, least)
        if not isinstance(found, Number):
            raise self.source.error(tree.place, f"a number was expected as {what}", got=f"'{self.source.quote(tree.place)}'")
        return int(found.value)

    def wholes(self, tree: Tree | None, count: int, what: str, default: Expr, least: int = 0) -> tuple[Expr, ...]:
        """Return an option with a value for each of some axes; one value counts for all."""
        if tree is None:
            return (default,) * count
        items = tree.items if isinstance(tree, Listing) else tree.rows[0] if isinstance(tree, Bracket) and tree.rows else (tree,)
        if len(items) not in (1, count):
            raise self.source.error(tree.place, f"one value or {count} were expected as {what}", got=str(len(items)))
        return tuple(self.whole(item, what, least) for item in items) * (count if len(items) == 1 else 1)

    def flag(self, tree: Tree | None, default: bool) -> bool:
        """Return an option that is True or False."""
        if tree is None:
            return default
        if isinstance(tree, Name | Word) and tree.text in _TRUE | _FALSE:
            return tree.text in _TRUE
        if isinstance(tree, Numeral) and tree.text in ("0", "1"):
            return tree.text == "1"
        raise self.source.error(tree.place, "True or False was expected", got=f"'{self.source.quote(tree.place)}'")

    def word(self, tree: Tree | None, default: str, allowed: Sequence[str]) -> str:
        """Return an option that is one of some words."""
        if tree is None:
            return default
        if isinstance(tree, Name | Word) and tree.text in allowed:
            return tree.text
        listed = " or ".join(f"'{word}'" for word in allowed)
        raise self.source.error(tree.place, f"{listed} was expected", got=f"'{self.source.quote(tree.place)}'")

    def _whole(self, tree: Tree, what: str, depth: int) -> Expr:
        if depth > 20:
            raise self.source.error(tree.place, f"a short expression was expected as {what}", got="one that is nested deeply")
        match tree:
            case Numeral(text):
                return build.number(build.decimal(text).value)
            case Name(text):
                return named_size(text)
            case Prefix("-" | "+", operand):
                inner = self._whole(operand, what, depth + 1)
                return build.negate(inner) if tree.operator == "-" else inner
            case Infix("+" | "-" | "*" | "/", left, right):
                if tree.operator == "/" and self._whole(right, what, depth + 1) is build.ZERO:
                    raise self.source.error(right.place, "a divisor other than 0 was expected", got="0")
                return _arithmetic(tree.operator, self._whole(left, what, depth + 1), self._whole(right, what, depth + 1))
            case Call("floor" | "ceil", (Infix("/", left, right),), ()):
                quotient = floor_quotient if tree.function == "floor" else ceil_quotient
                return quotient(self._whole(left, what, depth + 1), self._whole(right, what, depth + 1))
            case _:
                raise self.source.error(
                    tree.place, f"a whole number or a size was expected as {what}", got=f"'{self.source.quote(tree.place)}'"
                )


def _arithmetic(operator: str, left: Expr, right: Expr) -> Expr:
    match operator:
        case "+":
            return build.add(left, right)
        case "-":
            return build.subtract(left, right)
        case "*":
            return build.multiply(left, right)
        case _:
            return build.divide(left, right)


def as_number(size: Expr) -> int | None:
    """Return a size that is a known number, else None."""
    return int(size.value) if isinstance(size, Number) and size.value.denominator == 1 else None


def is_size(symbol: Symbol) -> bool:
    """Tell whether a symbol measures an axis."""
    return "size" in symbol.properties

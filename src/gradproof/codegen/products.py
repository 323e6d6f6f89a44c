"""Products of arrays as objects: what is multiplied, along which axes, and the code that says so in NumPy and in compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gradproof.expr.node import Index, Symbol

Axes = tuple[Index, ...]
#: The code of the length of an axis.
Length = Callable[[Index], str]


@dataclass(frozen=True, slots=True)
class Operand:
    """An array as a matrix, or as a vector: ``split`` of its axes are the rows, the others the columns, which may be none.

    ``is_turned`` where rows and columns change places.
    """

    name: str
    axes: Axes
    split: int
    is_turned: bool = False

    @property
    def sides(self) -> tuple[Axes, ...]:
        """The axes in front and those behind, as it is multiplied; one side where it is a vector."""
        found = tuple(side for side in (self.axes[: self.split], self.axes[self.split :]) if side)
        return found[::-1] if self.is_turned else found

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that are read."""
        return (self,)

    @property
    def turned(self) -> Operand:
        """The transpose."""
        return replace(self, is_turned=not self.is_turned) if len(self.sides) > 1 else self

    @property
    def is_flattened(self) -> bool:
        """Tell whether some of its axes are taken together."""
        return len(self.axes) > len(self.sides)

    def text(self, length: Length) -> str:
        """Return the code of the matrix or vector."""
        code = reshaped(self.name, tuple(_together(side, length) for side in self.sides[:: -1 if self.is_turned else 1]))
        return f"{code if self.is_flattened else self.name}{'.T' if self.is_turned else ''}"


@dataclass(frozen=True, slots=True)
class Product:
    """Vectors and matrices multiplied: what stands in front, and what stands behind."""

    left: Operand | Product
    right: Operand | Product

    @property
    def sides(self) -> tuple[Axes, ...]:
        """The axes of the rows and of the columns of the result."""
        return (*self.left.sides[:-1], *self.right.sides[1:])

    @property
    def axes(self) -> Axes:
        """The axes of the result."""
        return tuple(index for side in self.sides for index in side)

    @property
    def inner(self) -> Axes:
        """The axes that are summed over."""
        return self.left.sides[-1]

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that are read."""
        return (*self.left.operands, *self.right.operands)

    @property
    def turned(self) -> Product:
        """The transpose."""
        return Product(self.right.turned, self.left.turned)

    @property
    def is_flattened(self) -> bool:
        """Tell whether some axes of the result are taken together."""
        return len(self.axes) > len(self.sides)

    @property
    def is_square(self) -> bool:
        """Tell whether it is a matrix times its own transpose, which NumPy computes at half the work."""
        one, other = self.left, self.right
        if not (isinstance(one, Operand) and isinstance(other, Operand)) or len(self.sides) < 2:
            return False
        return one.name == other.name and one.split == other.split and one.is_turned is not other.is_turned

    def text(self, length: Length) -> str:
        """Return the code of the product."""
        left, right = self.left.text(length), self.right.text(length)
        left = left if isinstance(self.left, Operand) else f"({left})"
        right = right if isinstance(self.right, Operand) else f"({right})"
        code = f"{left} @ {right}"
        return reshaped(f"({code})", tuple(map(length, self.axes))) if self.is_flattened else code


@dataclass(frozen=True, slots=True)
class EitherOrder:
    """A chain of three matrices in both orders, and the numbers of multiplications that each one has and the other has not."""

    first: Product
    second: Product
    costs: tuple[tuple[Axes, ...], tuple[Axes, ...]]

    @property
    def axes(self) -> Axes:
        """The axes of the result."""
        return self.first.axes

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that are read."""
        return self.first.operands

    def text(self, length: Length) -> str:
        """Return the code that compares and multiplies."""
        costs = [" + ".join(" * ".join(map(length, term)) for term in terms) for terms in self.costs]
        return f"{self.first.text(length)} if {costs[0]} <= {costs[1]} else {self.second.text(length)}"


@dataclass(frozen=True, slots=True)
class EachProduct:
    """Matrices multiplied one by one along an axis that both arrays begin with: ``x[i] @ y[i]``."""

    shared: Index
    product: Product

    @property
    def axes(self) -> Axes:
        """The axes of the result."""
        return (self.shared, *self.product.axes)

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that are read, without the axis that is shared."""
        return self.product.operands

    def text(self, length: Length) -> str:
        """Return the factors of one of the products."""
        one, other = (f"{operand.name}[each]{'.T' if operand.is_turned else ''}" for operand in self.product.operands)
        return f"{one}, {other}"


@dataclass(frozen=True, slots=True)
class InOrder:
    """A product with its axes in another order, one part for each turn of the first of them: so a part is turned while the caches hold it.

    ``whole`` is the product; its rows are two axes or more, ``axes[0]`` among them.
    """

    whole: Product
    axes: Axes

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that are read."""
        return self.whole.operands

    @property
    def part(self) -> Product:
        """The product at one turn."""
        left = self.whole.left
        assert isinstance(left, Operand), "a chain is multiplied at once"
        place = left.axes.index(self.axes[0])
        subscripts = ", ".join("each" if index is self.axes[0] else ":" for index in left.axes)
        rest = tuple(index for index in left.axes if index is not self.axes[0])
        split = left.split - 1 if place < left.split else left.split
        return Product(Operand(f"np.ascontiguousarray({left.name}[{subscripts}])", rest, split, left.is_turned), self.whole.right)

    def text(self, length: Length) -> str:
        """Return the code of the part at one turn."""
        return self.part.text(length)

    def all_at_once(self, length: Length) -> str:
        """Return the code of the product in NumPy."""
        places = ", ".join(str(self.whole.axes.index(index)) for index in self.axes)
        return f"np.ascontiguousarray({self.whole.text(length)}.transpose(({places})))"


def in_order(product: Product, axes: Axes) -> InOrder | None:
    """Return a product with its axes in another order, None where it has that order, or nothing is won by parts."""
    if product.axes == axes or set(product.axes) != set(axes) or len(product.sides) < 2:
        return None
    for one, other in ((product.left, product.right), (product.right.turned, product.left.turned)):
        if isinstance(one, Operand) and len(one.sides) == 2 and len(one.sides[0]) > 1 and axes[0] in one.sides[0]:
            return InOrder(Product(one, other), axes)
    return None


@dataclass(frozen=True, slots=True)
class Scaled:
    """An array times a number, which is made one of the arrays' type: ``number`` is the code of that, ``read`` the variables in it."""

    name: str
    axes: Axes
    number: str
    read: frozenset[Symbol] = frozenset()

    def text(self, _: Length) -> str:
        """Return the code of the product."""
        return f"{self.name} * {self.number}"


@dataclass(frozen=True, slots=True)
class Permuted:
    """An array with its axes in another order, row-major: ``places`` are the places that the axes had."""

    name: str
    axes: Axes
    places: tuple[int, ...]

    def text(self, _: Length) -> str:
        """Return the code of a copy."""
        turned = ".T" if self.places == (1, 0) else f".transpose(({', '.join(map(str, self.places))}))"
        return f"np.ascontiguousarray({self.name}{turned})"


Operation = Product | EitherOrder | EachProduct | InOrder | Scaled | Permuted


def reshaped(code: str, lengths: Sequence[str]) -> str:
    """Return the code of an array in another shape."""
    return f"{code}.reshape(({', '.join(lengths)}{',' if len(lengths) == 1 else ''}))"


def _together(side: Axes, length: Length) -> str:
    factors = [code if code.isidentifier() or code.isdigit() else f"({code})" for code in map(length, side)]
    return " * ".join(factors) if len(factors) > 1 else length(side[0])

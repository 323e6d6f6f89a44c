"""Results that stand on diagonals as operators: what is zero is not stored, and a product goes over what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.codegen.array import letters_of
from gradproof.codegen.diagonals import beside, diagonals
from gradproof.expr.node import Expr, Index

#: The class of a structured result, written into a module that returns one.
_CLASS = '''class Structured:
    """A linear map of arrays as a sum of parts, each stored over the axes that it has.

    ``shape`` is that of the dense result, whose last ``columns`` axes are those of the arrays that it maps. A part is an array, the
    letters of its axes, and the letters of all axes of the result: a letter that stands twice is a diagonal.
    """

    def __init__(self, shape, columns, parts):
        self.shape, self.columns, self.parts = shape, columns, parts

    def __matmul__(self, x):
        """The product with an array over the columns; more axes behind these are more arrays."""
        rows, total = len(self.shape) - self.columns, 0
        for part, own, places in self.parts:
            total = total + {alias}.einsum(f"{{own}},{{places[rows:]}}...->{{places[:rows]}}...", part, x)
        return total

    def dense(self):
        """The result as one array."""
{dense}'''
_DENSE_IN_PLACE = """        result = {zeros}
        for part, own, places in self.parts:
            kept = "".join(dict.fromkeys(places))
            view = {alias}.einsum(f"{{places}}->{{kept}}", result)
            view += {alias}.einsum(f"{{own}}->{{''.join(letter for letter in kept if letter in own)}}", part)[
                tuple(slice(None) if letter in own else None for letter in kept)
            ]
        return result
"""
_DENSE_OF_JAX = """        result = jnp.zeros(self.shape, self.parts[0][0].dtype)
        for part, own, places in self.parts:
            kept = "".join(dict.fromkeys(places))
            counts = {letter: np.arange(size) for letter, size in zip(places, self.shape)}
            at = dict(zip(kept, np.ix_(*(counts[letter] for letter in kept))))
            spread = jnp.einsum(f"{own}->{''.join(letter for letter in kept if letter in own)}", part)[
                tuple(slice(None) if letter in own else None for letter in kept)
            ]
            result = result.at[tuple(at[letter] for letter in places)].add(spread)
        return result
"""
CLASSES = {
    "numpy": _CLASS.format(
        alias="np", dense=_DENSE_IN_PLACE.format(alias="np", zeros="np.zeros(self.shape, self.parts[0][0].dtype)")
    ),
    "torch": _CLASS.format(
        alias="torch", dense=_DENSE_IN_PLACE.format(alias="torch", zeros="self.parts[0][0].new_zeros(self.shape)")
    ),
    "jax": _CLASS.format(alias="jnp", dense=_DENSE_OF_JAX),
}


@dataclass(frozen=True)
class Part:
    """A part of a structured result: its value, the axes that it is stored over, and the letters of these and of all axes."""

    value: Expr
    axes: tuple[Index, ...]
    own: str
    places: str


def parts_of(root: Expr, axes: Sequence[Index], columns: int) -> tuple[Part, ...]:
    """Return the parts of a result that stands on diagonals, none where it has none or a diagonal is among its rows alone."""
    sparse = diagonals(root, axes)
    rest = beside(root, sparse)
    rows = len(axes) - columns
    found: list[Part] = []
    for value, same in [*((d.value, d.same) for d in sparse), *([(rest, {})] if rest is not None else [])]:
        places = [same.get(index, index) for index in axes]
        if len(set(places[:rows])) < rows or len(set(places[rows:])) < columns:
            return ()
        stored = tuple(dict.fromkeys(i for i in places if i in value.free_indices or i not in places[rows:]))
        letters = letters_of(places)
        found.append(Part(value, stored, "".join(letters[i] for i in stored), "".join(letters[i] for i in places)))
    return tuple(found) if sparse and columns else ()

"""From a pointful expression to matrix notation: contractions become products, repeated indices diagonals, lone ones sums.

A product under sums is a network: its factors are scalars, columns (one index) and matrices (two). Columns over one index are
multiplied entry by entry; a bound index between two factors is contracted; a column between two matrices is a diagonal. What is not
such a network (three axes, shifted subscripts) has no matrix form, and None is returned: the index notation says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.build import ONE, add, number, power, subtract
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Add,
    Apply,
    Axis,
    Compare,
    Constant,
    Element,
    Expr,
    Index,
    Iverson,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import substitute
from gradproof.printer.matrix.assembly import NORMS, between_diagonals, divided_entrywise, joint_exponent, scaled, total, unweighted
from gradproof.printer.matrix.correlation import correlation, is_shifted
from gradproof.printer.matrix.factoring import factored_sum, with_denominator, with_equal_signs, with_sign
from gradproof.printer.matrix.tree import Tree, fewer_transposes, leaf, product, scalar_text, transposed
from gradproof.printer.text import to_text

_DEEPEST = 60
#: Functions of a square matrix with the same value at its transpose.
_OF_SQUARES = frozenset({"det", "logdet", "tr"})
_RELATIONS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class NoMatrixForm(Exception):
    """The expression is no network of scalars, columns and matrices."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A tree with the indices that its axes stand for."""

    tree: Tree
    indices: tuple[Index, ...]


def matrix_form(body: Expr, axes: Sequence[Index]) -> Tree | None:
    """Return an expression over at most two free indices in matrix notation, or None where it has none.

    Args: axes: the output axes: none for a scalar, one for a column, two for a matrix (rows first).
    """
    if len(axes) > 2 or body.free_indices - set(axes):
        return None
    try:
        return _form(body, tuple(axes), 0)
    except NoMatrixForm:
        return None


def _form(node: Expr, axes: tuple[Index, ...], depth: int) -> Tree:
    """Return the tree of a node over exactly these axes."""
    if depth > _DEEPEST:
        raise NoMatrixForm
    factor = _factor(node, depth)
    return _spread(factor, axes)


def _spread(factor: Factor, axes: tuple[Index, ...]) -> Tree:
    """Bring a factor over the axes: transpose it, or repeat it along an axis that it lacks."""
    if factor.indices == axes:
        return factor.tree
    if factor.indices == axes[::-1]:
        return transposed(factor.tree)
    if factor.tree == scalar_text("0"):
        return Tree("text", (), len(axes), "0")
    ones = [_ones(axis) for axis in axes]
    if not factor.indices and factor.tree == scalar_text("1"):
        return ones[0] if len(axes) == 1 else product(ones[0], transposed(ones[1]), rank=2)
    if not factor.indices and len(axes) == 1:
        return scaled(factor.tree, ones[0])
    if len(axes) == 2:
        if factor.indices == axes[:1]:
            return product(factor.tree, transposed(ones[1]), rank=2)
        if factor.indices == axes[1:]:
            return product(ones[0], transposed(factor.tree), rank=2)
        if not factor.indices:
            return scaled(factor.tree, product(ones[0], transposed(ones[1]), rank=2))
    raise NoMatrixForm


def _ones(axis: Index) -> Tree:
    """Return a column of ones; its length is its name, so that two of different lengths are never taken for one."""
    return Tree("ones", (), 1, to_text(subtract(axis.upper, axis.lower)))


def _factor(node: Expr, depth: int) -> Factor:
    """Return a node as one factor over its own free indices."""
    free = _ordered(node)
    match node:
        case Number() | Constant():
            return Factor(scalar_text(to_text(node)), ())
        case Symbol(name) if not node.axes:
            return Factor(leaf(name, 0), ())
        case Element():
            return _element(node)
        case Add():
            return Factor(_sum(node, free, depth), free)
        case Multiply() | Reduce("sum", _, _, None):
            return _network(node, depth)
        case Power():
            return _power(node, free, depth)
        case Apply(function, arguments):
            parts = tuple(
                _form(argument, free, depth + 1) if argument.free_indices else _form(argument, (), depth + 1)
                for argument in arguments
            )
            return Factor(Tree("call", parts, len(free), _spelling(function)), free)
        case TensorEntry():
            return _tensor(node, depth)
        case Reduce("max" | "min" as operation, indices, body, None) if set(indices) == body.free_indices and len(indices) <= 2:
            return Factor(Tree("call", (_form(body, tuple(indices), depth + 1),), 0, operation), ())
        case Iverson(Compare(relation, left, right)):
            return _bracket(relation, left, right, free, depth)
        case Piecewise((Compare(relation, left, right),), (value,), otherwise):
            test = _bracket(relation, left, right, free, depth)
            branches = tuple(_form(part, free if part.free_indices else (), depth + 1) for part in (value, otherwise))
            return Factor(Tree("call", (test.tree, *branches), len(free), "where"), free)
        case _:
            raise NoMatrixForm


def _ordered(node: Expr) -> tuple[Index, ...]:
    """Return the free indices of a node, in the order in which they first stand as subscripts."""
    if len(node.free_indices) > 2:
        raise NoMatrixForm
    return tuple(sorted(node.free_indices, key=lambda index: index.uid))


def _spelling(function: str) -> str:
    entry = FUNCTIONS.get(function) or TENSOR_FUNCTIONS.get(function)
    return entry.text[0] if entry is not None and entry.text else function


def _element(node: Element) -> Factor:
    symbol, places = node.symbol, node.indices
    if len(places) > 2 or not all(isinstance(place, Index) for place in places):
        raise NoMatrixForm
    indices = tuple(place for place in places if isinstance(place, Index))
    if not all(_is_whole(index, axis) for index, axis in zip(indices, symbol.axes, strict=True)):
        raise NoMatrixForm  # a part of a tensor is not the tensor
    tree = leaf(symbol.name, len(places), is_symmetric=len(places) == 2 and "symmetric" in symbol.properties)
    if len(indices) == 2 and indices[0] is indices[1]:
        return Factor(Tree("diagonal", (tree,), 1), indices[:1])
    return Factor(tree, indices)


def _is_whole(index: Index, axis: Axis) -> bool:
    """Tell whether an index runs over all of an axis."""
    if index.lower is ONE:
        return axis.origin == 1 and index.upper is axis.size
    last = subtract(add(axis.size, number(axis.origin)), ONE)
    return index.lower is number(axis.origin) and index.upper is last


def _sum(node: Add, axes: tuple[Index, ...], depth: int) -> Tree:
    whole = any(set(term.free_indices) == set(axes) for term in node.terms)
    whole = whole and not any(_is_identity(term) for term in node.terms)  # a number broadcasts, but not beside the identity
    trees = [_form(term, axes if term.free_indices or not whole else (), depth + 1) for term in node.terms]
    return factored_sum(list(zip(node.weights, trees, strict=True)), len(axes))


def _is_identity(term: Expr) -> bool:
    return isinstance(term, Iverson) and isinstance(term.condition, Compare) and term.condition.relation == "="


def _power(node: Power, free: tuple[Index, ...], depth: int) -> Factor:
    if node.exponent.free_indices:
        raise NoMatrixForm
    if _is_reciprocal(node):
        above = scalar_text("1")
        below = _factor(_reciprocal(node), depth + 1)
        return Factor(Tree("quotient", (above, below.tree), len(below.indices)), below.indices)
    if isinstance(node.exponent, Number) and node.exponent.value == Fraction(1, 2):
        inner = _factor(node.base, depth + 1)
        if inner.tree.operation == "power" and not free and inner.tree.parts[0].name in NORMS and inner.tree.parts[1].name == "2":
            return Factor(inner.tree.parts[0], ())
        return Factor(Tree("call", (inner.tree,), len(inner.indices), "sqrt"), inner.indices)
    inner = _factor(node.base, depth + 1)
    exponent = _form(node.exponent, (), depth + 1)
    joint = joint_exponent(inner.tree, exponent) if not free else None
    if joint is not None:
        exponent, inner = joint, Factor(inner.tree.parts[0], ())
    return Factor(Tree("power", (inner.tree, exponent), len(free)), inner.indices)


def _tensor(node: TensorEntry, depth: int) -> Factor:
    entry = TENSOR_FUNCTIONS[node.function]
    name = _spelling(node.function)
    outer = tuple(index for index in _ordered_body(node) if index not in node.bound)
    if entry.output in ("scalar", "place") and not outer:
        inner = _form(node.body, node.bound, depth + 1)
        return Factor(Tree("call", (fewer_transposes(inner) if name in _OF_SQUARES else inner,), 0, name), ())
    places = tuple(place for place in node.at if isinstance(place, Index))
    if len(places) != len(node.at):
        raise NoMatrixForm
    if entry.output == "same" and entry.rank == 1 and len(outer) <= 1:
        inner = _form(node.body, (*outer, *node.bound), depth + 1)
        return Factor(Tree("call", (inner,), 1 + len(outer), name), (*outer, *places))
    if node.function == "inverse" and not outer:
        inner = _form(node.body, node.bound, depth + 1)
        shorter = fewer_transposes(inner)  # inv(X)', not inv(X')
        return Factor(Tree("call", (shorter,), 2, "inv"), places if shorter is inner else places[::-1])
    raise NoMatrixForm


def _ordered_body(node: TensorEntry) -> tuple[Index, ...]:
    return tuple(sorted(node.body.free_indices, key=lambda index: index.uid))


def _bracket(relation: str, left: Expr, right: Expr, free: tuple[Index, ...], depth: int) -> Factor:
    if isinstance(left, Index) and isinstance(right, Index) and relation == "=":
        if left.upper is not right.upper:
            raise NoMatrixForm  # a square identity, of which some rows or columns are left out
        return Factor(Tree("eye", (), 2), (left, right) if left.uid < right.uid else (right, left))
    if relation == "=" and (isinstance(left, Index) or isinstance(right, Index)):
        return _class_bracket(left, right, depth)
    if any(isinstance(side, Index) for side in (left, right)) or relation not in _RELATIONS:
        raise NoMatrixForm
    sides = tuple(_form(side, free if side.free_indices else (), depth + 1) for side in (left, right))
    return Factor(Tree("compare", sides, len(free), relation), free)


def _class_bracket(left: Expr, right: Expr, depth: int) -> Factor:
    """``[y_i + 1 = p]`` for class numbers y from 0 is entry (i, p) of ``one_hot(y, k)``."""
    label, place = (left, right) if isinstance(right, Index) else (right, left)
    first = subtract(label, number(1))
    if not (isinstance(place, Index) and place.lower is number(1) and isinstance(first, Element | Symbol)):
        raise NoMatrixForm
    symbol = first.symbol if isinstance(first, Element) else first
    if not any(word.startswith("label:") for word in symbol.properties) or place in first.free_indices:
        raise NoMatrixForm
    inner = _factor(first, depth + 1)
    tree = Tree("call", (inner.tree, scalar_text(to_text(place.upper))), 1 + len(inner.indices), "one_hot")
    return Factor(tree, (*inner.indices, place))


# Products under sums ------------------------------------------------------------------------------------------------------


def _network(node: Expr, depth: int) -> Factor:
    """Contract the factors of a product under sums to one factor."""
    bound: list[Index] = []
    weight = Fraction(1)
    pending, factors = [node], []
    while pending:
        part = pending.pop()
        if isinstance(part, Reduce) and part.operation == "sum" and part.where is None and not (bound and is_shifted(part)):
            part = _apart(part, bound)
            bound.extend(part.indices)
            pending.append(part.body)
        elif isinstance(part, Multiply):
            pending.extend(part.factors)
        elif isinstance(part, Add) and len(part.terms) == 1:
            weight *= part.weights[0]
            pending.append(part.terms[0])
        else:
            factors.append(part)
    bound, factors = _from_one(bound, factors)
    found = correlation(factors, bound, lambda part, axes: _form(part, axes, depth + 1)) if bound else None
    windows: list[Factor] = []
    if found is not None:
        windows, factors, bound = [Factor(found.tree, found.outer)], found.rest, found.bound
    below = [part for part in factors if _is_reciprocal(part)]
    trees = [_factor(part, depth + 1) for part in reversed(factors) if part not in below]
    reciprocals = [_factor(_reciprocal(part), depth + 1) for part in below]
    return _Network([*trees, *windows], reciprocals, bound, node.free_indices).contracted(weight)


def _apart(part: Reduce, bound: Sequence[Index]) -> Reduce:
    """Return a sum with its dummies renamed that another sum of the product is over already."""
    names: dict[Expr, Index] = {i: fresh_index(i.name, i.lower, i.upper) for i in part.indices if i in bound}
    if not names:
        return part
    return Reduce(part.operation, tuple(names.get(index, index) for index in part.indices), substitute(part.body, names))


def _from_one(bound: list[Index], factors: list[Expr]) -> tuple[list[Index], list[Expr]]:
    """Count each summed index from 1: ``sum_{i=0}^{n-1} x[i+1]`` is ``sum_{i=1}^n x[i]``."""
    moved: dict[Expr, Expr] = {}
    found: list[Index] = []
    for index in bound:
        gap = subtract(index.lower, number(1))
        if isinstance(gap, Number) and gap is not number(0):
            other = fresh_index(index.name, number(1), subtract(index.upper, gap))
            moved[index] = add(other, gap)
            index = other
        found.append(index)
    return found, [substitute(factor, moved) for factor in factors] if moved else factors


def _is_reciprocal(node: Expr) -> bool:
    return isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value < 0


def _reciprocal(node: Expr) -> Expr:
    assert isinstance(node, Power)
    assert isinstance(node.exponent, Number)
    return power(node.base, Number(-node.exponent.value))


class _Network:
    """The factors of a product; ``reciprocals`` are divided by, ``bound`` indices are summed over."""

    def __init__(self, factors: list[Factor], reciprocals: list[Factor], bound: list[Index], free: frozenset[Index]) -> None:
        self.scalars = [factor.tree for factor in factors if not factor.indices]
        self.factors = [factor for factor in factors if factor.indices]
        self.below: list[Tree] = [factor.tree for factor in reciprocals if not factor.indices]
        self.bound = bound
        self.free = free
        for factor in reciprocals:
            if len(factor.indices) == 1:
                self._divide(factor)
            elif factor.indices:
                raise NoMatrixForm

    def _divide(self, factor: Factor) -> None:
        """Divide a column by another one over the same index, entry by entry."""
        for place, other in enumerate(self.factors):
            if other.indices == factor.indices:
                self.factors[place] = Factor(divided_entrywise(other.tree, factor.tree), factor.indices)
                return
        one = scalar_text("1")
        self.factors.append(Factor(Tree("quotient", (one, factor.tree), 1), factor.indices))

    def contracted(self, weight: Fraction) -> Factor:
        """Return the whole product as one factor over its free indices."""
        progress = True
        while progress:
            progress = self._merged() or any(self._summed(index) for index in list(self.bound))
        if self.bound:
            raise NoMatrixForm
        return self._outer(weight)

    def _merged(self) -> bool:
        """Multiply factors over the same indices entry by entry."""
        for place, first in enumerate(self.factors):
            for other in self.factors[place + 1 :]:
                if set(first.indices) != set(other.indices):
                    continue
                if len(first.indices) == 1 and first.indices[0] in self.bound and self._degree(first.indices[0]) == 2:
                    continue  # an inner product
                if len(first.indices) == 2 and "eye" in (first.tree.operation, other.tree.operation):
                    raise NoMatrixForm
                tree = other.tree if other.indices == first.indices else transposed(other.tree)
                parts = tuple(part for one in (first.tree, tree) for part in (one.parts if one.operation == "hadamard" else (one,)))
                self.factors[place] = Factor(Tree("hadamard", parts, len(first.indices)), first.indices)
                self.factors.remove(other)
                return True
        return False

    def _degree(self, index: Index) -> int:
        return sum(index in factor.indices for factor in self.factors)

    def _summed(self, index: Index) -> bool:
        """Sum over a bound index where it stands in one factor, two, or a column between two matrices."""
        around = [factor for factor in self.factors if index in factor.indices]
        columns = [factor for factor in around if len(factor.indices) == 1]
        matrices = [factor for factor in around if len(factor.indices) == 2]
        if not around:
            raise NoMatrixForm
        if len(around) == 1:
            made = self._alone(around[0], index)
        elif len(around) == 2 and len(columns) == 2:
            made = Factor(product(transposed(columns[0].tree), columns[1].tree, rank=0), ())
        elif len(around) == 2 and len(columns) == 1:
            made = _times_column(matrices[0], columns[0], index)
        elif len(around) == 2:
            made = _times(matrices[0], matrices[1], index)
        elif len(around) == 3 and len(columns) == 1 and len(matrices) == 2:
            middle = Factor(Tree("diagonal", (columns[0].tree,), 2), (index, index))
            made = _times(matrices[0], matrices[1], index, middle.tree)
        else:
            return False
        for factor in around:
            self.factors.remove(factor)
        self.bound.remove(index)
        if made.indices and len(made.indices) == 2 and made.indices[0] is made.indices[1]:
            self._close(made)
        elif made.indices:
            self.factors.append(made)
        else:
            self.scalars.append(made.tree)
        return True

    def _alone(self, factor: Factor, index: Index) -> Factor:
        ones = _ones(index)
        if len(factor.indices) == 1:
            return Factor(total(factor.tree), ())
        rows = factor.tree if factor.indices[1] is index else transposed(factor.tree)
        rest = factor.indices[0] if factor.indices[1] is index else factor.indices[1]
        return Factor(product(rows, ones, rank=1), (rest,))

    def _close(self, made: Factor) -> None:
        """A product whose ends are one index: a trace where it is bound, else a diagonal."""
        index = made.indices[0]
        if index in self.bound and self._degree(index) == 0:
            self.bound.remove(index)
            self.scalars.append(Tree("call", (made.tree,), 0, "tr"))
        else:
            self.factors.append(Factor(Tree("diagonal", (made.tree,), 1), (index,)))

    def _outer(self, weight: Fraction) -> Factor:
        """Put together what is left over the free indices."""
        columns = [factor for factor in self.factors if len(factor.indices) == 1]
        matrices = [factor for factor in self.factors if len(factor.indices) == 2]
        if len(matrices) > 1 or len(columns) > 2:
            raise NoMatrixForm
        if matrices:
            (matrix,) = matrices
            row, column = matrix.indices
            above = [factor.tree for factor in columns if factor.indices[0] is row]
            beside = [factor.tree for factor in columns if factor.indices[0] is column]
            return Factor(self._weighted(between_diagonals(matrix.tree, above, beside), weight), (row, column))
        if len(columns) == 2:
            first, second = columns
            tree = product(first.tree, transposed(second.tree), rank=2)
            return Factor(self._weighted(tree, weight), (*first.indices, *second.indices))
        if columns:
            return Factor(self._weighted(columns[0].tree, weight), columns[0].indices)
        return Factor(self._weighted(None, weight), ())

    def _weighted(self, tree: Tree | None, weight: Fraction) -> Tree:
        made, weight = unweighted(tree, weight)
        for scalar in reversed(self.scalars):
            made = scalar if made is None else scaled(scalar, made)
        made = made if made is not None else scalar_text("1")
        made, weight = with_sign(*with_equal_signs(made, weight))
        if self.below:
            below = self.below[0]
            for other in self.below[1:]:
                below = scaled(below, other)
            made, weight = with_denominator(Tree("quotient", (made, below), made.rank), weight)
        return made if weight == 1 else Tree("sum", (made,), made.rank, weights=(weight,))


def _times_column(matrix: Factor, column: Factor, index: Index) -> Factor:
    """Return ``M v`` (or ``M' v``): the index between them is summed over."""
    if matrix.indices[1] is index:
        return Factor(product(matrix.tree, column.tree, rank=1), matrix.indices[:1])
    return Factor(product(transposed(matrix.tree), column.tree, rank=1), matrix.indices[1:])


def _times(first: Factor, second: Factor, index: Index, middle: Tree | None = None) -> Factor:
    """Return the product of two matrices over an index, with a diagonal between them."""
    left = first.tree if first.indices[1] is index else transposed(first.tree)
    row = first.indices[0] if first.indices[1] is index else first.indices[1]
    right = second.tree if second.indices[0] is index else transposed(second.tree)
    column = second.indices[1] if second.indices[0] is index else second.indices[0]
    parts = (left, right) if middle is None else (left, middle, right)
    return Factor(product(*parts, rank=2), (row, column))

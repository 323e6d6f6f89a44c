"""Sums, products, quotients, powers, comparisons and literals of tensor values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value, freshened, inverse, mapped, renamed
from gradproof.expr import build
from gradproof.expr.node import Compare, Constant, Element, Expr, Iverson, Logic, Number
from gradproof.formula.context import Context
from gradproof.formula.functions.constructions import identity
from gradproof.formula.functions.elementwise import condition_of
from gradproof.formula.functions.matrices import square
from gradproof.reader.plain.tree import Bracket, Comparison, Infix, Tree
from gradproof.reader.presentation import Place

#: Higher powers of a matrix are not written out.
LARGEST_MATRIX_POWER = 64


def chain(tree: Infix, operators: tuple[str, ...]) -> tuple[list[Tree], list[Infix]]:
    """Return the operands of a chain that was read from the left, and the operators between them."""
    operands: list[Tree] = []
    signs: list[Infix] = []
    node: Tree = tree
    while isinstance(node, Infix) and node.operator in operators:
        operands.append(node.right)
        signs.append(node)
        node = node.left
    operands.append(node)
    return operands[::-1], signs[::-1]


def added(context: Context, terms: Sequence[Value], trees: Sequence[Tree], signs: Sequence[Infix]) -> Value:
    """Return the sum; scalars are added to every entry."""
    bodies, frame = _aligned_chain(context, terms, trees, signs)
    weights = [Fraction(1), *(Fraction(1 if sign.operator == "+" else -1) for sign in signs)]
    if frame.rank and any(not term.rank for term in terms):
        context.note("scalars are added to every entry")
    return Value(build.weighted_sum(zip(weights, bodies, strict=True)), frame.axes, frame.is_row)


def entrywise_product(context: Context, factors: Sequence[Value], trees: Sequence[Tree], sign: Infix) -> Value:
    """Return the product entry by entry."""
    bodies, frame = context.aligned(factors, trees, sign.sign)
    return Value(build.multiply(*bodies), frame.axes, frame.is_row)


def _aligned_chain(
    context: Context, values: Sequence[Value], trees: Sequence[Tree], signs: Sequence[Infix]
) -> tuple[list[Expr], Value]:
    """Return bodies over common axes; an error points to the operator before the operand that does not fit."""
    first = next((place for place, value in enumerate(values) if value.rank), None)
    if first is not None:
        for place in range(first + 1, len(values)):
            if values[place].rank:
                pair, told = [values[first], values[place]], [trees[first], trees[place]]
                _fit_shapes(context, pair, told, signs[place - 1].sign)
    return context.aligned(values, trees, signs[0].sign)


def _fit_shapes(context: Context, pair: Sequence[Value], trees: Sequence[Tree], place: Place) -> None:
    sizes = [(extent(mine), extent(other)) for mine, other in zip(pair[0].axes, pair[1].axes, strict=True)]
    if any(mine is not other and context.sizes.resolve(mine) is not context.sizes.resolve(other) for mine, other in sizes):
        context.aligned(pair, trees, place)


# Products -------------------------------------------------------------------------------------------------------------


def multiplied(context: Context, factors: Sequence[Value], trees: Sequence[Tree], signs: Sequence[Infix]) -> Value:
    """Return a product from left to right; scalars, which may stand anywhere in it, are put in at once."""
    scalars = [value.body for value in factors if not value.rank]
    whole: Value | None = None
    for place, value in enumerate(factors):
        if value.rank:
            if whole is not None and whole.rank:
                whole = contracted(context, whole, value, (signs[place - 1].left, trees[place]), signs[place - 1].sign)
            else:
                scalars += [whole.body] if whole is not None else []
                whole = value
    if whole is None:
        return Value(build.multiply(*scalars))
    return mapped(lambda body: build.multiply(*scalars, body), whole) if scalars else whole


def contracted(context: Context, left: Value, right: Value, trees: tuple[Tree, Tree], place: Place) -> Value:
    """Return a product of two tensors: inner, outer, matrix times vector, matrix times matrix."""
    if set(left.axes) & set(right.axes):
        right = freshened(right)
    if left.rank == 1 and not left.is_row:
        return Value(build.multiply(left.body, right.body), (left.axes[0], right.axes[0]))
    inner, other = left.axes[-1], right.axes[0]
    if not context.agree(extent(inner), extent(other)):
        got = f"{_sized(context, trees[0], left)} times {_sized(context, trees[1], right)}"
        expected, remedy = "a product whose inner sizes agree was expected", "Transpose one, or fix a shape."
        raise context.source.misfit(place, expected, got=got, remedy=remedy)
    if isinstance(left.body, Element) and not isinstance(right.body, Element):
        left, inner = renamed(left, (*left.axes[:-1], other)), other
    else:
        right = renamed(right, (inner, *right.axes[1:]))
    axes = (*left.axes[:-1], *right.axes[1:])
    body = build.sum_over([inner], build.multiply(left.body, right.body))
    return Value(body, axes, is_row=left.rank == 1 and len(axes) == 1)


def _sized(context: Context, tree: Tree, value: Value) -> str:
    if value.rank == 1 and value.is_row:
        return f"{context.source.quote(tree.place)} (1 x {context.shape(value)})"
    return context.told(tree, value)


# Quotients, powers, comparisons ---------------------------------------------------------------------------------------


def combined(context: Context, tree: Infix, pair: Sequence[Value]) -> Value:
    """Return a quotient, a power, or a conjunction of two values."""
    match tree.operator:
        case "/" | "./":
            if tree.operator == "/" and pair[1].rank:
                context.note("division by a vector or matrix goes entry by entry")
            return _entrywise(context, tree, pair, build.divide)
        case "^":
            return powered(context, tree, pair)
        case ".^":
            return _entrywise(context, tree, pair, build.power)
        case _:
            tests = [(tree.left, pair[0]), (tree.right, pair[1])]
            for part, value in tests:
                condition_of(context, value, part)
            return _entrywise(context, tree, pair, lambda left, right: _logic(tree.operator, left, right))


def _entrywise(context: Context, tree: Infix | Comparison, pair: Sequence[Value], make: Callable[[Expr, Expr], Expr]) -> Value:
    bodies, frame = context.aligned(pair, (tree.left, tree.right), tree.sign)
    return Value(make(*bodies), frame.axes, frame.is_row)


def _logic(operator: str, left: Expr, right: Expr) -> Expr:
    tests = [side.condition for side in (left, right) if isinstance(side, Iverson)]
    return Iverson(Logic(operator, tuple(tests)))


def negation(condition: Expr) -> Expr:
    """Return the indicator that a condition fails."""
    return Iverson(Logic("not", (condition,)))


def compared(context: Context, tree: Comparison, pair: Sequence[Value]) -> Value:
    """Return the indicator of a comparison."""
    return _entrywise(context, tree, pair, lambda left, right: Iverson(Compare(tree.relation, left, right)))


def powered(context: Context, tree: Infix, pair: Sequence[Value]) -> Value:
    """Return a power of a scalar, of a square matrix, or of every entry of a vector."""
    base, exponent = pair
    if base.body is Constant("e"):
        return mapped(lambda body: build.apply("exp", body), exponent)
    if base.rank == 2:
        return _matrix_power(context, tree, base, exponent)
    if base.rank:
        context.note("the power of a vector is taken entry by entry")
    return mapped(lambda body: build.power(body, exponent.body), base)


def _matrix_power(context: Context, tree: Infix, base: Value, exponent: Value) -> Value:
    amount = exponent.body
    if not isinstance(amount, Number) or amount.value.denominator != 1:
        got = f"'{context.source.quote(tree.right.place)}'"
        expected, remedy = "a whole number was expected as the power of a matrix", "Write .^ for powers entry by entry."
        raise context.source.error(tree.right.place, expected, got=got, remedy=remedy)
    count = int(amount.value)
    if abs(count) > LARGEST_MATRIX_POWER:
        expected = f"a power of at most {LARGEST_MATRIX_POWER} was expected for a matrix"
        raise context.source.error(tree.right.place, expected, got=str(count))
    square(context, base, tree.left, tree.sign, "a whole power")
    if count == 0:
        return identity(context, extent(base.axes[0]))
    factor = base if count > 0 else inverse(base)
    whole = factor
    for _ in range(abs(count) - 1):
        whole = contracted(context, whole, freshened(factor), (tree.left, tree.left), tree.sign)
    return whole


# Literals -------------------------------------------------------------------------------------------------------------


def literal(context: Context, rows: Sequence[Sequence[Value]], tree: Bracket) -> Value:
    """Return a vector, matrix or tensor of given entries.

    Raises: ShapeError: rows of different lengths.
    """
    if len(rows) == 1:
        return _stacked(context, rows[0], tree.rows[0])
    for row, cells in zip(tree.rows, rows, strict=True):
        if len(cells) != len(rows[0]):
            place = row[0].place if row else tree.place
            raise context.source.misfit(place, f"a row of {len(rows[0])} entries was expected", got=str(len(cells)))
    lines = [_stacked(context, cells, row) for row, cells in zip(tree.rows, rows, strict=True)]
    return _stacked(context, lines, [row[0] for row in tree.rows])


def _stacked(context: Context, items: Sequence[Value], trees: Sequence[Tree]) -> Value:
    """Return the tensor that has some values along a new first axis."""
    axis = context.index("i", build.number(len(items)))
    frame = items[0].axes
    terms: list[tuple[Fraction, Expr]] = []
    for place, (item, tree) in enumerate(zip(items, trees, strict=True), start=1):
        got = f"{context.shape(items[0])} and {context.shape(item)}"
        trouble = context.source.misfit(tree.place, "rows of one shape were expected", got=got)
        for mine, other in zip(frame, item.axes, strict=True):
            context.fit(extent(mine), extent(other), trouble)
        body = item.body if item.axes == frame else renamed(item, frame).body
        terms.append((Fraction(1), build.multiply(build.delta(axis, build.number(place)), body)))
    return Value(build.weighted_sum(terms), (axis, *frame))

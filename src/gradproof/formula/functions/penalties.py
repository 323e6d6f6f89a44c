"""Penalties under the names that they have in print: the number of entries other than zero, norms of rows, MCP, SCAD."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.value import Value
from gradproof.expr.build import HALF, ONE, TWO, ZERO, add, apply, compare, divide, multiply, power, scale, subtract, sum_over
from gradproof.expr.node import Expr, Iverson, Piecewise, TensorEntry
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, tensor
from gradproof.formula.kinds import KINDS, MATRIX, SCALAR, Table

_ANY = Table(tuple((kind, SCALAR) for kind in KINDS))
_WITH_TWO = Table(tuple((kind, SCALAR, SCALAR, SCALAR) for kind in KINDS))


def _count(_: Context, __: Arguments, values: tuple[Value, ...]) -> Value:
    """||x||_0 = sum_i [x_i != 0]."""
    return Value(sum_over(list(values[0].axes), Iverson(compare("!=", values[0].body, ZERO))))


def _norm21(_: Context, __: Arguments, values: tuple[Value, ...]) -> Value:
    """||X||_{2,1} = sum_i ||X_i||_2 over the rows X_i."""
    row, column = values[0].axes
    return Value(sum_over([row], TensorEntry("norm2", (column,), values[0].body, ())))


def _summed(
    entry: Callable[[Expr, Expr, Expr], Expr], least_shape: Expr
) -> Callable[[Context, Arguments, tuple[Value, ...]], Value]:
    def lower(context: Context, _: Arguments, values: tuple[Value, ...]) -> Value:
        x, lambda_, shape = values
        context.conditions += [compare(">=", lambda_.body, ZERO), compare(">", shape.body, least_shape)]
        return Value(sum_over(list(x.axes), entry(apply("abs", x.body), lambda_.body, shape.body)))

    return lower


def _mcp(size: Expr, lambda_: Expr, gamma: Expr) -> Expr:
    """lambda |t| - t^2 / (2 gamma) up to gamma lambda, gamma lambda^2 / 2 beyond. Source: Zhang 2010."""
    inside = subtract(multiply(lambda_, size), divide(power(size, TWO), multiply(TWO, gamma)))
    top = multiply(HALF, gamma, power(lambda_, TWO))
    return Piecewise((compare("<=", size, multiply(gamma, lambda_)),), (inside,), top)


def _scad(size: Expr, lambda_: Expr, a: Expr) -> Expr:
    """lambda |t| up to lambda, then a parabola up to a lambda, then lambda^2 (a + 1) / 2. Source: Fan and Li 2001."""
    square = power(lambda_, TWO)
    bend = add(scale(2, multiply(a, lambda_, size)), scale(-1, power(size, TWO)), scale(-1, square))
    middle = divide(bend, multiply(TWO, subtract(a, ONE)))
    top = multiply(HALF, square, add(a, ONE))
    tests = (compare("<=", size, lambda_), compare("<=", size, multiply(a, lambda_)))
    return Piecewise(tests, (multiply(lambda_, size), middle), top)


ENTRIES = (
    Entry(("norm0",), (tensor("x"),), lambda _: _ANY, _count),
    Entry(("norm21",), (tensor("X"),), lambda _: Table(((MATRIX, SCALAR),)), _norm21),
    Entry(("mcp",), (tensor("x"), tensor("lambda"), tensor("gamma")), lambda _: _WITH_TWO, _summed(_mcp, ZERO)),
    Entry(("scad",), (tensor("x"), tensor("lambda"), tensor("a")), lambda _: _WITH_TWO, _summed(_scad, TWO)),
)

"""A few letters and operators, so that the tables of identities read like formulas."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr import build
from gradproof.expr.node import (
    Axis,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Iverson,
    Operator,
    Piecewise,
    Symbol,
    TensorEntry,
    fresh_index,
)


@dataclass(frozen=True, eq=False)
class F:
    """A formula with operators."""

    e: Expr

    def __add__(self, other):
        return F(build.add(self.e, ex(other)))

    __radd__ = __add__

    def __sub__(self, other):
        return F(build.subtract(self.e, ex(other)))

    def __rsub__(self, other):
        return F(build.subtract(ex(other), self.e))

    def __mul__(self, other):
        return F(build.multiply(self.e, ex(other)))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return F(build.divide(self.e, ex(other)))

    def __rtruediv__(self, other):
        return F(build.divide(ex(other), self.e))

    def __pow__(self, other):
        return F(build.power(self.e, ex(other)))

    def __rpow__(self, other):
        return F(build.power(ex(other), self.e))

    def __neg__(self):
        return F(build.negate(self.e))

    def __eq__(self, other):
        return F(Compare("=", self.e, ex(other)))

    def __ne__(self, other):
        return F(Compare("!=", self.e, ex(other)))

    def __lt__(self, other):
        return F(Compare("<", self.e, ex(other)))

    def __le__(self, other):
        return F(Compare("<=", self.e, ex(other)))

    def __gt__(self, other):
        return F(Compare(">", self.e, ex(other)))

    def __ge__(self, other):
        return F(Compare(">=", self.e, ex(other)))

    __hash__ = None


def ex(value) -> Expr:
    return value.e if isinstance(value, F) else build.number(Fraction(value))


def symbol(name: str, *words: str) -> F:
    return F(Symbol(name, (), frozenset(words)))


def size(name: str) -> F:
    return symbol(name, "integer", "size")


@dataclass(frozen=True)
class Tensor:
    """A tensor symbol that takes subscripts in brackets."""

    symbol: Symbol

    def __getitem__(self, at):
        at = at if isinstance(at, tuple) else (at,)
        return F(Element(self.symbol, tuple(ex(part) for part in at)))


def tensor(name: str, *sizes: F, words: tuple[str, ...] = (), origin: int = 1) -> Tensor:
    return Tensor(Symbol(name, tuple(Axis(ex(part), origin) for part in sizes), frozenset(words)))


def index(name: str, upper, lower=1) -> F:
    return F(fresh_index(name, ex(lower), ex(upper)))


def reduce(operation: str, *parts: F) -> F:
    *indices, body = parts
    return F(build.reduce(operation, [i.e for i in indices], ex(body)))


def total(*parts) -> F:
    return reduce("sum", *parts)


def product(*parts) -> F:
    return reduce("prod", *parts)


def fn(name: str):
    return lambda *arguments: F(build.apply(name, *(ex(part) for part in arguments)))


def entry(name: str, bound, body: F, *at) -> F:
    bound = bound if isinstance(bound, tuple) else (bound,)
    return F(TensorEntry(name, tuple(i.e for i in bound), body.e, tuple(ex(part) for part in at)))


def call(name: str, *arguments) -> F:
    return F(Call(name, tuple(ex(part) for part in arguments), (0,) * len(arguments)))


def iv(condition: F) -> F:
    return F(Iverson(condition.e))


def cases(*branches, otherwise) -> F:
    return F(Piecewise(tuple(ex(c) for c, _ in branches), tuple(ex(v) for _, v in branches), ex(otherwise)))


def mean(operand, *bound) -> F:
    return F(Operator("expectation", tuple(ex(part) for part in bound), (ex(operand),)))


def var(operand, *bound) -> F:
    return F(Operator("variance", tuple(ex(part) for part in bound), (ex(operand),)))


def cov(left, right, *bound) -> F:
    return F(Operator("covariance", tuple(ex(part) for part in bound), (ex(left), ex(right))))


def prob(*events, given=()) -> F:
    measure = (Symbol("P"),)
    return F(Operator("probability", measure, tuple(map(ex, events)), tuple(map(ex, given))))


exp, log, sigma, tanh, softplus = (fn(name) for name in ("exp", "log", "sigma", "tanh", "softplus"))
relu, silu, absolute, sign, sin, cos = (fn(name) for name in ("relu", "silu", "abs", "sign", "sin", "cos"))
tan, sinh, cosh, largest, least = (fn(name) for name in ("tan", "sinh", "cosh", "maximum", "minimum"))
floor, ceil, binomial, factorial = (fn(name) for name in ("floor", "ceil", "binomial", "factorial"))
pi, e = F(Constant("pi")), F(Constant("e"))


def sqrt(value) -> F:
    return F(build.square_root(ex(value)))


def half(value=1) -> F:
    return F(build.scale(Fraction(1, 2), ex(value)))

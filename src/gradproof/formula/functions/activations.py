"""Activation functions with the options of ``torch.nn.functional``: slopes, bounds, thresholds; where none is given the catalogue's own."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from gradproof.elaborate.value import Value, mapped
from gradproof.expr.build import (
    HALF,
    MINUS_ONE,
    ONE,
    ZERO,
    add,
    apply,
    compare,
    divide,
    multiply,
    negate,
    number,
    power,
    scale,
    subtract,
)
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Constant, Expr, Iverson, Piecewise
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, option, tensor
from gradproof.formula.functions.axes import AXIS
from gradproof.formula.functions.elementwise import broadcast
from gradproof.formula.functions.vectors import applied
from gradproof.formula.kinds import KINDS, SCALAR, Table

#: What a parameter is where the call leaves it out; None where it has to be given.
Defaults = dict[str, Expr | None]


def _entry(names: tuple[str, ...], make: Callable[..., Expr], parameters: Defaults) -> Entry:
    """Return an activation with parameters that are numbers or broadcast entry by entry."""

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
        given = dict(zip(arguments.present, bodies, strict=True))
        chosen = [given.get(name, default) for name, default in parameters.items()]
        return Value(make(given["input"], *chosen), frame.axes, frame.is_row)

    tensors = (tensor(name, required=default is None) for name, default in parameters.items())
    return Entry(names, (tensor("input"), *tensors), broadcast, lower)


def _texts(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(FUNCTIONS[name].text))


def _above(x: Expr, limit: Expr, above: Expr, below: Expr) -> Expr:
    return Piecewise((compare(">", x, limit),), (above,), below)


def _elu(x: Expr, alpha: Expr) -> Expr:
    if alpha is ONE:
        return apply("elu", x)
    return _above(x, ZERO, x, multiply(alpha, apply("expm1", x)))


def _celu(x: Expr, alpha: Expr) -> Expr:
    if alpha is ONE:
        return apply("elu", x)
    return _above(x, ZERO, x, multiply(alpha, apply("expm1", divide(x, alpha))))


def _softplus(x: Expr, beta: Expr) -> Expr:
    return divide(apply("softplus", multiply(beta, x)), beta)


def _hardtanh(x: Expr, least: Expr, most: Expr) -> Expr:
    if least is MINUS_ONE and most is ONE:
        return apply("hardtanh", x)
    return apply("minimum", apply("maximum", x, least), most)


def _hardsigmoid(x: Expr) -> Expr:
    return scale(Fraction(1, 6), apply("relu6", add(x, number(3))))


def _hardshrink(x: Expr, bound: Expr) -> Expr:
    return multiply(x, Iverson(compare(">", apply("abs", x), bound)))


def _gelu(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    kind = context.word(arguments.options.get("approximate"), "none", ("none", "tanh"))
    return mapped(_gelu_by_tanh if kind == "tanh" else lambda x: apply("gelu", x), values[0])


def _gelu_by_tanh(x: Expr) -> Expr:
    """``x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))``: Hendrycks and Gimpel 2016."""
    cubic = add(x, scale(Fraction("0.044715"), power(x, number(3))))
    root = power(divide(number(2), Constant("pi")), HALF)
    return scale(Fraction(1, 2), multiply(x, add(ONE, apply("tanh", multiply(root, cubic)))))


def _softmin(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
    return applied(context, TENSOR_FUNCTIONS["softmax"], arguments, mapped(negate, values[0]))


_KEEPING = Table(tuple((kind, kind) for kind in KINDS if kind != SCALAR))
ENTRIES = (
    _entry(
        (*_texts("leaky_relu"), "prelu"),
        lambda x, slope: apply("leaky_relu", x, slope),
        {"negative_slope": number(Fraction(1, 100))},
    ),
    _entry(_texts("soft_threshold"), lambda x, bound: apply("soft_threshold", x, bound), {"lambd": HALF}),
    _entry(_texts("elu"), _elu, {"alpha": ONE}),
    _entry(("celu",), _celu, {"alpha": ONE}),
    _entry(_texts("softplus"), _softplus, {"beta": ONE}),
    _entry(_texts("hardtanh"), _hardtanh, {"min_val": MINUS_ONE, "max_val": ONE}),
    _entry(("hardsigmoid",), _hardsigmoid, {}),
    _entry(("hardswish",), lambda x: multiply(x, _hardsigmoid(x)), {}),
    _entry(("hardshrink",), _hardshrink, {"lambd": HALF}),
    _entry(("tanhshrink",), lambda x: subtract(x, apply("tanh", x)), {}),
    _entry(("threshold",), lambda x, limit, value: _above(x, limit, x, value), {"threshold": None, "value": None}),
    Entry(_texts("gelu"), (tensor("input"), option("approximate", by_name=True)), broadcast, _gelu),
    Entry(("softmin",), (tensor("x"), *AXIS), lambda _: _KEEPING, _softmin),
)

"""Losses: a term for each entry or each example, then the sum, the mean, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import (
    HALF,
    ONE,
    TWO,
    ZERO,
    add,
    apply,
    compare,
    divide,
    multiply,
    negate,
    power,
    scale,
    subtract,
    sum_over,
)
from gradproof.expr.node import Constant, Expr, Piecewise
from gradproof.formula.context import Context
from gradproof.formula.entry import Arguments, Entry, Parameter, option, tensor
from gradproof.formula.kinds import KINDS, SCALAR, Relation, Table

REDUCTION: tuple[Parameter, ...] = (option("reduction", by_name=True),)
Term = Callable[..., Expr]


def reduction_of(context: Context, arguments: Arguments, *more: str) -> str:
    """Return how the terms are put together."""
    return context.word(arguments.options.get("reduction"), "mean", ("mean", "sum", "none", *more))


def together(reduction: str, value: Value) -> Value:
    """Return the terms, their sum, or their mean; 'batchmean' divides by the first axis alone."""
    if reduction == "none" or not value.rank:
        return value
    total = sum_over(list(value.axes), value.body)
    if reduction == "sum":
        return Value(total)
    counted = value.axes[:1] if reduction == "batchmean" else value.axes
    return Value(divide(total, multiply(*(extent(axis) for axis in counted))))


def _entrywise(
    name: str,
    term: Term,
    *more: str,
    shapes: tuple[str, ...] = ("input", "target"),
    numbers: Mapping[str, Expr] = MappingProxyType({}),
    flags: Mapping[str, bool] = MappingProxyType({}),
) -> Entry:
    """Return a loss with a term for each entry.

    Args: shapes: what has one shape; from the third on it may be a number.  numbers: parameters that are numbers or have that shape
          too, and what they are where they are left out.  flags: options that are True or False.  The term takes them all, in this order.
    """

    def relation(arguments: Arguments) -> Relation:
        is_open = getattr(arguments.options.get("reduction"), "text", "") == "none"
        extra = len(arguments.present) - 2  # what stands behind prediction and target may be a number
        choices = [(kind, choice) for kind in KINDS for choice in product(*((SCALAR, kind) for _ in range(extra)))]
        rows = (((kind, kind), choice, kind if is_open else SCALAR) for kind, choice in choices)
        return Table(tuple(dict.fromkeys((*same, *choice, result) for same, choice, result in rows)))

    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
        given = dict(zip(arguments.present, bodies, strict=True))
        chosen = [given.get(number_, default) for number_, default in numbers.items()]
        settings = [context.flag(arguments.options.get(flag), default) for flag, default in flags.items()]
        value = Value(term(*(given[shape] for shape in shapes), *chosen, *settings), frame.axes, frame.is_row)
        return together(reduction_of(context, arguments, *more), value)

    optional = tuple(tensor(number_, required=False, by_name=True) for number_ in numbers)
    options = tuple(option(flag, by_name=True) for flag in flags)
    return Entry((name,), (*map(tensor, shapes), *optional, *REDUCTION, *options), relation, lower)


def _divergence(log_probability: Expr, target: Expr, is_log: bool) -> Expr:
    """``t (log t - x)``, which is 0 where t is."""
    if is_log:
        return multiply(apply("exp", target), subtract(target, log_probability))
    whole = multiply(target, subtract(apply("log", target), log_probability))
    return Piecewise((compare(">", target, ZERO),), (whole,), ZERO)


def _square(prediction: Expr, target: Expr) -> Expr:
    return power(subtract(prediction, target), TWO)


def _distance(prediction: Expr, target: Expr) -> Expr:
    return apply("abs", subtract(prediction, target))


def _huber(prediction: Expr, target: Expr, delta: Expr) -> Expr:
    """``r^2/2`` where ``|r| <= delta``, else ``delta (|r| - delta/2)``."""
    return apply("huber", subtract(prediction, target), delta)


def _smooth(prediction: Expr, target: Expr, beta: Expr) -> Expr:
    """The Huber function over its bound: a square near 0, a line further off."""
    return divide(_huber(prediction, target, beta), beta)


def _binary(probability: Expr, target: Expr, weight: Expr) -> Expr:
    """``-w (t log p + (1 - t) log(1 - p))``."""
    below = multiply(subtract(ONE, target), apply("log", subtract(ONE, probability)))
    return negate(multiply(weight, add(multiply(target, apply("log", probability)), below)))


def _binary_with_logits(logit: Expr, target: Expr, weight: Expr, positive: Expr) -> Expr:
    """``softplus(z) - t z``: the binary cross-entropy of ``sigma(z)``; a weight of the positive class is before its logarithm."""
    if positive is ONE:
        return multiply(weight, subtract(apply("softplus", logit), multiply(target, logit)))
    above = multiply(positive, target, apply("log_sigmoid", logit))
    below = multiply(subtract(ONE, target), apply("log_sigmoid", negate(logit)))
    return negate(multiply(weight, add(above, below)))


def _gaussian(mean: Expr, target: Expr, variance: Expr, is_full: bool) -> Expr:
    """``(log v + (m - t)^2 / v) / 2``, and with ``full`` the constant ``log(2 pi) / 2``."""
    term = scale(HALF.value, add(apply("log", variance), divide(_square(mean, target), variance)))
    return add(term, scale(HALF.value, apply("log", scale(2, Constant("pi"))))) if is_full else term


def _poisson(rate: Expr, target: Expr, takes_log: bool) -> Expr:
    """``exp(x) - t x`` of the logarithm of a rate, ``x - t log x`` of a rate."""
    if takes_log:
        return subtract(apply("exp", rate), multiply(target, rate))
    return subtract(rate, multiply(target, apply("log", rate)))


def _hinge(distance: Expr, target: Expr, margin: Expr) -> Expr:
    """The distance itself where the target is 1, ``max(0, margin - x)`` where it is -1."""
    return Piecewise((compare(">", target, ZERO),), (distance,), apply("maximum", subtract(margin, distance), ZERO))


def _ranking(first: Expr, second: Expr, target: Expr, margin: Expr) -> Expr:
    """``max(0, -t (x1 - x2) + margin)``."""
    return apply("maximum", add(multiply(target, subtract(second, first)), margin), ZERO)


def _soft_margin(prediction: Expr, target: Expr) -> Expr:
    """``log(1 + exp(-t x))``."""
    return apply("softplus", negate(multiply(target, prediction)))


ENTRIES = (
    _entrywise("kl_div", _divergence, "batchmean", flags={"log_target": False}),
    _entrywise("mse_loss", _square),
    _entrywise("l1_loss", _distance),
    _entrywise("huber_loss", _huber, numbers={"delta": ONE}),
    _entrywise("smooth_l1_loss", _smooth, numbers={"beta": ONE}),
    _entrywise("binary_cross_entropy", _binary, numbers={"weight": ONE}),
    _entrywise("binary_cross_entropy_with_logits", _binary_with_logits, numbers={"weight": ONE, "pos_weight": ONE}),
    _entrywise("gaussian_nll_loss", _gaussian, shapes=("input", "target", "var"), flags={"full": False}),
    _entrywise("poisson_nll_loss", _poisson, flags={"log_input": True}),
    _entrywise("hinge_embedding_loss", _hinge, numbers={"margin": ONE}),
    _entrywise("margin_ranking_loss", _ranking, shapes=("input1", "input2", "target"), numbers={"margin": ZERO}),
    _entrywise("soft_margin_loss", _soft_margin),
)

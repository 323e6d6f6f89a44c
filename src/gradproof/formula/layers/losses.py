"""Losses: a term for each entry or each example, then the sum, the mean, or none."""

from __future__ import annotations

from collections.abc import Callable

from gradproof.elaborate.sizes import extent
from gradproof.elaborate.value import Value
from gradproof.expr.build import HALF, ONE, TWO, ZERO, add, apply, compare, divide, multiply, negate, power, subtract, sum_over
from gradproof.expr.node import Expr, Piecewise
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


def _relation(arguments: Arguments) -> Relation:
    """Both have one shape; the loss is a scalar, or a term for each entry."""
    tree = arguments.options.get("reduction")
    is_open = tree is not None and getattr(tree, "text", "") == "none"
    count = len(arguments.tensors)
    return Table(tuple((*(kind,) * count, kind if is_open else SCALAR) for kind in KINDS))


def _entrywise(name: str, term: Term, *more: str, options: tuple[str, ...] = ()) -> Entry:
    def lower(context: Context, arguments: Arguments, values: tuple[Value, ...]) -> Value:
        bodies, frame = context.aligned(values, arguments.tensors, arguments.call.head)
        settings = [context.flag(arguments.options.get(option_), False) for option_ in options]
        value = Value(term(*bodies, *settings), frame.axes, frame.is_row)
        return together(reduction_of(context, arguments, *more), value)

    flags = tuple(option(name, by_name=True) for name in options)
    return Entry((name,), (tensor("input"), tensor("target"), *REDUCTION, *flags), _relation, lower)


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


def _smooth(prediction: Expr, target: Expr) -> Expr:
    """The Huber function with 1: a square near 0, a line further off."""
    gap = subtract(prediction, target)
    far = subtract(apply("abs", gap), HALF)
    return Piecewise((compare("<", apply("abs", gap), ONE),), (multiply(HALF, power(gap, TWO)),), far)


def _binary(probability: Expr, target: Expr) -> Expr:
    """``-(t log p + (1 - t) log(1 - p))``."""
    below = multiply(subtract(ONE, target), apply("log", subtract(ONE, probability)))
    return negate(add(multiply(target, apply("log", probability)), below))


def _binary_with_logits(logit: Expr, target: Expr) -> Expr:
    """``softplus(z) - t z``: the binary cross-entropy of ``sigma(z)``."""
    return subtract(apply("softplus", logit), multiply(target, logit))


ENTRIES = (
    _entrywise("kl_div", _divergence, "batchmean", options=("log_target",)),
    _entrywise("mse_loss", _square),
    _entrywise("l1_loss", _distance),
    _entrywise("smooth_l1_loss", _smooth),
    _entrywise("binary_cross_entropy", _binary),
    _entrywise("binary_cross_entropy_with_logits", _binary_with_logits),
)

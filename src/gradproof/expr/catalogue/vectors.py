"""Functions of a whole vector: softmax, logsumexp, norms, the place of the largest entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, TWO, ZERO, apply, delta, multiply, power, subtract, sum_over
from gradproof.expr.catalogue.function import TensorFunction
from gradproof.expr.node import Expr, TensorEntry
from gradproof.expr.walk import substitute

Shape = tuple[int, ...]


def _same(node: TensorEntry, at: tuple[Expr, ...], function: str | None = None) -> Expr:
    return TensorEntry(function or node.function, node.bound, node.body, at)


def _body_at(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    return substitute(node.body, dict(zip(node.bound, at, strict=True)))


def _softmax_jacobian(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    return multiply(node, subtract(delta(node.at[0], at[0]), _same(node, at)))


def _softmax_array(values: Any) -> Any:
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def _softmax_ball(values: Sequence[arb], _: Shape) -> list[arb]:
    powers = [value.exp() for value in values]
    total = sum(powers, arb(0))
    return [value / total for value in powers]


def _softmax_expansion(node: TensorEntry) -> Expr:
    total = sum_over(node.bound, apply("exp", node.body))
    return multiply(apply("exp", _body_at(node, node.at)), power(total, MINUS_ONE))


def _log_softmax_expansion(node: TensorEntry) -> Expr:
    return subtract(_body_at(node, node.at), apply("log", sum_over(node.bound, apply("exp", node.body))))


def _logsumexp_array(values: Any) -> Any:
    top = values.max(axis=-1)
    return top + np.log(np.exp(values - top[..., None]).sum(axis=-1))


def _extreme_entry_jacobian(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    """A subgradient of the largest absolute value: the first entry that attains it."""
    place = TensorEntry("argmax", node.bound, apply("abs", node.body), ())
    return multiply(delta(at[0], place), apply("sign", _body_at(node, at)))


def _norm_ball(order: str) -> Callable[[Sequence[arb], Shape], list[arb]]:
    def ball(values: Sequence[arb], _: Shape) -> list[arb]:
        if order == "inf":
            result = arb(0)
            for value in values:
                result = result.max(abs(value))
            return [result]
        if order == "1":
            return [sum((abs(value) for value in values), arb(0))]
        return [sum((value * value for value in values), arb(0)).sqrt()]

    return ball


def _sqrt_of_squares(node: TensorEntry) -> Expr:
    return build.square_root(sum_over(node.bound, power(node.body, TWO)))


def _place_exact(sign: int) -> Callable[[Sequence[fmpq], Shape], list[fmpq] | None]:
    def exact(values: Sequence[fmpq], _: Shape) -> list[fmpq] | None:
        return [fmpq(max(range(len(values)), key=lambda place: (sign * values[place], -place)) + 1)]

    return exact


def _place_ball(sign: int) -> Callable[[Sequence[arb], Shape], list[arb]]:
    def ball(values: Sequence[arb], _: Shape) -> list[arb]:
        """Enclose the places of all entries that may be the largest; the first one counts where entries tie."""
        signed = [sign * value for value in values]
        best = max((value.lower() for value in signed), default=arb.nan())
        places = [place for place, value in enumerate(signed) if not value < best]
        first = next((p for p in places if all(signed[p] >= value for value in signed)), None)
        if first is not None and first == places[0]:
            return [arb(first + 1)]
        return [arb(places[0] + 1).union(arb(places[-1] + 1))] if places else [arb.nan()]

    return ball


def _place_entry(name: str, sign: int) -> TensorFunction:
    return TensorFunction(
        name=name,
        text=(name,),
        latex=(f"\\operatorname{{{name}}}",),
        rank=1,
        output="place",
        jacobian=lambda _node, _at: ZERO,
        array=lambda values: np.argmax(sign * values, axis=-1) + 1,
        ball=_place_ball(sign),
        exact=_place_exact(sign),
        kink="where entries tie, the first of them counts",
        source="Boyd and Vandenberghe 2004, section 3.2.3",
    )


FUNCTIONS = (
    TensorFunction(
        name="softmax",
        text=("softmax", "SoftMax", "Softmax"),
        latex=("\\operatorname{softmax}",),
        rank=1,
        output="same",
        jacobian=_softmax_jacobian,
        array=_softmax_array,
        ball=_softmax_ball,
        expansion=_softmax_expansion,
        source="Goodfellow, Bengio, Courville 2016, section 6.2.2.3",
    ),
    TensorFunction(
        name="log_softmax",
        text=("log_softmax", "logsoftmax"),
        latex=("\\operatorname{logsoftmax}",),
        rank=1,
        output="same",
        jacobian=lambda node, at: subtract(delta(node.at[0], at[0]), _same(node, at, "softmax")),
        array=lambda values: values - _logsumexp_array(values)[..., None],
        ball=lambda values, shape: [value.log() for value in _softmax_ball(values, shape)],
        expansion=_log_softmax_expansion,
        source="Goodfellow, Bengio, Courville 2016, section 6.2.2.3",
    ),
    TensorFunction(
        name="logsumexp",
        text=("logsumexp", "LSE", "lse"),
        latex=("\\operatorname{logsumexp}",),
        rank=1,
        output="scalar",
        jacobian=lambda node, at: _same(node, at, "softmax"),
        array=_logsumexp_array,
        ball=lambda values, _: [sum((value.exp() for value in values), arb(0)).log()],
        expansion=lambda node: apply("log", sum_over(node.bound, apply("exp", node.body))),
        source="Boyd and Vandenberghe 2004, section 3.1.5",
    ),
    TensorFunction(
        name="norm1",
        text=("norm1",),
        latex=("\\operatorname{norm}_1",),
        rank=1,
        output="scalar",
        jacobian=lambda node, at: apply("sign", _body_at(node, at)),
        array=lambda values: np.abs(values).sum(axis=-1),
        ball=_norm_ball("1"),
        exact=lambda values, _: [sum((abs(value) for value in values), fmpq(0))],
        expansion=lambda node: sum_over(node.bound, apply("abs", node.body)),
        kink="where an entry is 0, where the subgradient 0 is taken",
        source="Beck 2017, Example 3.4",
    ),
    TensorFunction(
        name="norm2",
        text=("norm2",),
        latex=("\\operatorname{norm}_2",),
        rank=1,
        output="scalar",
        jacobian=lambda node, at: multiply(_body_at(node, at), power(node, MINUS_ONE)),
        array=lambda values: np.sqrt((values**2).sum(axis=-1)),
        ball=_norm_ball("2"),
        expansion=_sqrt_of_squares,
        kink="at 0",
        source="Beck 2017, Example 3.34",
    ),
    TensorFunction(
        name="norminf",
        text=("norminf",),
        latex=("\\operatorname{norm}_\\infty",),
        rank=1,
        output="scalar",
        jacobian=_extreme_entry_jacobian,
        array=lambda values: np.abs(values).max(axis=-1),
        ball=_norm_ball("inf"),
        exact=lambda values, _: [max((abs(value) for value in values), default=fmpq(0))],
        kink="where entries tie, the first of them takes the subgradient",
        source="Beck 2017, Example 3.52",
    ),
    _place_entry("argmax", 1),
    _place_entry("argmin", -1),
)

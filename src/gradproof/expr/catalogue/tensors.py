"""Functions of a whole vector or matrix: softmax, logsumexp, norms, inverse, determinant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb, arb_mat, fmpq, fmpq_mat

from gradproof.expr import build
from gradproof.expr.build import MINUS_ONE, TWO, ZERO, apply, delta, multiply, negate, power, subtract, sum_over
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


def _inverse_jacobian(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    left = _same(node, (node.at[0], at[0]))
    right = _same(node, (at[1], node.at[1]))
    return negate(multiply(left, right))


def _cofactor(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    return _same(node, (at[1], at[0]), "inverse")


def _matrix(values: Sequence[Any], shape: Shape, kind: Any) -> Any:
    return kind(shape[0], shape[1], list(values))


def _det_ball(values: Sequence[arb], shape: Shape) -> list[arb]:
    return [_matrix(values, shape, arb_mat).det()]


def _det_exact(values: Sequence[fmpq], shape: Shape) -> list[fmpq] | None:
    return [_matrix(values, shape, fmpq_mat).det()]


def _inverse_exact(values: Sequence[fmpq], shape: Shape) -> list[fmpq] | None:
    matrix = _matrix(values, shape, fmpq_mat)
    if matrix.det() == 0:
        return None
    return [entry for row in matrix.inv().tolist() for entry in row]


def _inverse_ball(values: Sequence[arb], shape: Shape) -> list[arb]:
    try:
        return [entry for row in _matrix(values, shape, arb_mat).inv().tolist() for entry in row]
    except ZeroDivisionError:
        return [arb("nan")] * len(values)


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


def _argmax_exact(values: Sequence[fmpq], _: Shape) -> list[fmpq] | None:
    return [fmpq(max(range(len(values)), key=lambda place: (values[place], -place)) + 1)]


def _argmax_ball(values: Sequence[arb], _: Shape) -> list[arb]:
    for place, value in enumerate(values):
        if all(value > other for at, other in enumerate(values) if at != place):
            return [arb(place + 1)]
    return [arb("nan")]


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
        name="normF",
        text=("normF",),
        latex=("\\operatorname{norm}_F",),
        rank=2,
        output="scalar",
        jacobian=lambda node, at: multiply(_body_at(node, at), power(node, MINUS_ONE)),
        array=lambda values: np.sqrt((values**2).sum(axis=(-2, -1))),
        ball=_norm_ball("2"),
        expansion=_sqrt_of_squares,
        kink="at 0",
        source="Magnus and Neudecker 2019, section 1.10",
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
        kink="where entries tie, the first of them takes the subgradient",
        source="Beck 2017, Example 3.52",
    ),
    TensorFunction(
        name="argmax",
        text=("argmax",),
        latex=("\\operatorname{argmax}",),
        rank=1,
        output="scalar",
        jacobian=lambda _node, _at: ZERO,
        array=lambda values: np.argmax(values, axis=-1) + 1,
        ball=_argmax_ball,
        exact=_argmax_exact,
        kink="where entries tie, the first of them counts",
        source="Boyd and Vandenberghe 2004, section 3.2.3",
    ),
    TensorFunction(
        name="inverse",
        text=("inverse", "inv"),
        latex=("\\operatorname{inv}",),
        rank=2,
        output="transposed",
        jacobian=_inverse_jacobian,
        array=np.linalg.inv,
        ball=_inverse_ball,
        exact=_inverse_exact,
        domain="invertible",
        source="Petersen and Pedersen 2012, equation 60",
    ),
    TensorFunction(
        name="det",
        text=("det",),
        latex=("\\det",),
        rank=2,
        output="scalar",
        jacobian=lambda node, at: multiply(node, _cofactor(node, at)),
        array=np.linalg.det,
        ball=_det_ball,
        exact=_det_exact,
        source="Petersen and Pedersen 2012, equation 49",
    ),
    TensorFunction(
        name="logdet",
        text=("logdet",),
        latex=("\\log\\det",),
        rank=2,
        output="scalar",
        jacobian=_cofactor,
        array=lambda values: np.linalg.slogdet(values)[1],
        ball=lambda values, shape: [_det_ball(values, shape)[0].log()],
        expansion=lambda node: apply("log", _same(node, (), "det")),
        domain="of positive determinant",
        source="Petersen and Pedersen 2012, equation 57",
    ),
)

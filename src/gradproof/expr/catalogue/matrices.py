"""Functions of a whole matrix: inverse, determinant, and the norms that need its singular values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat, fmpq, fmpq_mat

from gradproof.expr.build import MINUS_ONE, TWO, apply, multiply, negate, power, square_root, sum_over
from gradproof.expr.catalogue.function import Jacobian, TensorFunction
from gradproof.expr.node import Expr, TensorEntry
from gradproof.expr.walk import substitute

Shape = tuple[int, ...]


def _same(node: TensorEntry, at: tuple[Expr, ...], function: str | None = None) -> Expr:
    return TensorEntry(function or node.function, node.bound, node.body, at)


def _body_at(node: TensorEntry, at: tuple[Expr, ...]) -> Expr:
    return substitute(node.body, dict(zip(node.bound, at, strict=True)))


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


def _frobenius_ball(values: Sequence[arb], _: Shape) -> list[arb]:
    return [sum((value * value for value in values), arb(0)).sqrt()]


def _singular_values(values: Sequence[arb], shape: Shape) -> list[arb]:
    """Enclose the singular values: the roots of the eigenvalues of the smaller of ``A^T A`` and ``A A^T``."""
    if not values:
        return []
    matrix = arb_mat(shape[0], shape[1], list(values))
    turned = matrix.transpose()
    gram = matrix * turned if shape[0] <= shape[1] else turned * matrix
    if gram.nrows() == 1:
        return [gram[0, 0].nonnegative_part().sqrt()]
    found = acb_mat(gram).eig(multiple=True)
    return [value.real.nonnegative_part().sqrt() for value in found]


def _spectral_ball(values: Sequence[arb], shape: Shape) -> list[arb]:
    result = arb(0)
    for value in _singular_values(values, shape):
        result = result.max(value)
    return [result]


def _no_jacobian(name: str, remedy: str = "") -> Jacobian:
    def jacobian(_: TensorEntry, __: tuple[Expr, ...]) -> Expr:
        raise NotImplementedError(f"{name} has no derivative in the catalogue: it needs singular vectors{remedy}")

    return jacobian


FUNCTIONS = (
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
    TensorFunction(
        name="normF",
        text=("normF",),
        latex=("\\operatorname{norm}_F",),
        rank=2,
        output="scalar",
        jacobian=lambda node, at: multiply(_body_at(node, at), power(node, MINUS_ONE)),
        array=lambda values: np.sqrt((values**2).sum(axis=(-2, -1))),
        ball=_frobenius_ball,
        expansion=lambda node: square_root(sum_over(node.bound, power(node.body, TWO))),
        kink="at 0",
        source="Magnus and Neudecker 2019, section 1.10",
    ),
    TensorFunction(
        name="spectral_norm",
        text=("spectral_norm",),
        latex=("\\operatorname{norm}_{\\sigma}",),
        rank=2,
        output="scalar",
        jacobian=_no_jacobian("spectral_norm"),
        array=lambda values: np.linalg.norm(values, 2, axis=(-2, -1)),
        ball=_spectral_ball,
        kink="where the largest singular value is not simple",
        source="Horn and Johnson 2013, section 5.6",
    ),
    TensorFunction(
        name="nuclear_norm",
        text=("nuclear_norm", "norm_nuc"),
        latex=("\\operatorname{norm}_*",),
        rank=2,
        output="scalar",
        jacobian=_no_jacobian("nuclear_norm", ", U V' of X = U S V'; 'gradproof minimize' takes its proximal operator instead"),
        array=lambda values: np.linalg.norm(values, "nuc", axis=(-2, -1)),
        ball=lambda values, shape: [sum(_singular_values(values, shape), arb(0))],
        kink="where the matrix is singular",
        source="Horn and Johnson 2013, section 5.6",
    ),
)

"""Sparse data of any formula: products are SciPy's, and what is found is what dense data gives."""

import numpy as np
import pytest
from scipy import sparse

import gradproof
from gradproof.errors import UnsupportedError
from gradproof.expr.build import multiply, number
from gradproof.expr.node import Axis, Element, Reduce, Symbol, fresh_index
from gradproof.objective.sparse_products import Products

RANDOM = np.random.default_rng(0)
A = sparse.random(60, 8, 0.4, random_state=1, format="csr")
b = A @ RANDOM.standard_normal(8) + 0.1 * RANDOM.standard_normal(60)
DATA = {
    "A": A,
    "b": b,
    "s": np.where(b + RANDOM.standard_normal(60) > 0, 1.0, -1.0),
    "B": np.outer(b, [1.0, 2.0, 3.0]),
    "lam": 0.1,
    "z": np.ones(8),
}
FORMULAS = [
    "norm2(A*x-b)^2 + lam*norm2(x)^2",
    "sum_i (sum_j A_ij*x_j - b_i)^2 + lam*norm2(x)^2",
    "norm2(A[1:30,:]*x - b[1:30])^2 + lam*norm2(x)^2",
    "norm2(A[:,2:5]*x - b)^2 + lam*norm2(x)^2",
    "normF(A*W-B)^2 + lam*normF(W)^2",
    "norm1(A*x-b)",
    "norm1(A*x-b) + lam*norm1(x)",
    "sum(huber(A*x-b, 1)) + lam*norm1(x)",
    "sum(max(1-s.*(A*x), 0)) + lam*norm2(x)^2",
    "sum(log(1+exp(-s.*(A*x)))) + lam*norm2(x)^2",
    "sum_i log(1+exp(-s_i*sum_j A_ij*(x_j-lam))) + lam*norm2(x)^2",
    "sum(exp(A*x-b)) + norm2(x)^2",
    "norm2(A*x-b)",
    "norm2(A*tanh(x)-b)^2 + lam*norm2(x)^2",
    "norm2(x-2)^2 | A*x <= b+1",
    "norm2(x-2)^2 | A*x = A*z",
    "x'*A'*A*x/2 - b'*A*x + norm1(x)",
    "sum_i norm2(A[i,:]-x)^2",
    "sum((A.^2*x-b).^2) + lam*norm2(x)^2",
    "sum(A.*(u*v')) + norm2(u)^2 + norm2(v)^2 + sum(u) + norm2(u)^2*norm2(v)^2",
]


def _data_of(text):
    return {name: value for name, value in DATA.items() if name in text.replace("sum", "").replace("tanh", "").replace("max", "")}


@pytest.mark.parametrize("text", FORMULAS)
def test_sparse_data_gives_what_dense_data_gives(text):
    formula, _, condition = text.partition(" | ")
    over = "u,v" if "u*v'" in text else "W" if "W" in text else "x"
    data = _data_of(text)
    found, dense = (
        gradproof.minimize(formula, over, condition or (), data=given, tol=1e-8) for given in (data, data | {"A": A.toarray()})
    )
    assert found.is_converged
    assert np.isclose(found.objective, dense.objective, rtol=1e-6, atol=1e-9)


def test_sparse_data_shows_a_bound_that_no_point_reaches():
    found = gradproof.minimize("sum(exp(A*x-b))", "x", data={"A": A, "b": b}, tol=1e-8)
    assert not found.is_converged
    assert found.reason == "unattained"
    fall = A @ found.direction["x"]
    assert (fall <= 0).all()
    assert (fall < 0).any()


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_a_sparse_matrix_that_would_not_fit_as_an_array_is_multiplied_only(kind):
    rows, columns, count = 100_000, 50_000, 300_000
    places = RANDOM.integers(0, rows, count), RANDOM.integers(0, columns, count)
    wide = sparse.coo_array((RANDOM.standard_normal(count), places), shape=(rows, columns)).asformat(kind)
    target = wide @ RANDOM.standard_normal(columns)
    found = gradproof.minimize("norm2(A*x-b)^2 + norm2(x)^2", "x", data={"A": wide, "b": target}, tol=1e-6)
    slope = wide.T @ (wide @ found.x - target) + found.x
    assert found.is_converged
    assert np.linalg.norm(slope) <= 1e-5 * np.linalg.norm(wide.T @ target)


def test_a_large_sparse_matrix_outside_of_products_is_refused_with_its_name():
    wide = sparse.random(3000, 400, 1e-3, random_state=2)
    with pytest.raises(UnsupportedError, match="A is sparse, and stands in this formula in another place than a product"):
        gradproof.minimize("sum(exp(A*x)) + sum(exp(A).*u)", "x,u", data={"A": wide})


def test_the_same_product_is_computed_once():
    matrix = Symbol("A", (Axis(number(60)), Axis(number(8))))
    vector = Symbol("x", (Axis(number(8)),))

    def row():
        i, j = fresh_index("i", number(1), number(60)), fresh_index("j", number(1), number(8))
        return Reduce("sum", (j,), multiply(Element(matrix, (i, j)), Element(vector, (j,))), None), (i,)

    taken = Products({"A"})
    first, second = (taken.without(value) for value, _ in (row(), row()))
    assert first.symbol is second.symbol
    assert len(taken.products) == 1

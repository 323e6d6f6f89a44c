"""Formulas in plain text, evaluated and compared with NumPy."""

# ruff: noqa: N803

import math

import numpy as np
import pytest
from referee import assert_close, random_values, value
from scipy.special import erf, gammaln, logsumexp, softmax

from gradproof.formula.parse import parse

VALUES = random_values(7, A=(3, 3), B=(3, 4), C=(4, 3), W=(4, 3), M=(2, 5), x=(3,), y=(3,), v=(4,), w=(5,), h=(2,), a=None, b=None)
VALUES |= {
    "p": np.array([0.2, 0.5, 0.3]),
    "q": np.array([0.1, 0.7, 0.2]),
    "r": np.array([2.0, 0.5, 3.0]),
    "T": np.arange(24.0).reshape(2, 3, 4),
}
VALUES["S"] = VALUES["A"] @ VALUES["A"].T + 3 * np.eye(3)


def sigma(t):
    return 1 / (1 + np.exp(-t))


CASES = {
    # Arithmetic and precedence
    "1 + 2*3": lambda: 7,
    "2^3^2": lambda: 512,
    "-2^2": lambda: -4,
    "(-2)^2": lambda: 4,
    "2^-1": lambda: 0.5,
    "6/2/3": lambda: 1,
    "6/2*3": lambda: 9,
    "1 - 2 - 3": lambda: -4,
    "2 a b": lambda a, b: 2 * a * b,
    "2a/(3b)": lambda a, b: 2 * a / (3 * b),
    "a b/(a b)": lambda: 1,
    "a (b + 1)": lambda a, b: a * (b + 1),
    "1e-3 + .5 + 2.": lambda: 2.501,
    "--a": lambda a: a,
    "a*-b": lambda a, b: -a * b,
    "5!": lambda: 120,
    "a**2": lambda a: a**2,
    "a²·b": lambda a, b: a**2 * b,
    "√r": lambda r: np.sqrt(r),
    "pi*a": lambda a: math.pi * a,
    "e^a": lambda a: math.exp(a),
    "e^-x": lambda x: np.exp(-x),
    # Linear algebra
    "A*x": lambda A, x: A @ x,
    "A'*x": lambda A, x: A.T @ x,
    "A.T*x": lambda A, x: A.T @ x,
    "A^T*x": lambda A, x: A.T @ x,
    "Aᵀ*x": lambda A, x: A.T @ x,
    "x'*y": lambda x, y: x @ y,
    "x*y'": lambda x, y: np.outer(x, y),
    "x'*A*y": lambda x, A, y: x @ A @ y,
    "x'*A": lambda x, A: x @ A,
    "A*B": lambda A, B: A @ B,
    "A*B*v": lambda A, B, v: A @ B @ v,
    "(A*B)'": lambda A, B: (A @ B).T,
    "B'*A'": lambda A, B: B.T @ A.T,
    "A@B": lambda A, B: A @ B,
    "a*A*b": lambda a, A, b: a * b * A,
    "A*a*x": lambda A, a, x: a * A @ x,
    "x'*y*A": lambda x, y, A: (x @ y) * A,
    "A*x*y'": lambda A, x, y: np.outer(A @ x, y),
    "A^2": lambda A: A @ A,
    "A^3*x": lambda A, x: np.linalg.matrix_power(A, 3) @ x,
    "A^0": lambda: np.eye(3),
    "A^-1": lambda A: np.linalg.inv(A),
    "A^-2*x": lambda A, x: np.linalg.inv(A @ A) @ x,
    "A^2'": lambda A: (A @ A).T,
    "inv(A)*x": lambda A, x: np.linalg.solve(A, x),
    "inv(A)'": lambda A: np.linalg.inv(A).T,
    "det(A)": lambda A: np.linalg.det(A),
    "logdet(S)": lambda S: np.linalg.slogdet(S)[1],
    "log(det(S))": lambda S: np.log(np.linalg.det(S)),
    "tr(A)": lambda A: np.trace(A),
    "trace(A'*A)": lambda A: np.trace(A.T @ A),
    "tr(B*C)": lambda B, C: np.trace(B @ C),
    "diag(x)": lambda x: np.diag(x),
    "diag(A)": lambda A: np.diag(A),
    "diag(x)*A": lambda x, A: np.diag(x) @ A,
    "vec(B)": lambda B: B.T.ravel(),
    "vec(B)'*vec(B)": lambda B: (B**2).sum(),
    "kron(A, M)": lambda A, M: np.kron(A, M),
    "kron(x, v)": lambda x, v: np.kron(x, v),
    "A + eye": lambda A: A + np.eye(3),
    "A + a*eye(3)": lambda A, a: A + a * np.eye(3),
    "vector(1)'*x": lambda x: x.sum(),
    "x + vector(1)": lambda x: x + 1,
    "A*vector(1)": lambda A: A.sum(1),
    "matrix(1) + B": lambda B: B + 1,
    "vector(2, 4) + v": lambda v: v + 2,
    "dot(x, y)": lambda x, y: x @ y,
    "outer(x, v)": lambda x, v: np.outer(x, v),
    "transpose(B)": lambda B: B.T,
    # Entry by entry
    "x.*y": lambda x, y: x * y,
    "x./r": lambda x, r: x / r,
    "r.^2": lambda r: r**2,
    "r.^x": lambda r, x: r**x,
    "A.*A'": lambda A: A * A.T,
    "A.^2": lambda A: A**2,
    "x/a": lambda x, a: x / a,
    "B/2": lambda B: B / 2,
    "1./r": lambda r: 1 / r,
    "1/(1 + exp(-x))": lambda x: sigma(x),
    "x + 1": lambda x: x + 1,
    "a - B": lambda a, B: a - B,
    "x/norm2(x)": lambda x: x / np.linalg.norm(x),
    "exp(x)": lambda x: np.exp(x),
    "exp(B)": lambda B: np.exp(B),
    "log(r)": lambda r: np.log(r),
    "ln(r)": lambda r: np.log(r),
    "sin(x) + cos(x)*2": lambda x: np.sin(x) + 2 * np.cos(x),
    "tan(a) + arcsin(0.3) + arccos(0.3)": lambda a: math.tan(a) + math.asin(0.3) + math.acos(0.3),
    "arctan(x) + tanh(x)": lambda x: np.arctan(x) + np.tanh(x),
    "sinh(x).*cosh(x)": lambda x: np.sinh(x) * np.cosh(x),
    "sqrt(r)": lambda r: np.sqrt(r),
    "abs(x) + sign(x)": lambda x: np.abs(x) + np.sign(x),
    "relu(x)": lambda x: np.maximum(x, 0),
    "sigma(x)": lambda x: sigma(x),
    "σ(x)": lambda x: sigma(x),
    "sigmoid(x)": lambda x: sigma(x),
    "softplus(x)": lambda x: np.log1p(np.exp(x)),
    "gelu(x)": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "silu(x)": lambda x: x * sigma(x),
    "erf(x)": lambda x: erf(x),
    "lgamma(r)": lambda r: gammaln(r),
    "leaky_relu(x, 0.1)": lambda x: np.where(x > 0, x, 0.1 * x),
    "maximum(x, y)": lambda x, y: np.maximum(x, y),
    "max(x, 0)": lambda x: np.maximum(x, 0),
    "min(x, y, 0)": lambda x, y: np.minimum(np.minimum(x, y), 0),
    "mod(7, 3) + floor(5/2) + ceil(5/2)": lambda: 6,
    "where(x > 0, x, 2*y)": lambda x, y: np.where(x > 0, x, 2 * y),
    "where(x > 0 and y > 0, 1, 0)": lambda x, y: ((x > 0) & (y > 0)).astype(float),
    "(x > 0)": lambda x: (x > 0).astype(float),
    "(x > 0).*y": lambda x, y: (x > 0) * y,
    "[x >= y]": lambda x, y: (x >= y).astype(float),
    "indicator(x != y)": lambda: np.ones(3),
    "indicator(not x > 0)": lambda x: (x <= 0).astype(float),
    "(-1 < x < 1)": lambda x: ((x > -1) & (x < 1)).astype(float),
    "cases(x if x > 0; -x/2 otherwise)": lambda x: np.where(x > 0, x, -x / 2),
    # Vectors
    "sum(x)": lambda x: x.sum(),
    "sum(B)": lambda B: B.sum(),
    "mean(B)": lambda B: B.mean(),
    "prod(r)": lambda r: r.prod(),
    "max(x) - min(B)": lambda x, B: x.max() - B.min(),
    "norm1(x)": lambda x: np.abs(x).sum(),
    "norm2(x)": lambda x: np.linalg.norm(x),
    "norminf(x)": lambda x: np.abs(x).max(),
    "normF(B)": lambda B: np.linalg.norm(B),
    "norm2(A*x - y)^2": lambda A, x, y: ((A @ x - y) ** 2).sum(),
    "logsumexp(x)": lambda x: logsumexp(x),
    "softmax(x)": lambda x: softmax(x),
    "softmax(x)'*y": lambda x, y: softmax(x) @ y,
    "log_softmax(x)": lambda x: np.log(softmax(x)),
    "softmax(B)": lambda B: softmax(B, axis=1),
    "logsumexp(B)": lambda B: logsumexp(B, axis=1),
    "argmax(x)": lambda x: np.argmax(x) + 1,
    # Along an axis
    "sum(B, axis=1)": lambda B: B.sum(0),
    "sum(B, axis=2)": lambda B: B.sum(1),
    "sum(B, axis=-1)": lambda B: B.sum(1),
    "sum(B, dim=0)": lambda B: B.sum(0),
    "mean(T, dim=1)": lambda T: T.mean(1),
    "max(B, axis=1)": lambda B: B.max(0),
    "softmax(B, axis=1)": lambda B: softmax(B, axis=0),
    "logsumexp(T, axis=2)": lambda T: logsumexp(T, axis=1),
    "norm2(B, axis=1)": lambda B: np.linalg.norm(B, axis=0),
    "T.*2 + sum(T, axis=3)[1, 1]": lambda T: 2 * T + T[0, 0].sum(),
    # Index notation
    "sum_k w[o+k]*h[k]": lambda w, h: np.convolve(w, h[::-1], "valid"),
    "sum_k w[o-k]*h[k]": lambda w, h: np.convolve(w, h, "valid"),
    "sum_{i,j} A[i,j]*x[i]*y[j]": lambda A, x, y: x @ A @ y,
    "sum_ij A[i,j]^2": lambda A: (A**2).sum(),
    "sum_{i=1}^2 x[i]": lambda x: x[:2].sum(),
    "sum_{i=2..3} x[i]": lambda x: x[1:].sum(),
    "sum(i=1..3, x[i]^2)": lambda x: (x**2).sum(),
    "sum_{i,j | i != j} A[i,j]": lambda A: A.sum() - np.trace(A),
    "sum(i=1..3, j=1..3 | i < j, A[i,j])": lambda A: np.triu(A, 1).sum(),
    "prod_i r[i]": lambda r: r.prod(),
    "max_i x[i]*y[i]": lambda x, y: (x * y).max(),
    "min_{i,j} B[i,j]": lambda B: B.min(),
    "A[i,j]*x[j]": lambda A, x: A * x,
    "sum_j A[i,j]*x[j] + 2*y[i]": lambda A, x, y: A @ x + 2 * y,
    "B[j,i]": lambda B: B,
    "x[2]*A[1,3]": lambda x, A: x[1] * A[0, 2],
    "A[2]": lambda A: A[1],
    "sum_i w[i]*w[i+1]": lambda w: (w[:-1] * w[1:]).sum(),
    "w[2*i]": lambda w: w[1::2],
    "w[2*i-1]": lambda w: w[::2],
    "sum_i i*x[i]": lambda x: (np.arange(1, 4) * x).sum(),
    "softmax(x)[2]": lambda x: softmax(x)[1],
    "(A*x)[i] + y[i]": lambda A, x, y: A @ x + y,
    "sum_k [k = 2]*x[k]": lambda x: x[1],
    "softmax(i=1..3 -> x[i]*y[i])[k]": lambda x, y: softmax(x * y),
    "sum_i x[i]/sum_j r[j]": lambda x, r: x.sum() / r.sum(),
    "sum_i abs(x[i] - sum_j A[i,j]*y[j])": lambda A, x, y: np.abs(x - A @ y).sum(),
    "max_{i | i != 2} x[i]": lambda x: max(x[0], x[2]),
    "T[i,j,k]*v[k]": lambda T, v: T * v,
    "sum_j T[i,j,k]": lambda T: T.sum(1),
    # Literals
    "[1, 2, 3]'*x": lambda x: x @ [1, 2, 3],
    "[1, 2; 3, 4]*h": lambda h: np.array([[1, 2], [3, 4]]) @ h,
    "[[1, 2, 3], [4, 5, 6]]": lambda: np.arange(1, 7).reshape(2, 3),
    "[a, b; b, a]": lambda a, b: [[a, b], [b, a]],
    "[[[1], [2]], [[3], [4]]]": lambda: np.arange(1, 5).reshape(2, 2, 1),
    # Named parts
    "z = A*x + y; softmax(z)": lambda A, x, y: softmax(A @ x + y),
    "z = W*x; u = relu(z); sum(u.*z)": lambda W, x: (np.maximum(W @ x, 0) * (W @ x)).sum(),
    "z = x; z*z'": lambda x: np.outer(x, x),
    "d[i,j] = x[i] - y[j]; sum_{i,j} d[i,j]^2": lambda x, y: ((x[:, None] - y) ** 2).sum(),
    "k[i,j] = exp(-(x[i] - y[j])^2); k*r": lambda x, y, r: np.exp(-((x[:, None] - y) ** 2)) @ r,
    "m = mean(x); sum((x - m).^2)/3": lambda x: x.var(),
    # Models and losses
    "-y'*log(softmax(x))": lambda x, y: -y @ np.log(softmax(x)),
    "sum(log(1 + exp(-y.*(A*x))))": lambda A, x, y: np.log1p(np.exp(-y * (A @ x))).sum(),
    "0.5*norm2(A*x - y)^2 + a*norm1(x)": lambda A, x, y, a: 0.5 * ((A @ x - y) ** 2).sum() + a * np.abs(x).sum(),
    "sum(p.*log(p./q))": lambda p, q: (p * np.log(p / q)).sum(),
    "sum((W*x - v).^2)/4": lambda W, x, v: ((W @ x - v) ** 2).mean(),
    "exp(-norm2(x - y)^2/(2*a^2))": lambda x, y, a: np.exp(-((x - y) ** 2).sum() / (2 * a * a)),
    "tr((A - x*y')'*(A - x*y'))": lambda A, x, y: ((A - np.outer(x, y)) ** 2).sum(),
    "x'*S*x/(x'*x)": lambda x, S: x @ S @ x / (x @ x),
    "-1/2*logdet(S) - 1/2*x'*inv(S)*x": lambda x, S: -np.linalg.slogdet(S)[1] / 2 - x @ np.linalg.solve(S, x) / 2,
    "where(abs(x) <= 1, x.^2/2, abs(x) - 1/2)": lambda x: np.where(abs(x) <= 1, x**2 / 2, abs(x) - 0.5),
    "(a^2+sigma(b))/(3*a+b-sigma(a))": lambda a, b: (a * a + sigma(b)) / (3 * a + b - sigma(a)),
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_value(text):
    expected = CASES[text]
    wanted = expected(**{name: VALUES[name] for name in expected.__code__.co_varnames[: expected.__code__.co_argcount]})
    names = sorted(name for name in VALUES if name in _names(text))
    found = value(text, **{name: VALUES[name] for name in names})
    assert_close(found, wanted)


def _names(text):
    """The variables of a formula: parsed with their shapes declared, so that no letter decides."""
    assume = [f"{name}: {','.join(str(size) for size in np.shape(values))}" for name, values in VALUES.items()]
    return {symbol.name for symbol in parse(text, assume).symbols}

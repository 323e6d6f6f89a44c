"""The rows of ``code.py``: formulas, what is asked of them, and data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Data = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table. ``goals`` are ratios rival / ours by the beginning of the rival's name, ``best`` over all of them."""

    name: str
    title: str
    text: str
    outputs: tuple[str, ...]
    assume: tuple[str, ...]
    data: Callable[[], Data]
    goals: dict[str, float]
    targets: tuple[str, ...] = ("numba", "numpy")
    tolerance: float = 1e-9


def _normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def _logistic() -> Data:
    return {"X": _normal(10_000, 500), "w": _normal(500) / 20, "y": np.sign(_normal(10_000, seed=1))}


def _factors() -> Data:
    return {"T": _normal(200, 200), "U": _normal(200, 5), "V": _normal(200, 5, seed=1)}


WIDTH, LAYERS = 20, 10


def _network() -> Data:
    weights = {f"W{number}": _normal(WIDTH, WIDTH, seed=number) * (2 / WIDTH) ** 0.5 for number in range(1, LAYERS + 1)}
    return {"X": _normal(64, WIDTH), "Y": np.eye(WIDTH)[np.arange(64) % WIDTH], **weights}


def _softmax(n: int, d: int, k: int) -> Data:
    return {"X": _normal(n, d), "W": _normal(d, k) / d**0.5, "Y": np.eye(k)[np.arange(n) % k]}


def _images(*pooled: int) -> Data:
    return {"X": _normal(32, 64, 56, 56), "G": _normal(32, 64, *pooled, seed=1)}


def _convolution(b: int, c: int, h: int, o: int) -> Data:
    return {"X": _normal(b, c, h, h), "K": _normal(o, c, 3, 3), "G": _normal(b, o, h, h, seed=1)}


def _embedding() -> Data:
    affinities = np.abs(_normal(5000, 5000))
    np.fill_diagonal(affinities, 0)
    affinities += affinities.T
    return {"Y": _normal(5000, 2).astype(np.float32), "P": (affinities / affinities.sum()).astype(np.float32)}


def _lasso() -> Data:
    return {"A": _normal(20_000, 2000), "x": _normal(2000), "b": _normal(20_000, seed=1)}


LOGISTIC = "sum(log(1 + exp(-y.*(X*w))))"
FACTORS = "normF(T - U*V')^2"
NETWORK = "cross_entropy(" + "relu(" * (LAYERS - 1) + "X*W1)" + "".join(f"*W{n})" for n in range(2, LAYERS)) + f"*W{LAYERS}, Y)"
SHAPES = ("X: n,d", "Y: n,d", *(f"W{number}: d,d" for number in range(1, LAYERS + 1)))
IMAGE = ("X: b,c,56,56",)
POOLED = ("value", "vector-jacobian product wrt X along G")
CONVOLUTION = ("conv2d(X, K, padding=1)", ("X: b,c,h,w", "K: o,c,3,3"))
FORWARD, BY_INPUT, BY_KERNEL = "value", "vector-jacobian product wrt X along G", "vector-jacobian product wrt K along G"


def _small() -> Data:
    return {"X": _normal(5, 5), "K": _normal(3, 3)}


def _convolutions(name: str, title: str, size: tuple[int, int, int, int], goals: tuple[float, float], **rest: Any) -> list[Row]:
    text, assume = CONVOLUTION
    asked = {"forward": FORWARD, "input gradient": BY_INPUT, "kernel gradient": BY_KERNEL}
    used = {"forward": ("X", "K"), "input gradient": ("X", "K", "G"), "kernel gradient": ("X", "K", "G")}

    def data(kind: str) -> Callable[[], Data]:
        return lambda: {key: value for key, value in _convolution(*size).items() if key in used[kind]}

    return [
        Row(f"{name}-{kind.replace(' ', '-')}", f"{title}, {kind}", text, (output,), assume, data(kind),
            {"torch": goals[0] if kind == "forward" else goals[1]}, **rest)
        for kind, output in asked.items()
    ]  # fmt: skip


ROWS = (
    Row("logistic-hessian", "logistic Hessian n=10000 d=500", LOGISTIC, ("hessian wrt w",), ("X: n,d",), _logistic,
        {"jax": 3.5, "torch": 20}),
    Row("quadratic-hessian", "x'Ax Hessian n=1000", "x'*A*x", ("hessian wrt x",), ("A: n,n",),
        lambda: {"A": _normal(1000, 1000), "x": _normal(1000)}, {"jax": 40, "torch": 40}),
    Row("factor-hessian", "factorisation Hessian block m=n=200 k=5, dense", FACTORS, ("hessian wrt U",),
        ("T: m,n", "U: m,k", "V: n,k"), _factors, {"jax": 300, "torch": 300}),
    Row("logistic-hvp", "logistic Hessian-vector product n=10000 d=500", LOGISTIC, ("hessian-vector product wrt w along p",),
        ("X: n,d",), lambda: {**_logistic(), "p": _normal(500, seed=2)}, {"best": 1.5}),
    Row("factor-hvp", "factorisation Hessian-vector product", FACTORS, ("hessian-vector product wrt U along Q",),
        ("T: m,n", "U: m,k", "V: n,k"), lambda: {**_factors(), "Q": _normal(200, 5, seed=2)}, {"best": 1.5}),
    Row("network-hvp", "10-layer MLP, batch 64, Hessian-vector product", NETWORK, ("hessian-vector product wrt W1 along Q",),
        SHAPES, lambda: {**_network(), "Q": _normal(WIDTH, WIDTH, seed=99)}, {"best": 1.5}),
    Row("network-hessian", "10-layer MLP, batch 64, Hessian by the first layer", NETWORK, ("hessian wrt W1",), SHAPES, _network,
        {"jax": 12, "torch": 12}),
    Row("softmax", "softmax regression, value and gradient, n=10000 d=784 k=10", "cross_entropy(X*W, Y)",
        ("value", "gradient wrt W"), ("X: n,d", "W: d,k", "Y: n,k"), lambda: _softmax(10_000, 784, 10), {"best": 1.3}),
    Row("softmax-wide", "the same, n=1000 d=4096 k=1000", "cross_entropy(X*W, Y)",
        ("value", "gradient wrt W"), ("X: n,d", "W: d,k", "Y: n,k"), lambda: _softmax(1000, 4096, 1000), {"torch": 0.95}),
    Row("max-pooling", "max pooling 2x2, 32x64x56x56, forward and backward", "max_pool2d(X, 2)", POOLED, IMAGE,
        lambda: _images(28, 28), {"torch": 4}),
    Row("average-pooling", "average pooling 2x2, the same", "avg_pool2d(X, 2)", POOLED, IMAGE, lambda: _images(28, 28), {"best": 2}),
    Row("adaptive-pooling", "adaptive average pooling to 7x7, the same", "adaptive_avg_pool2d(X, [7, 7])", POOLED, IMAGE,
        lambda: _images(7, 7), {"best": 2}),
    *_convolutions("conv", "conv2d 32x3x64x64 * 16x3x3x3", (32, 3, 64, 16), (1.0, 0.9)),
    *_convolutions("resnet-56", "conv2d 32x64x56x56 * 64x64x3x3", (32, 64, 56, 64), (0.95, 0.95), targets=("torch",)),
    *_convolutions("resnet-14", "conv2d 32x256x14x14 * 256x256x3x3", (32, 256, 14, 256), (0.95, 0.95), targets=("torch",)),
    Row("conv-small", "conv2d 5x5 * 3x3 (call overhead)", "conv2d(X, K)", ("value",), ("X: 5,5", "K: 3,3"), _small, {"torch": 2}),
    Row("tsne", "t-SNE exact gradient N=5000 float32", "tsne_kl(Y, P)", ("gradient wrt Y",),
        ("Y: n,2", "P: n,n symmetric zerodiagonal"), _embedding, {"jax": 20, "torch": 20}, tolerance=1e-4),
    Row("lasso", "A'(Ax - b), n=20000 p=2000", "norm2(A*x - b)^2/2", ("gradient wrt x",), ("A: n,p",), _lasso, {"best": 1.3}),
    Row("scalar", "scalar chain rule, one point, value and gradient", "(x^2 + sigma(y))/(3*x + y - sigma(x))",
        ("value", "gradient wrt x", "gradient wrt y"), ("x:", "y:"), lambda: {"x": 1.0, "y": 0.5}, {"sympy": 1.0, "jax": 8}),
    Row("points", "the same at 1e6 points", "sum((x.^2 + sigma(y))./(3*x + y - sigma(x)))",
        ("value", "gradient wrt x", "gradient wrt y"), ("x: n", "y: n"),
        lambda: {"x": np.abs(_normal(1_000_000)) + 1, "y": np.abs(_normal(1_000_000, seed=1))}, {"jax": 1.2, "torch.compile": 0.6}),
)  # fmt: skip

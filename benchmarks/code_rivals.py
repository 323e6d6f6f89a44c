"""The rows of ``code.py`` in JAX, PyTorch, NumPy by hand and SymPy, as their users would write them.

``RIVALS[library](row, data)`` returns the ways of that library by name, each a call without arguments that returns the outputs as a tuple.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from code_cases import LAYERS, Data, Row

Ways = dict[str, Callable[[], Any]]


# NumPy, by hand ---------------------------------------------------------------------------------------------------------


def by_hand(row: Row, data: Data) -> Ways:
    """Return what a careful person writes with NumPy."""
    made = _BY_HAND.get(row.name)
    return {"NumPy by hand": lambda: made(**data)} if made else {}


def _logistic_hessian(X: Any, w: Any, y: Any) -> tuple[Any, ...]:
    p = 1 / (1 + np.exp(y * (X @ w)))
    Z = X * np.sqrt(p * (1 - p))[:, None]
    return (Z.T @ Z,)


def _logistic_product(X: Any, w: Any, y: Any, p: Any) -> tuple[Any, ...]:
    s = 1 / (1 + np.exp(y * (X @ w)))
    return (X.T @ (s * (1 - s) * (X @ p)),)


def _factor_hessian(T: Any, U: Any, V: Any) -> tuple[Any, ...]:
    m, k = U.shape
    result = np.zeros((m, k, m, k))
    np.einsum("iaib->iab", result)[...] = 2 * V.T @ V
    return (result,)


def _softmax(X: Any, W: Any, Y: Any) -> tuple[Any, ...]:
    z = X @ W
    z -= z.max(axis=1, keepdims=True)
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True)
    value = (Y * (np.log(total) - z)).sum() / len(X)
    e /= total
    e -= Y
    return value, X.T @ e / len(X)


_BY_HAND: dict[str, Callable[..., tuple[Any, ...]]] = {
    "logistic-hessian": _logistic_hessian,
    "quadratic-hessian": lambda A, x: (A + A.T,),
    "factor-hessian": _factor_hessian,
    "logistic-hvp": _logistic_product,
    "factor-hvp": lambda T, U, V, Q: (2 * Q @ (V.T @ V),),
    "softmax": _softmax,
    "softmax-wide": _softmax,
    "lasso": lambda A, x, b: ((A @ x - b) @ A,),
}


# JAX --------------------------------------------------------------------------------------------------------------------


def with_jax(row: Row, data: Data) -> Ways:
    """Return the row in ``jax.jit``."""
    if importlib.util.find_spec("jax") is None:
        return {}
    import jax

    jax.config.update("jax_enable_x64", True)
    names = list(data)
    function = jax.jit(_jax_function(row, names))
    values = [jax.numpy.asarray(data[name]) for name in names]
    return {"jax.jit": lambda: jax.block_until_ready(function(*values))}


def _jax_function(row: Row, names: list[str]) -> Callable[..., Any]:
    import jax

    loss = _loss(row, jax.numpy, _JaxLayers)

    def at(wrt: str, *values: Any) -> tuple[Callable[[Any], Any], Any]:
        given = dict(zip(names, values, strict=True))
        return lambda x: loss(**{**given, wrt: x}), given

    def outputs(*values: Any) -> Any:
        found = []
        for kind, wrt, along in _requests(row):
            f, given = at(wrt, *values)
            x = given.get(wrt)
            match kind:
                case "value":
                    found.append(loss(**given))
                case "gradient":
                    found.append(jax.grad(f)(x))
                case "hessian":
                    found.append(jax.hessian(f)(x))
                case "hessian-vector product":
                    found.append(jax.jvp(jax.grad(f), (x,), (given[along],))[1])
                case _:
                    found.append(jax.vjp(f, x)[1](given[along])[0])
        return tuple(found)

    return outputs


# PyTorch ----------------------------------------------------------------------------------------------------------------


def start_torch() -> None:
    """Let PyTorch start its threads, where it is installed: behind those of Numba its convolution takes five times as long."""
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    torch.nn.functional.conv2d(torch.ones(32, 3, 64, 64), torch.ones(16, 3, 3, 3))


def with_torch(row: Row, data: Data) -> Ways:
    """Return the row with autograd, ``torch.func`` and ``torch.compile``, where each has it."""
    if importlib.util.find_spec("torch") is None:
        return {}
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    values = {name: torch.as_tensor(np.asarray(value)) for name, value in data.items()}
    loss = _loss(row, torch, _TorchLayers)
    kinds = {kind for kind, _, _ in _requests(row)}
    ways: Ways = {}
    if kinds <= {"value", "gradient", "vector-jacobian product"}:
        ways["torch autograd"] = lambda: _autograd(row, loss, values)
    if row.name.endswith(("-input-gradient", "-kernel-gradient")):
        ways["torch.nn.grad"] = lambda: _gradient_alone(row, **values)
    if kinds & {"hessian", "hessian-vector product"}:
        ways["torch.func"] = lambda: _torch_func(row, loss, values)
    if row.name == "points":
        compiled = torch.compile(lambda x, y: loss(x=x, y=y))
        ways["torch.compile"] = lambda: _autograd(row, lambda x, y: compiled(x, y), values)
    return ways


def _autograd(row: Row, loss: Callable[..., Any], values: Data) -> tuple[Any, ...]:
    import torch

    asked = _requests(row)
    wanted = [wrt for kind, wrt, _ in asked if kind != "value"]
    given = {name: value.detach().requires_grad_(name in wanted) for name, value in values.items()}
    with torch.set_grad_enabled(bool(wanted)):
        value = loss(**{name: given[name] for name in given if name != "G" or "G" in row.text})
    along = next((along for _, _, along in asked if along), None)
    slopes = torch.autograd.grad(value, [given[name] for name in wanted], given[along] if along else None) if wanted else ()
    return (*((value.detach(),) if asked[0][0] == "value" else ()), *slopes)


def _gradient_alone(row: Row, X: Any, K: Any, G: Any) -> tuple[Any, ...]:
    """Return the gradient of a convolution by the function for it, without the forward pass that automatic differentiation makes."""
    from torch.nn import grad

    if row.name.endswith("-input-gradient"):
        return (grad.conv2d_input(X.shape, K, G, padding=1),)
    return (grad.conv2d_weight(X, K.shape, G, padding=1),)


def _torch_func(row: Row, loss: Callable[..., Any], values: Data) -> tuple[Any, ...]:
    import torch

    (kind, wrt, along) = _requests(row)[0]

    def f(x: Any) -> Any:
        return loss(**{**{name: value for name, value in values.items() if name != along}, wrt: x})

    if kind == "hessian":
        return (torch.func.hessian(f)(values[wrt]),)
    return (torch.func.jvp(torch.func.grad(f), (values[wrt],), (values[along],))[1],)


# The formulas -----------------------------------------------------------------------------------------------------------


class _JaxLayers:
    """Layers as JAX's users write them."""

    @staticmethod
    def pool(X: Any, size: int, how: str) -> Any:
        from jax import lax

        start, step = (-np.inf, lax.max) if how == "max" else (0.0, lax.add)
        found = lax.reduce_window(X, np.asarray(start, X.dtype), step, (1, 1, size, size), (1, 1, size, size), "VALID")
        return found if how == "max" else found / size**2

    @staticmethod
    def conv(X: Any, K: Any, padding: int) -> Any:
        from jax import lax

        if X.ndim == 2:
            return _JaxLayers.conv(X[None, None], K[None, None], padding)[0, 0]
        return lax.conv_general_dilated(X, K, (1, 1), [(padding, padding)] * 2)

    @staticmethod
    def log_softmax(z: Any) -> Any:
        import jax

        return jax.nn.log_softmax(z, axis=1)

    @staticmethod
    def sigma(z: Any) -> Any:
        import jax

        return jax.nn.sigmoid(z)

    @staticmethod
    def softplus(z: Any) -> Any:
        import jax

        return jax.nn.softplus(z)

    @staticmethod
    def relu(z: Any) -> Any:
        import jax

        return jax.nn.relu(z)


class _TorchLayers:
    """Layers as PyTorch's users write them."""

    @staticmethod
    def pool(X: Any, size: int, how: str) -> Any:
        from torch.nn import functional

        if size == 8:
            return functional.adaptive_avg_pool2d(X, (7, 7))
        return functional.max_pool2d(X, size) if how == "max" else functional.avg_pool2d(X, size)

    @staticmethod
    def conv(X: Any, K: Any, padding: int) -> Any:
        from torch.nn import functional

        if X.dim() == 2:
            return functional.conv2d(X[None, None], K[None, None], padding=padding)[0, 0]
        return functional.conv2d(X, K, padding=padding)

    @staticmethod
    def log_softmax(z: Any) -> Any:
        import torch

        return torch.log_softmax(z, dim=1)

    @staticmethod
    def sigma(z: Any) -> Any:
        import torch

        return torch.sigmoid(z)

    @staticmethod
    def softplus(z: Any) -> Any:
        from torch.nn import functional

        return functional.softplus(z)

    @staticmethod
    def relu(z: Any) -> Any:
        import torch

        return torch.relu(z)


def _loss(row: Row, xp: Any, layers: Any) -> Callable[..., Any]:
    """Return the formula of a row in a library."""

    def network(X: Any, Y: Any, **weights: Any) -> Any:
        z = X
        for number in range(1, LAYERS):
            z = layers.relu(z @ weights[f"W{number}"])
        return -(Y * layers.log_softmax(z @ weights[f"W{LAYERS}"])).sum() / len(X)

    def quotient(x: Any, y: Any) -> Any:
        return ((x**2 + layers.sigma(y)) / (3 * x + y - layers.sigma(x))).sum()

    def divergence(Y: Any, P: Any) -> Any:
        squares = (Y**2).sum(1)
        distances = squares[:, None] + squares[None, :] - 2 * Y @ Y.T
        outside = 1 - xp.eye(len(Y), dtype=Y.dtype)
        near = outside / (1 + distances)
        shares = near / near.sum()
        safe = xp.where(outside > 0, shares, xp.ones_like(shares))
        truth = xp.where(P > 0, P, xp.ones_like(P))
        return (P * (xp.log(truth) - xp.log(safe))).sum()

    known: dict[str, Callable[..., Any]] = {
        "logistic": lambda X, w, y, **_: layers.softplus(-y * (X @ w)).sum(),
        "quadratic": lambda A, x: x @ A @ x,
        "factor": lambda T, U, V, **_: ((T - U @ V.T) ** 2).sum(),
        "network": lambda X, Y, Q=None, **weights: network(X, Y, **weights),
        "softmax": lambda X, W, Y: -(Y * layers.log_softmax(X @ W)).sum() / len(X),
        "max": lambda X, **_: layers.pool(X, 2, "max"),
        "average": lambda X, **_: layers.pool(X, 2, "average"),
        "adaptive": lambda X, **_: layers.pool(X, 8, "average"),
        "conv": lambda X, K, **_: layers.conv(X, K, 0 if row.name == "conv-small" else 1),
        "tsne": divergence,
        "lasso": lambda A, x, b: ((A @ x - b) ** 2).sum() / 2,
        "scalar": quotient,
        "points": quotient,
    }
    return known[row.name.partition("-")[0].replace("resnet", "conv")]


def _requests(row: Row) -> list[tuple[str, str, str | None]]:
    """Return kind, variable and direction of each output."""
    found: list[tuple[str, str, str | None]] = []
    for output in row.outputs:
        kind, _, rest = output.partition(" wrt ")
        wrt, _, along = rest.partition(" along ")
        found.append((kind, wrt, along or None))
    return found


# SymPy ------------------------------------------------------------------------------------------------------------------


def with_sympy(row: Row, data: Data) -> Ways:
    """Return the scalar row by ``lambdify`` with common subexpressions, on Python's floats."""
    if row.name != "scalar" or importlib.util.find_spec("sympy") is None:
        return {}
    import sympy

    x, y = sympy.symbols("x y")

    def sigma(z: Any) -> Any:
        return 1 / (1 + sympy.exp(-z))

    f = (x**2 + sigma(y)) / (3 * x + y - sigma(x))
    function = sympy.lambdify((x, y), [f, sympy.diff(f, x), sympy.diff(f, y)], "math", cse=True)
    return {"sympy lambdify": lambda: tuple(function(data["x"], data["y"]))}


RIVALS = (by_hand, with_jax, with_torch, with_sympy)

"""The cases of ``derive.py`` in SymPy, tensorgrad and CasADi, as their users would write them.

Each makes the derivative anew and returns a function of the variables' values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]
Made = Callable[..., Any]
LONG = 10_000


# SymPy: matrices of symbols of fixed sizes ------------------------------------------------------------------------------


def _sympy_symbols(shapes: Shapes) -> dict[str, Any]:
    import sympy

    return {
        name: sympy.Matrix(*(shape if len(shape) == 2 else (shape[0], 1)), sympy.symbols(f"{name}:{int(np.prod(shape))}"))
        for name, shape in shapes.items()
    }


def _sympy_function(symbols: dict[str, Any], derivative: Any) -> Made:
    import sympy

    flat = [entry for matrix in symbols.values() for entry in matrix]
    compiled = sympy.lambdify(flat, list(derivative), "numpy")
    return lambda **values: np.array(compiled(*(entry for name in symbols for entry in np.ravel(values[name]))))


def _sympy_gradient(loss: Callable[[dict[str, Any]], Any], wrt: str) -> Callable[[Shapes], Made]:
    def make(shapes: Shapes) -> Made:
        symbols = _sympy_symbols(shapes)
        value = loss(symbols)
        derivative = [value.diff(entry) for entry in symbols[wrt]]
        return lambda **values: _sympy_function(symbols, derivative)(**values)

    return make


def _sympy_softmax(s: dict[str, Any]) -> Any:
    import sympy

    z = s["W"] * s["x"]
    return -sum(y * sympy.log(sympy.exp(u) / sum(map(sympy.exp, z))) for y, u in zip(s["y"], z, strict=True))


def _sympy_hessian(shapes: Shapes) -> Made:
    import sympy

    s = _sympy_symbols(shapes)
    margins = s["X"] * s["w"]
    loss = sum(sympy.log(1 + sympy.exp(-y * u)) for y, u in zip(s["y"], margins, strict=True))
    hessian = sympy.hessian(loss, list(s["w"]))
    return lambda **values: _sympy_function(s, hessian)(**values)


def _sympy_squares(s: dict[str, Any]) -> Any:
    r = s["A"] * s["x"] - s["b"]
    return sum(entry**2 for entry in r)


def _correlation(s: dict[str, Any], rows: int = 3) -> Any:
    def entry(i: int, j: int) -> Any:
        return sum(s["K"][u, v] * s["X"][i + u, j + v] for u in range(rows) for v in range(rows))

    return sum(s["G"][i, j] * entry(i, j) for i in range(rows) for j in range(rows))


def _pairs(s: dict[str, Any], log: Callable[[Any], Any]) -> Any:
    count = s["Y"].shape[0]
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    weight = {(i, j): 1 / (1 + sum((s["Y"][i, k] - s["Y"][j, k]) ** 2 for k in range(2))) for i, j in pairs}
    total = sum(weight.values())
    return sum(s["P"][i, j] * log(s["P"][i, j] * total / weight[i, j]) for i, j in pairs)


def _sympy_tsne(s: dict[str, Any]) -> Any:
    import sympy

    return _pairs(s, sympy.log)


def _sympy_sum(_: Shapes) -> Made:
    import sympy

    x = sympy.Symbol("x")
    return sympy.Add(*(sympy.sin(n * x) for n in range(1, LONG + 1))).diff(x)


def _sympy_chain(_: Shapes) -> Made:
    import sympy

    x = value = sympy.Symbol("x")
    for _place in range(LONG):
        value = sympy.sin(value)
    return value.diff(x)


# CasADi: graphs of scalars, sizes fixed ---------------------------------------------------------------------------------


def _casadi(loss: Callable[[dict[str, Any]], Any], wrt: str, order: int = 1) -> Callable[[Shapes], Made]:
    def make(shapes: Shapes) -> Made:
        import casadi

        s = {name: casadi.SX.sym(name, *shape) for name, shape in shapes.items()}
        value = loss(s)
        derivative = casadi.gradient(value, s[wrt]) if order == 1 else casadi.hessian(value, s[wrt])[0]

        def numbers(**values: Any) -> Any:
            compiled = casadi.Function("f", list(s.values()), [casadi.densify(derivative)])
            return np.array(compiled(*(values[name] for name in s)))

        return numbers

    return make


def _casadi_softmax(s: dict[str, Any]) -> Any:
    import casadi

    z = s["W"] @ s["x"]
    return -casadi.dot(s["y"], casadi.log(casadi.exp(z) / casadi.sum1(casadi.exp(z))))


def _casadi_logistic(s: dict[str, Any]) -> Any:
    import casadi

    return casadi.sum1(casadi.log(1 + casadi.exp(-s["y"] * (s["X"] @ s["w"]))))


def _casadi_squares(s: dict[str, Any]) -> Any:
    import casadi

    return casadi.sumsqr(s["A"] @ s["x"] - s["b"])


def _casadi_tsne(s: dict[str, Any]) -> Any:
    import casadi

    return _pairs(s, casadi.log)


def _casadi_long(deep: bool) -> Callable[[Shapes], Made]:
    def make(_: Shapes) -> Made:
        import casadi

        x = casadi.SX.sym("x")
        if not deep:
            return casadi.gradient(sum((casadi.sin(n * x) for n in range(2, LONG + 1)), casadi.sin(x)), x)
        value = x
        for _place in range(LONG):
            value = casadi.sin(value)
        return casadi.gradient(value, x)

    return make


# tensorgrad: named edges, sizes by name ---------------------------------------------------------------------------------


def _tensorgrad(
    loss: Callable[[dict[str, Any]], Any], edges: dict[str, tuple[str, ...]], wrt: str, order: int = 1
) -> Callable[[Shapes], Made]:
    def make(shapes: Shapes) -> Made:
        import sympy
        import tensorgrad as tg

        sizes = {edge: sympy.Symbol(edge) for names in edges.values() for edge in names}
        v = {name: tg.Variable(name, *(sizes[edge] for edge in names)) for name, names in edges.items()}
        derivative = loss(v)
        for place in range(order):
            names = {edge: edge + "_" * (place + 1) for edge in edges[wrt]}
            derivative = tg.Derivative(derivative, v[wrt], names)
        derivative = derivative.full_simplify()

        def numbers(**values: Any) -> Any:
            import torch

            given = {name: torch.tensor(values[name]) for name in edges}
            lengths = {sizes[edge]: length for name in edges for edge, length in zip(edges[name], shapes[name], strict=True)}
            found = tg.compile(derivative=derivative)(dims=lengths, **given).derivative.numpy()
            made = list(derivative.edges)
            return found.transpose([made.index(edge + "_" * (place + 1)) for place in range(order) for edge in edges[wrt]])

        return numbers

    return make


def _tensorgrad_softmax(v: dict[str, Any]) -> Any:
    import tensorgrad.functions as functions

    return functions.cross_entropy(v["W"] @ v["x"], v["y"], ["k"])


def _tensorgrad_squares(v: dict[str, Any]) -> Any:
    import tensorgrad.functions as functions

    return functions.frobenius2(v["A"] @ v["x"] - v["b"])


def _tensorgrad_logistic(v: dict[str, Any]) -> Any:
    import tensorgrad.functions as functions

    return functions.sum(functions.log(functions.exp(-v["y"] * (v["X"] @ v["w"])) + 1), ["n"])


NAMES = (
    "softmax cross-entropy by W",
    "Hessian of logistic regression",
    "norm2(A*x - b)^2 by x",
    "convolution, gradient of the input",
    "t-SNE by Y",
    "sum of 10,000 terms",
    "chain 10,000 deep",
)
RIVALS: dict[str, dict[str, Callable[[Shapes], Made]]] = {
    "sympy": {
        NAMES[0]: _sympy_gradient(_sympy_softmax, "W"),
        NAMES[1]: _sympy_hessian,
        NAMES[2]: _sympy_gradient(_sympy_squares, "x"),
        NAMES[3]: _sympy_gradient(_correlation, "X"),
        NAMES[4]: _sympy_gradient(_sympy_tsne, "Y"),
        NAMES[5]: _sympy_sum,
        NAMES[6]: _sympy_chain,
    },
    "tensorgrad": {
        NAMES[0]: _tensorgrad(_tensorgrad_softmax, {"W": ("k", "d"), "x": ("d",), "y": ("k",)}, "W"),
        NAMES[1]: _tensorgrad(_tensorgrad_logistic, {"X": ("n", "d"), "y": ("n",), "w": ("d",)}, "w", 2),
        NAMES[2]: _tensorgrad(_tensorgrad_squares, {"A": ("m", "n"), "x": ("n",), "b": ("m",)}, "x"),
    },
    "casadi": {
        NAMES[0]: _casadi(_casadi_softmax, "W"),
        NAMES[1]: _casadi(_casadi_logistic, "w", 2),
        NAMES[2]: _casadi(_casadi_squares, "x"),
        NAMES[3]: _casadi(_correlation, "X"),
        NAMES[4]: _casadi(_casadi_tsne, "Y"),
        NAMES[5]: _casadi_long(False),
        NAMES[6]: _casadi_long(True),
    },
}

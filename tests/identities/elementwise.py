"""Functions entry by entry: activations and the elementary functions, alone and inside of sums."""

import jax
import jax.numpy as jnp
import jax.scipy.special as special

from identities.identity import Identity

#: Name in the language, the same by hand, whether it needs values above 0.
FUNCTIONS = (
    ("exp", jnp.exp, False),
    ("log", jnp.log, True),
    ("log2", jnp.log2, True),
    ("log10", jnp.log10, True),
    ("log1p", jnp.log1p, True),
    ("expm1", jnp.expm1, False),
    ("sqrt", jnp.sqrt, True),
    ("abs", jnp.abs, False),
    ("sign", jnp.sign, False),
    ("floor", jnp.floor, False),
    ("sin", jnp.sin, False),
    ("cos", jnp.cos, False),
    ("tan", jnp.tan, False),
    ("cot", lambda x: 1 / jnp.tan(x), False),
    ("sec", lambda x: 1 / jnp.cos(x), False),
    ("csc", lambda x: 1 / jnp.sin(x), False),
    ("arctan", jnp.arctan, False),
    ("sinh", jnp.sinh, False),
    ("cosh", jnp.cosh, False),
    ("tanh", jnp.tanh, False),
    ("coth", lambda x: 1 / jnp.tanh(x), False),
    ("sech", lambda x: 1 / jnp.cosh(x), False),
    ("csch", lambda x: 1 / jnp.sinh(x), False),
    ("arcsinh", jnp.arcsinh, False),
    ("erf", special.erf, False),
    ("erfc", special.erfc, False),
    ("sigma", lambda x: 1 / (1 + jnp.exp(-x)), False),
    ("softplus", lambda x: jnp.log(1 + jnp.exp(x)), False),
    ("log_sigmoid", lambda x: -jnp.log(1 + jnp.exp(-x)), False),
    ("relu", lambda x: jnp.maximum(x, 0), False),
    ("relu6", lambda x: jnp.clip(x, 0, 6), False),
    ("hardtanh", lambda x: jnp.clip(x, -1, 1), False),
    ("silu", lambda x: x / (1 + jnp.exp(-x)), False),
    ("gelu", lambda x: x * (1 + special.erf(x / jnp.sqrt(2.0))) / 2, False),
    ("elu", lambda x: jnp.where(x > 0, x, jnp.expm1(x)), False),
    ("selu", lambda x: 1.0507009873554805 * jnp.where(x > 0, x, 1.6732632423543772 * jnp.expm1(x)), False),
    ("mish", lambda x: x * jnp.tanh(jnp.log(1 + jnp.exp(x))), False),
    ("softsign", lambda x: x / (1 + jnp.abs(x)), False),
)


def _leaky(x, c):
    return jnp.where(x > 0, x, c * x)


IDENTITIES = (
    *(
        Identity(f"w'*{name}(A*x)" if not positive else f"w'*{name}(A*x + c)", "x",
                 (lambda f: lambda w, A, x: w @ f(A @ x))(function) if not positive
                 else (lambda f: lambda w, A, x, c: w @ f(A @ x + c))(function),
                 ("w: m", "A: m,n") if not positive else ("w: m", "A: m,n", "c: m"), positive=positive)
        for name, function, positive in FUNCTIONS
    ),
    Identity("w'*leaky_relu(A*x, c)", "x", lambda w, A, x, c: _leaky(A @ x, c) @ w, ("w: m", "A: m,n", "c:")),
    Identity("w'*leaky_relu(A*x, c)", "c", lambda w, A, x, c: _leaky(A @ x, c) @ w, ("w: m", "A: m,n", "c:")),
    Identity("arcsin(x)", "x", lambda x: jnp.arcsin(x), ("0 < x < 1",)),
    Identity("arccos(x)", "x", lambda x: jnp.arccos(x), ("0 < x < 1",)),
    Identity("arctanh(x)", "x", lambda x: jnp.arctanh(x), ("0 < x < 1",)),
    Identity("logit(x)", "x", lambda x: jnp.log(x / (1 - x)), ("0 < x < 1",)),
    Identity("sigma(x)", "x", lambda x: jax.nn.sigmoid(x), ("x: n",)),
    Identity("tanh(W*x + b)", "W", lambda W, x, b: jnp.tanh(W @ x + b), ("W: m,n", "b: m")),
    Identity("tanh(W*x + b)", "b", lambda W, x, b: jnp.tanh(W @ x + b), ("W: m,n", "b: m")),
    Identity("x.^3 + sin(x)", "x", lambda x: x**3 + jnp.sin(x), ("x: n",)),
    Identity("x./(1 + x.^2)", "x", lambda x: x / (1 + x**2), ("x: n",)),
    Identity("sum(x.^y)", "y", lambda x, y: jnp.sum(x**y), ("x: n", "y: n"), positive=True),
    Identity("x^x", "x", lambda x: x**x, ("x: positive",)),
    Identity("sum(exp(X .* Y))", "X", lambda X, Y: jnp.sum(jnp.exp(X * Y)), ("X: m,n", "Y: m,n")),
    Identity("sum(max(x, y))", "x", lambda x, y: jnp.sum(jnp.maximum(x, y)), ("x: n", "y: n")),
    Identity("sum(where(x > y, x.^2, y))", "x", lambda x, y: jnp.sum(jnp.where(x > y, x**2, y)), ("x: n", "y: n")),
    Identity("arctan2(x, y)", "y", lambda x, y: jnp.arctan2(x, y), ("x:", "y:")),
    Identity("(x^2 + sigma(y))/(3*x + y - sigma(x))", "x",
             lambda x, y: (x**2 + jax.nn.sigmoid(y)) / (3 * x + y - jax.nn.sigmoid(x)), ("x:", "y:")),
    Identity("(x^2 + sigma(y))/(3*x + y - sigma(x))", "y",
             lambda x, y: (x**2 + jax.nn.sigmoid(y)) / (3 * x + y - jax.nn.sigmoid(x)), ("x:", "y:")),
    Identity("prod(x)", "x", lambda x: jnp.prod(x), ("x: n",)),
    Identity("max(x)", "x", lambda x: jnp.max(x), ("x: n",)),
    Identity("min(X, axis=1)", "X", lambda X: jnp.min(X, axis=0), ("X: 3,4",)),
    Identity("sum(X, axis=2)", "X", lambda X: jnp.sum(X, axis=1), ("X: m,n",)),
    Identity("mean(exp(X))", "X", lambda X: jnp.mean(jnp.exp(X)), ("X: m,n",)),
    Identity(r"\log(1 + e^{-w^\top x})", "w", lambda w, x: jnp.log(1 + jnp.exp(-w @ x)), ("w: n", "x: n")),
)  # fmt: skip

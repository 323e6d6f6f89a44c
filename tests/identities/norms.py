"""Derivatives of norms and of what is divided by them: Petersen and Pedersen 2012, sections 2.6, 2.7."""

import jax.numpy as jnp

from identities.identity import Identity


def norm(x):
    return jnp.sqrt(jnp.sum(x * x))


def squared(x):
    return jnp.sum(x * x)


IDENTITIES = (
    Identity("norm2(x)", "x", lambda x: norm(x), ("x: n",)),
    Identity("norm2(x - a)", "x", lambda x, a: norm(x - a), ("x: n", "a: n")),
    Identity("(x - a)/norm2(x - a)", "x", lambda x, a: (x - a) / norm(x - a), ("x: n", "a: n")),
    Identity("norm2(x)^2", "x", lambda x: squared(x), ("x: n",)),
    Identity("norm2(x)^3", "x", lambda x: squared(x) ** 1.5, ("x: n",)),
    Identity("norm2(A*x - b)^2", "x", lambda A, x, b: squared(A @ x - b), ("A: m,n",)),
    Identity("norm2(A*x - b)", "x", lambda A, x, b: norm(A @ x - b), ("A: m,n",)),
    Identity("norm2(A*x - b)^2", "A", lambda A, x, b: squared(A @ x - b), ("A: m,n",)),
    Identity("norm2(A*x - b)^2 + lam*norm2(x)^2", "x", lambda A, x, b, lam: squared(A @ x - b) + lam * squared(x), ("A: m,n",)),
    Identity("norm1(x)", "x", lambda x: jnp.sum(jnp.abs(x)), ("x: n",)),
    Identity("norm1(A*x - b)", "x", lambda A, x, b: jnp.sum(jnp.abs(A @ x - b)), ("A: m,n",)),
    Identity("norminf(x)", "x", lambda x: jnp.max(jnp.abs(x)), ("x: n",)),
    Identity("normF(X)^2", "X", lambda X: squared(X), ("X: m,n",)),
    Identity("normF(X)", "X", lambda X: norm(X), ("X: m,n",)),
    Identity("normF(A*X - B)^2", "X", lambda A, X, B: squared(A @ X - B), ("A: m,n", "X: n,k", "B: m,k")),
    Identity("normF(X - U*V')^2", "U", lambda X, U, V: squared(X - U @ V.T), ("X: n,m", "U: n,r", "V: m,r")),
    Identity("normF(X - U*V')^2", "V", lambda X, U, V: squared(X - U @ V.T), ("X: n,m", "U: n,r", "V: m,r")),
    Identity("normF(X - U*V')^2", "X", lambda X, U, V: squared(X - U @ V.T), ("X: n,m", "U: n,r", "V: m,r")),
    Identity("normF(X'*X - eye)^2", "X", lambda X: squared(X.T @ X - jnp.eye(X.shape[1])), ("X: m,n",)),
    Identity("sqrt(x'*P*x)", "x", lambda x, P: jnp.sqrt(x @ P @ x), ("P: n,n posdef", "x: n")),
    Identity("sqrt(norm2(x)^2 + e2)", "x", lambda x, e2: jnp.sqrt(squared(x) + e2), ("x: n", "e2: positive")),
    Identity("x/norm2(x)", "x", lambda x: x / norm(x), ("x: n",)),
    Identity("a'*x/norm2(x)", "x", lambda a, x: a @ x / norm(x), ("a: n", "x: n")),
    Identity("x'*y/(norm2(x)*norm2(y))", "x", lambda x, y: x @ y / (norm(x) * norm(y)), ("x: n", "y: n")),
    Identity("exp(-norm2(x - y)^2/(2*s^2))", "x", lambda x, y, s: jnp.exp(-squared(x - y) / (2 * s * s)), ("x: n", "y: n", "s:")),
    Identity("exp(-norm2(x - y)^2/(2*s^2))", "s", lambda x, y, s: jnp.exp(-squared(x - y) / (2 * s * s)), ("x: n", "y: n", "s:")),
    Identity("sum(x.^4)^(1/4)", "x", lambda x: jnp.sum(x**4) ** 0.25, ("x: n",)),
    Identity("norm2(X*w)^2/norm2(w)^2", "w", lambda X, w: squared(X @ w) / squared(w), ("X: m,n",)),
    Identity(r"\frac{1}{2}\|A x - b\|_2^2 + \frac{c}{2}\|x\|_2^2", "x",
             lambda A, x, b, c: squared(A @ x - b) / 2 + c * squared(x) / 2, ("A: m,n", "c:")),
    Identity(r"\|X\|_F^2", "X", lambda X: squared(X), ("X: m,n",)),
)  # fmt: skip

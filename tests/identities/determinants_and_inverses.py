"""Derivatives of determinants and inverses: Petersen and Pedersen 2012, sections 2.1, 2.2; Minka 2000."""

import jax.numpy as jnp

from identities.identity import Identity

det, inv = jnp.linalg.det, jnp.linalg.inv


def logdet(matrix):
    return jnp.linalg.slogdet(matrix)[1]


IDENTITIES = (
    Identity("det(X)", "X", lambda X: det(X), ("X: n,n",)),
    Identity("det(A*X*B)", "X", lambda A, X, B: det(A @ X @ B), ("A: 3,3", "X: 3,3", "B: 3,3")),
    Identity("det(X'*X)", "X", lambda X: det(X.T @ X), ("X: 4,3",)),
    Identity("det(X'*A*X)", "X", lambda X, A: det(X.T @ A @ X), ("X: 3,3", "A: 3,3 symmetric")),
    Identity("det(X'*A*X)", "X", lambda X, A: det(X.T @ A @ X), ("X: 4,2", "A: 4,4")),
    Identity("det(X)^2", "X", lambda X: det(X) ** 2, ("X: n,n",)),
    Identity("det(X^2)", "X", lambda X: det(X @ X), ("X: n,n",)),
    Identity("det(inv(X))", "X", lambda X: det(inv(X)), ("X: n,n",)),
    Identity("det(A + t*B)", "t", lambda A, t, B: det(A + t * B), ("A: n,n", "B: n,n", "t:")),
    Identity("log(det(X))", "X", lambda X: logdet(X), ("X: n,n posdef",)),
    Identity("logdet(X)", "X", lambda X: logdet(X), ("X: n,n posdef",)),
    Identity("logdet(X'*X)", "X", lambda X: logdet(X.T @ X), ("X: 4,3",)),
    Identity("logdet(eye + A*X*A')", "X", lambda A, X: logdet(jnp.eye(A.shape[0]) + A @ X @ A.T), ("X: n,n posdef", "A: m,n")),
    Identity("logdet(C + diag(x))", "x", lambda C, x: logdet(C + jnp.diag(x)), ("C: n,n posdef", "x: n positive")),
    Identity("logdet(S) + tr(inv(S)*A)", "S", lambda S, A: logdet(S) + jnp.trace(inv(S) @ A), ("S: n,n posdef", "A: n,n")),
    Identity("logdet(X*X' + a*eye)", "X", lambda X, a: logdet(X @ X.T + a * jnp.eye(X.shape[0])), ("X: m,n", "a: positive")),
    Identity("logdet(X*X' + a*eye)", "a", lambda X, a: logdet(X @ X.T + a * jnp.eye(X.shape[0])), ("X: m,n", "a: positive")),
    Identity("inv(X)", "X", lambda X: inv(X), ("X: n,n",)),
    Identity("a'*inv(X)*b", "X", lambda a, X, b: a @ inv(X) @ b, ("X: n,n", "a: n", "b: n")),
    Identity("inv(A + t*B)", "t", lambda A, t, B: inv(A + t * B), ("A: n,n", "B: n,n", "t:")),
    Identity("tr(inv(X))", "X", lambda X: jnp.trace(inv(X)), ("X: n,n",)),
    Identity("tr(inv(X)*A*inv(X))", "X", lambda X, A: jnp.trace(inv(X) @ A @ inv(X)), ("X: n,n", "A: n,n")),
    Identity("inv(X)*b", "X", lambda X, b: inv(X) @ b, ("X: n,n", "b: n")),
    Identity("x'*inv(x*x' + A)*x", "x", lambda x, A: x @ inv(jnp.outer(x, x) + A) @ x, ("A: n,n posdef", "x: n")),
    Identity(
        "-logdet(S)/2 - (x - w)'*inv(S)*(x - w)/2", "w",
        lambda S, x, w: -logdet(S) / 2 - (x - w) @ inv(S) @ (x - w) / 2, ("S: n,n posdef", "x: n", "w: n"),
    ),
    Identity(
        "-logdet(S)/2 - (x - w)'*inv(S)*(x - w)/2", "S",
        lambda S, x, w: -logdet(S) / 2 - (x - w) @ inv(S) @ (x - w) / 2, ("S: n,n posdef", "x: n", "w: n"),
    ),
    Identity(r"a^\top X^{-1} b", "X", lambda a, X, b: a @ inv(X) @ b, ("X: n,n", "a: n", "b: n")),
    Identity(r"\log \det X", "X", lambda X: logdet(X), ("X: n,n posdef",)),
)  # fmt: skip

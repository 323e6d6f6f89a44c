"""Matrices with structure. The entries of a symmetric, positive definite or orthogonal variable are varied independently:
the derivative is the one of the same formula without the promise, taken at a matrix that keeps it."""

import jax.numpy as jnp

from identities.identity import Identity

inv, tr = jnp.linalg.inv, jnp.trace


def logdet(matrix):
    return jnp.linalg.slogdet(matrix)[1]


IDENTITIES = (
    Identity("tr(A*S)", "S", lambda A, S: tr(A @ S), ("S: n,n symmetric", "A: n,n")),
    Identity("x'*S*x", "S", lambda x, S: x @ S @ x, ("S: n,n symmetric",)),
    Identity("x'*S*x", "x", lambda x, S: x @ S @ x, ("S: n,n symmetric",)),
    Identity("x'*S*y", "S", lambda x, S, y: x @ S @ y, ("S: n,n symmetric", "x: n", "y: n")),
    Identity("tr(S^2)", "S", lambda S: tr(S @ S), ("S: n,n symmetric",)),
    Identity("tr(A*S*B*S)", "S", lambda A, S, B: tr(A @ S @ B @ S), ("S: n,n symmetric", "A: n,n", "B: n,n")),
    Identity("logdet(S)", "S", lambda S: logdet(S), ("S: n,n posdef symmetric",)),
    Identity("x'*inv(S)*x", "S", lambda x, S: x @ inv(S) @ x, ("S: n,n posdef symmetric",)),
    Identity("x'*inv(S)*x", "x", lambda x, S: x @ inv(S) @ x, ("S: n,n posdef symmetric",)),
    Identity("tr(S*A*S)", "A", lambda S, A: tr(S @ A @ S), ("S: n,n symmetric", "A: n,n")),
    Identity("normF(S*X - X*S)^2", "X", lambda S, X: jnp.sum((S @ X - X @ S) ** 2), ("S: n,n symmetric", "X: n,n")),
    Identity("norm2(D*x)^2", "x", lambda D, x: jnp.sum((D @ x) ** 2), ("D: n,n diagonal",)),
    Identity("tr(D*A)", "D", lambda D, A: tr(D @ A), ("D: n,n diagonal", "A: n,n")),
    Identity("x'*diag(w)*A*x", "w", lambda x, w, A: x @ jnp.diag(w) @ A @ x, ("A: n,n symmetric", "w: n")),
    Identity("logdet(diag(w) + S)", "w", lambda w, S: logdet(jnp.diag(w) + S), ("S: n,n posdef", "w: n positive")),
    Identity("norm2(Q*x - b)^2", "x", lambda Q, x, b: jnp.sum((Q @ x - b) ** 2), ("Q: n,n orthogonal",)),
    Identity("tr(Q'*A*Q*B)", "Q", lambda Q, A, B: tr(Q.T @ A @ Q @ B), ("Q: n,n orthogonal", "A: n,n", "B: n,n")),
    Identity("y'*log(softmax(z))", "z", lambda y, z: y @ (z - jnp.log(jnp.sum(jnp.exp(z)))), ("y: k onehot",)),
    Identity("sum_{i,j} P[i,j]*(x[i] - x[j])^2", "x", lambda P, x: jnp.sum(P * (x[:, None] - x[None]) ** 2),
             ("P: n,n symmetric zerodiagonal", "x: n")),
    Identity("sum_{i,j} P[i,j]*(x[i] - x[j])^2", "P", lambda P, x: jnp.sum(P * (x[:, None] - x[None]) ** 2),
             ("P: n,n symmetric zerodiagonal", "x: n")),
)  # fmt: skip

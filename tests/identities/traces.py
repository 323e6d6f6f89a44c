"""Derivatives of traces: Petersen and Pedersen 2012, section 2.5; Magnus and Neudecker 2019, chapter 9."""

import jax.numpy as jnp

from identities.identity import Identity

tr, inv, power = jnp.trace, jnp.linalg.inv, jnp.linalg.matrix_power

IDENTITIES = (
    Identity("tr(X)", "X", lambda X: tr(X), ("X: n,n",)),
    Identity("tr(A*X)", "X", lambda A, X: tr(A @ X), ("A: m,n", "X: n,m")),
    Identity("tr(X*A)", "X", lambda X, A: tr(X @ A), ("A: m,n", "X: n,m")),
    Identity("tr(A*X')", "X", lambda A, X: tr(A @ X.T), ("A: m,n", "X: m,n")),
    Identity("tr(X'*A)", "X", lambda X, A: tr(X.T @ A), ("A: m,n", "X: m,n")),
    Identity("tr(A*X*B)", "X", lambda A, X, B: tr(A @ X @ B), ("A: k,m", "X: m,n", "B: n,k")),
    Identity("tr(A*X'*B)", "X", lambda A, X, B: tr(A @ X.T @ B), ("A: k,n", "X: m,n", "B: m,k")),
    Identity("tr(X^2)", "X", lambda X: tr(X @ X), ("X: n,n",)),
    Identity("tr(X^3)", "X", lambda X: tr(power(X, 3)), ("X: n,n",)),
    Identity("tr(A*X^2)", "X", lambda A, X: tr(A @ X @ X), ("A: n,n", "X: n,n")),
    Identity("tr(X^2*B)", "X", lambda X, B: tr(X @ X @ B), ("X: n,n",)),
    Identity("tr(X'*B*X)", "X", lambda X, B: tr(X.T @ B @ X), ("X: m,n",)),
    Identity("tr(X*B*X')", "X", lambda X, B: tr(X @ B @ X.T), ("X: m,n",)),
    Identity("tr(B*X*X')", "X", lambda B, X: tr(B @ X @ X.T), ("X: m,n",)),
    Identity("tr(X*X'*B)", "X", lambda X, B: tr(X @ X.T @ B), ("X: m,n",)),
    Identity("tr(X'*X)", "X", lambda X: tr(X.T @ X), ("X: m,n",)),
    Identity("tr(A*X*B*X)", "X", lambda A, X, B: tr(A @ X @ B @ X), ("A: n,m", "X: m,n", "B: n,m")),
    Identity("tr(B'*X'*C*X*B)", "X", lambda B, X, C: tr(B.T @ X.T @ C @ X @ B), ("X: m,n", "C: m,m", "B: n,k")),
    Identity("tr(A*X*B*X'*C)", "X", lambda A, X, B, C: tr(A @ X @ B @ X.T @ C), ("A: k,m", "X: m,n", "B: n,n", "C: m,k")),
    Identity(
        "tr((A*X*B + C)*(A*X*B + C)')", "X",
        lambda A, X, B, C: tr((A @ X @ B + C) @ (A @ X @ B + C).T), ("A: k,m", "X: m,n", "B: n,d", "C: k,d"),
    ),
    Identity("tr(A*inv(X)*B)", "X", lambda A, X, B: tr(A @ inv(X) @ B), ("A: k,n", "X: n,n", "B: n,k")),
    Identity("tr(inv(X + A))", "X", lambda X, A: tr(inv(X + A)), ("X: n,n", "A: n,n")),
    Identity("tr(inv(X'*C*X)*A)", "X", lambda X, C, A: tr(inv(X.T @ C @ X) @ A), ("X: 4,3", "C: 4,4 posdef", "A: 3,3")),
    Identity(
        "tr(inv(X'*C*X)*(X'*B*X))", "X",
        lambda X, C, B: tr(inv(X.T @ C @ X) @ (X.T @ B @ X)), ("X: 4,2", "C: 4,4 posdef", "B: 4,4 symmetric"),
    ),
    Identity("tr(sin(X))", "X", lambda X: tr(jnp.sin(X)), ("X: n,n",)),
    Identity("tr(A*exp(X))", "X", lambda A, X: tr(A @ jnp.exp(X)), ("A: m,n", "X: n,m")),
    Identity("tr(A .* X)", "X", lambda A, X: tr(A * X), ("X: n,n", "A: n,n")),
    Identity("tr(diag(w)*X'*X)", "w", lambda w, X: tr(jnp.diag(w) @ X.T @ X), ("X: m,n", "w: n")),
    Identity("tr(A*X)^2", "X", lambda A, X: tr(A @ X) ** 2, ("A: m,n", "X: n,m")),
    Identity("tr(X'*A*X)/tr(X'*X)", "X", lambda X, A: tr(X.T @ A @ X) / tr(X.T @ X), ("X: m,n", "A: m,m")),
    Identity("log(tr(X'*X))", "X", lambda X: jnp.log(tr(X.T @ X)), ("X: m,n",)),
    Identity(r"\operatorname{tr}(A X B)", "X", lambda A, X, B: tr(A @ X @ B), ("A: k,m", "X: m,n", "B: n,k")),
    Identity(r"\operatorname{tr}(X^\top A X)", "X", lambda X, A: tr(X.T @ A @ X), ("X: m,n", "A: m,m")),
)  # fmt: skip

"""Formulas in index notation: shifts, conditions, named parts, several sums."""

import jax
import jax.numpy as jnp

from identities.identity import Identity


def correlated(x, h):
    return jnp.correlate(x, h, mode="valid")


IDENTITIES = (
    Identity("sum_k x[o+k]*h[k]", "h", lambda x, h: correlated(x, h), ("x: 6", "h: 3")),
    Identity("sum_k x[o+k]*h[k]", "x", lambda x, h: correlated(x, h), ("x: 6", "h: 3")),
    Identity("sum_{i,j} (x[i] - x[j])^2", "x", lambda x: jnp.sum((x[:, None] - x[None]) ** 2), ("x: n",)),
    Identity("sum_{i,j | i != j} A[i,j]*x[i]*x[j]", "x", lambda A, x: x @ (A * (1 - jnp.eye(len(x)))) @ x, ("A: n,n", "x: n")),
    Identity("sum_{i=1}^4 (x[i+1] - x[i])^2", "x", lambda x: jnp.sum((x[1:] - x[:-1]) ** 2), ("x: 5",)),
    Identity("sum_{i=1}^4 abs(x[i+1] - x[i])", "x", lambda x: jnp.sum(jnp.abs(x[1:] - x[:-1])), ("x: 5",)),
    Identity("sum_{i,j} x[i]*A[i,j]*x[j]", "A", lambda x, A: x @ A @ x, ("A: n,n", "x: n")),
    Identity("A[i,k]*B[k,j]", "A", lambda A, B: A[:, :, None] * B[None], ("A: 2,3", "B: 3,2")),
    Identity("sum_k A[i,k]*B[k,j]", "B", lambda A, B: A @ B, ("A: m,n", "B: n,k")),
    Identity("sum_i x[i]^3/3 - c*prod_i x[i]", "x", lambda x, c: jnp.sum(x**3) / 3 - c * jnp.prod(x), ("x: n", "c:")),
    Identity("max_k (a[k]*t + c[k])", "t", lambda a, t, c: jnp.max(a * t + c), ("a: k", "c: k", "t:")),
    Identity("q[i,j] = 1/(1 + (y[i] - y[j])^2); sum_{i,j} q[i,j]", "y",
             lambda y: jnp.sum(1 / (1 + (y[:, None] - y[None]) ** 2)), ("y: n",)),
    Identity("q[i,j] = exp(-(y[i] - y[j])^2); sum_{i,j | i != j} P[i,j]*log(q[i,j]/sum_{k,l | k != l} q[k,l])", "y",
             lambda y, P: _gaussian_embedding(y, P), ("y: 4", "P: 4,4")),
    Identity("z = W*x + b; a = relu(z); v'*a", "W", lambda W, x, b, v: v @ jnp.maximum(W @ x + b, 0), ("W: k,d", "b: k", "v: k")),
    Identity("z = U*x; h = tanh(z); V*h", "U", lambda U, x, V: V @ jnp.tanh(U @ x), ("U: k,d", "V: m,k")),
    Identity("sum_{i=1}^3 i*x[i]", "x", lambda x: jnp.arange(1, 4) @ x, ("x: 3",)),
    Identity("sum_{i=1}^n log(sum_{j=1}^n exp(x[i]*x[j]))", "x",
             lambda x: jnp.sum(jnp.log(jnp.sum(jnp.exp(jnp.outer(x, x)), axis=1))), ("x: n",)),
    Identity("T[i,j,k]*x[k]", "x", lambda T, x: T * x, ("T: 2,3,4", "x: 4")),
    Identity("sum_{i,j,k} T[i,j,k]*x[i]*x[j]*x[k]", "x", lambda T, x: jnp.einsum("ijk,i,j,k->", T, x, x, x), ("T: 3,3,3", "x: 3")),
    Identity("sum_i log(x[i]/sum_j x[j])", "x", lambda x: jnp.sum(jnp.log(x / jnp.sum(x))), ("x: n",), positive=True),
    Identity("mean((x - mean(x)).^2)", "x", lambda x: jnp.var(x), ("x: n",)),
    Identity(r"\sum_{i=1}^n \sum_{j=1}^n A_{ij} x_i x_j", "x", lambda A, x: x @ A @ x, ("A: n,n", "x: n")),
    Identity(r"\sum_i w_i \max(0, x_i)^2", "x", lambda w, x: jnp.sum(w * jnp.maximum(0, x) ** 2), ("w: n", "x: n")),
    Identity("sum_k softmax(x)[k]*y[k]", "x", lambda x, y: jax.nn.softmax(x) @ y, ("x: k", "y: k")),
)  # fmt: skip


def _gaussian_embedding(y, P):
    apart = 1 - jnp.eye(len(y))
    q = apart * jnp.exp(-((y[:, None] - y[None]) ** 2))
    return jnp.sum(apart * P * (-((y[:, None] - y[None]) ** 2) - jnp.log(jnp.sum(q))))

"""Hessians and second derivatives: Petersen and Pedersen 2012, section 2.4.3; Magnus and Neudecker 2019, chapter 10."""

import jax
import jax.numpy as jnp

from identities.identity import Identity

softmax, log_softmax, logsumexp = jax.nn.softmax, jax.nn.log_softmax, jax.nn.logsumexp


def logistic(u):
    return jnp.log(1 + jnp.exp(u))


TWICE = (
    ("norm2(A*x - b)^2", "x", lambda A, x, b: jnp.sum((A @ x - b) ** 2), ("A: m,n",)),
    ("x'*A*x", "x", lambda x, A: x @ A @ x, ("A: n,n",)),
    ("a'*x", "x", lambda a, x: a @ x, ("a: n",)),
    ("norm2(x)", "x", lambda x: jnp.sqrt(x @ x), ("x: n",)),
    ("norm2(x)^4", "x", lambda x: (x @ x) ** 2, ("x: n",)),
    ("exp(a'*x)", "x", lambda a, x: jnp.exp(a @ x), ("a: n",)),
    ("log(a'*x)", "x", lambda a, x: jnp.log(a @ x), ("a: n positive", "x: n positive")),
    ("-sum(log(b - A*x))", "x", lambda b, A, x: -jnp.sum(jnp.log(b - A @ x)), ("A: m,n negative", "b: m positive", "x: n positive")),
    ("logsumexp(x)", "x", lambda x: logsumexp(x), ("x: n",)),
    ("logsumexp(A*x)", "x", lambda A, x: logsumexp(A @ x), ("A: m,n",)),
    ("sum(log(1 + exp(-y .* (X*w))))", "w", lambda y, X, w: jnp.sum(logistic(-y * (X @ w))), ("X: n,d", "y: n")),
    ("sum(softplus(X*w)) + lam*norm2(w)^2/2", "w", lambda X, w, lam: jnp.sum(logistic(X @ w)) + lam * (w @ w) / 2, ("X: n,d",)),
    ("-y'*log(softmax(W*x))", "W", lambda y, W, x: -y @ log_softmax(W @ x), ("W: k,d", "y: k simplex")),
    ("-y'*log(softmax(z))", "z", lambda y, z: -y @ log_softmax(z), ("y: k",)),
    ("tr(X'*A*X)", "X", lambda X, A: jnp.trace(X.T @ A @ X), ("X: m,n", "A: m,m")),
    ("logdet(X)", "X", lambda X: jnp.linalg.slogdet(X)[1], ("X: 3,3 posdef",)),
    ("a'*inv(X)*b", "X", lambda a, X, b: a @ jnp.linalg.inv(X) @ b, ("X: 3,3", "a: 3", "b: 3")),
    ("normF(X*X' - A)^2", "X", lambda X, A: jnp.sum((X @ X.T - A) ** 2), ("X: 3,2", "A: 3,3")),
    ("normF(A - U*V')^2", "U", lambda A, U, V: jnp.sum((A - U @ V.T) ** 2), ("A: m,n", "U: m,r", "V: n,r")),
    ("w'*sigma(A*x)", "x", lambda w, A, x: w @ jax.nn.sigmoid(A @ x), ("w: m", "A: m,n")),
    ("w'*tanh(A*x)", "x", lambda w, A, x: w @ jnp.tanh(A @ x), ("w: m", "A: m,n")),
    ("sum(x.^3)", "x", lambda x: jnp.sum(x**3), ("x: n",)),
    ("prod(x)", "x", lambda x: jnp.prod(x), ("x: n",)),
    ("softmax(x)", "x", lambda x: softmax(x), ("x: 3",)),
    ("sum_{i,j} 1/(1 + (y[i] - y[j])^2)", "y", lambda y: jnp.sum(1 / (1 + (y[:, None] - y[None]) ** 2)), ("y: n",)),
    ("x'*A*x/(x'*x)", "x", lambda x, A: x @ A @ x / (x @ x), ("A: n,n",)),
    ("sum(max(0, 1 - y .* (X*w)).^2)", "w", lambda y, X, w: jnp.sum(jnp.maximum(0, 1 - y * (X @ w)) ** 2), ("X: n,d", "y: n")),
    ("sum(conv2d(X, K).^2)", "K", lambda X, K: jnp.sum(_correlated(X, K) ** 2), ("X: 4,4", "K: 2,2")),
    ("gelu(x)", "x", lambda x: x * (1 + jax.scipy.special.erf(x / jnp.sqrt(2.0))) / 2, ("x:",)),
    ("x^4*exp(-x^2)", "x", lambda x: x**4 * jnp.exp(-(x**2)), ("x:",)),
    (r"\frac{1}{2} x^\top Q x - b^\top x", "x", lambda x, Q, b: x @ Q @ x / 2 - b @ x, ("Q: n,n symmetric", "b: n")),
)  # fmt: skip


def _correlated(image, kernel):
    return jax.lax.conv_general_dilated(image[None, None], kernel[None, None], (1, 1), "VALID")[0, 0]


IDENTITIES = tuple(Identity(text, wrt, reference, assume, order=2) for text, wrt, reference, assume in TWICE)

"""Losses of statistics and deep learning: Bishop 2006, chapters 3 to 5; Goodfellow, Bengio and Courville 2016, chapter 6."""

import jax
import jax.numpy as jnp

from identities.identity import Identity

softmax, log_softmax, logsumexp = jax.nn.softmax, jax.nn.log_softmax, jax.nn.logsumexp


def logistic(u):
    return jnp.log(1 + jnp.exp(u))


def entropy(q):
    return -jnp.sum(q * jnp.log(q))


def tsne(Y, P):
    apart = 1 - jnp.eye(len(Y))
    weights = apart / (1 + jnp.sum((Y[:, None] - Y[None]) ** 2, axis=2))
    q = weights / jnp.sum(weights)
    return jnp.sum(apart * P * jnp.log(jnp.where(apart > 0, P, 1.0) / jnp.where(apart > 0, q, 1.0)))


def huber(u):
    return jnp.where(jnp.abs(u) <= 1, u * u / 2, jnp.abs(u) - 0.5)


SOFT, LINEAR = ("W: k,d", "y: k simplex", "b: k"), ("X: n,d", "y: n")
IDENTITIES = (
    Identity("-y'*log(softmax(W*x + b))", "W", lambda y, W, x, b: -y @ log_softmax(W @ x + b), SOFT),
    Identity("-y'*log(softmax(W*x + b))", "b", lambda y, W, x, b: -y @ log_softmax(W @ x + b), SOFT),
    Identity("-y'*log(softmax(W*x + b))", "x", lambda y, W, x, b: -y @ log_softmax(W @ x + b), SOFT),
    Identity("-y'*log(softmax(W*x + b))", "y", lambda y, W, x, b: -y @ log_softmax(W @ x + b), ("W: k,d", "y: k", "b: k")),
    Identity("-y'*log_softmax(W*x)", "W", lambda y, W, x: -y @ log_softmax(W @ x), ("W: k,d", "y: k")),
    Identity("cross_entropy(W*x + b, y)", "W", lambda W, x, b, y: -y @ log_softmax(W @ x + b), ("W: k,d", "y: k")),
    Identity("cross_entropy(X*W, Y)", "W", lambda X, W, Y: -jnp.sum(Y * log_softmax(X @ W)) / X.shape[0], ("X: n,d", "W: d,k", "Y: n,k")),
    Identity("cross_entropy(X*W, Y, reduction='sum')", "W", lambda X, W, Y: -jnp.sum(Y * log_softmax(X @ W)),
             ("X: n,d", "W: d,k", "Y: n,k simplex")),
    Identity("softmax(x)", "x", lambda x: softmax(x), ("x: n",)),
    Identity("log_softmax(x)", "x", lambda x: log_softmax(x), ("x: n",)),
    Identity("logsumexp(x)", "x", lambda x: logsumexp(x), ("x: n",)),
    Identity("logsumexp(W*x + b)", "x", lambda W, x, b: logsumexp(W @ x + b), ("W: k,d", "b: k")),
    Identity("logsumexp(x/t)*t", "t", lambda x, t: logsumexp(x / t) * t, ("x: n", "t: positive")),
    Identity("sum(logsumexp(X*W))", "W", lambda X, W: jnp.sum(logsumexp(X @ W, axis=1)), ("X: n,d", "W: d,k")),
    Identity("v'*softmax(W*x)", "W", lambda v, W, x: v @ softmax(W @ x), ("W: k,d", "v: k")),
    Identity("-log(softmax(x)[2])", "x", lambda x: -log_softmax(x)[1], ("x: 4",)),
    Identity("sum(p .* log(p./q))", "p", lambda p, q: jnp.sum(p * jnp.log(p / q)), ("p: n", "q: n"), positive=True),
    Identity("sum(p .* log(p./q))", "q", lambda p, q: jnp.sum(p * jnp.log(p / q)), ("p: n", "q: n"), positive=True),
    Identity("-sum(q .* log(q))", "q", lambda q: entropy(q), ("q: n",), positive=True),
    Identity("q = softmax(x); -sum(q .* log(q))", "x", lambda x: entropy(softmax(x)), ("x: n",)),
    Identity("kl_div(log(q), p, reduction='sum')", "q", lambda q, p: jnp.sum(p * (jnp.log(p) - jnp.log(q))), ("p: n", "q: n"), positive=True),
    Identity("kl_div(log_softmax(x), p, reduction='sum')", "x", lambda x, p: jnp.sum(p * (jnp.log(p) - log_softmax(x))), ("p: n simplex",)),
    Identity("sum(log(1 + exp(-y .* (X*w))))", "w", lambda y, X, w: jnp.sum(logistic(-y * (X @ w))), LINEAR),
    Identity("-sum(y .* log(sigma(X*w)) + (1 - y) .* log(1 - sigma(X*w)))", "w",
             lambda y, X, w: jnp.sum(logistic(X @ w) - y * (X @ w)), LINEAR),
    Identity("sum(softplus(X*w) - y .* (X*w))/n", "w", lambda X, w, y: jnp.mean(logistic(X @ w) - y * (X @ w)), LINEAR),
    Identity("norm2(y - X*w)^2/(2*n)", "w", lambda y, X, w: jnp.sum((y - X @ w) ** 2) / (2 * len(y)), LINEAR),
    Identity("norm2(y - X*w)^2/(2*n) + lam*norm1(w)", "w",
             lambda y, X, w, lam: jnp.sum((y - X @ w) ** 2) / (2 * len(y)) + lam * jnp.sum(jnp.abs(w)), LINEAR),
    Identity("sum(max(0, 1 - y .* (X*w)))", "w", lambda y, X, w: jnp.sum(jnp.maximum(0, 1 - y * (X @ w))), LINEAR),
    Identity("sum(max(0, 1 - y .* (X*w)).^2)", "w", lambda y, X, w: jnp.sum(jnp.maximum(0, 1 - y * (X @ w)) ** 2), LINEAR),
    Identity("sum(huber(X*w - y, 1))", "w", lambda X, w, y: jnp.sum(huber(X @ w - y)), LINEAR),
    Identity("sum(exp(X*w) - y .* (X*w))", "w", lambda X, w, y: jnp.sum(jnp.exp(X @ w) - y * (X @ w)), LINEAR),
    Identity("sum(log(cosh(X*w - y)))", "w", lambda X, w, y: jnp.sum(jnp.log(jnp.cosh(X @ w - y))), LINEAR),
    Identity("mse_loss(A*x + b, y)", "A", lambda A, x, b, y: jnp.mean((A @ x + b - y) ** 2), ("A: m,n", "b: m", "y: m")),
    Identity("l1_loss(A*x, y)", "x", lambda A, x, y: jnp.mean(jnp.abs(A @ x - y)), ("A: m,n", "y: m")),
    Identity("smooth_l1_loss(A*x, y)", "x", lambda A, x, y: jnp.mean(huber(A @ x - y)), ("A: m,n", "y: m")),
    Identity("binary_cross_entropy_with_logits(X*w, y)", "w", lambda X, w, y: jnp.mean(logistic(X @ w) - y * (X @ w)), LINEAR),
    Identity("tsne_kl(Y, P)", "Y", lambda Y, P: tsne(Y, P), ("Y: n,2", "P: n,n symmetric zerodiagonal distribution positive")),
    Identity("tsne_kl(Y, P)", "Y", lambda Y, P: tsne(Y, P), ("Y: 4,3", "P: 4,4 zerodiagonal positive")),
    Identity("-log(sigma(u'*v)) - sum(log(sigma(-N*v)))", "v",
             lambda u, v, N: logistic(-u @ v) + jnp.sum(logistic(N @ v)), ("u: d", "v: d", "N: k,d")),
    Identity("max(0, norm2(a - p)^2 - norm2(a - n)^2 + c)", "a",
             lambda a, p, n, c: jnp.maximum(0, jnp.sum((a - p) ** 2) - jnp.sum((a - n) ** 2) + c), ("a: d", "p: d", "n: d", "c:")),
    Identity(r"-\sum_k y_k \log \operatorname{softmax}(Wx+b)_k", "W", lambda y, W, x, b: -y @ log_softmax(W @ x + b), SOFT),
    Identity(r"\sum_{i=1}^n \log(1 + e^{-y_i w^\top x_i})", "w", lambda y, w, x: jnp.sum(logistic(-y * (x @ w)))),
)  # fmt: skip

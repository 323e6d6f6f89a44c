"""Layers of deep learning: convolutions, poolings, normalisation, attention, gates."""

import jax
import jax.numpy as jnp
import numpy as np

from identities.identity import Identity


def convolution(image, kernel, stride=1, padding=0, dilation=1, groups=1):
    """The cross-correlation of a batch of images with channels, by jax."""
    axes = image.ndim - 2
    return jax.lax.conv_general_dilated(
        image, kernel, (stride,) * axes, [(padding, padding)] * axes, rhs_dilation=(dilation,) * axes, feature_group_count=groups
    )


def one(image, kernel, **options):
    """One image without channels, one filter."""
    return convolution(image[None, None], kernel[None, None], **options)[0, 0]


def windows(size, kernel, stride, padding=0):
    """The first place and the end of each window, outside of the input too."""
    return [(o * stride - padding, o * stride - padding + kernel) for o in range((size + 2 * padding - kernel) // stride + 1)]


def adaptive(size, count):
    return [(size * o // count, -(-size * (o + 1) // count)) for o in range(count)]


def pooled(image, ranges, reduce):
    """Reduce each window of an image over its last axes; windows are cut off where the image ends."""
    sizes = image.shape[image.ndim - len(ranges) :]
    shape = tuple(len(each) for each in ranges)
    found = []
    for at in np.ndindex(*shape):
        cut = tuple(slice(max(ranges[k][p][0], 0), min(ranges[k][p][1], sizes[k])) for k, p in enumerate(at))
        found.append(reduce(image[(..., *cut)], tuple(range(image.ndim - len(ranges), image.ndim))))
    return jnp.moveaxis(jnp.stack(found), 0, -1).reshape(image.shape[: image.ndim - len(ranges)] + shape)


def mean(part, axes):
    return jnp.mean(part, axis=axes)


def largest(part, axes):
    return jnp.max(part, axis=axes)


def total(part, axes):
    return jnp.sum(part, axis=axes)


def centred(x, c=1e-5):
    return (x - jnp.mean(x)) / jnp.sqrt(jnp.mean((x - jnp.mean(x)) ** 2) + c)


def attention(Q, K, V):
    return jax.nn.softmax(Q @ K.T / jnp.sqrt(Q.shape[1])) @ V


def sigma(x):
    return 1 / (1 + jnp.exp(-x))


def gate(W, x, U, h):
    return sigma(W @ x + U @ h)


CONVOLUTIONS = (
    Identity("conv1d(x, w)", "x", lambda x, w: one(x, w), ("x: 7", "w: 3")),
    Identity("conv1d(x, w, stride=2, padding=1)", "w", lambda x, w: one(x, w, stride=2, padding=1), ("x: 7", "w: 3")),
    Identity("conv1d(x, w, dilation=2)", "x", lambda x, w: one(x, w, dilation=2), ("x: 8", "w: 3")),
    Identity("conv1d(X, K, groups=2)", "K", lambda X, K: convolution(X[None], K, groups=2)[0], ("X: 4,5", "K: 2,2,3")),
    Identity("conv1d(X, K, b, stride=2)", "b", lambda X, K, b: convolution(X[None], K, stride=2)[0] + b[:, None],
             ("X: 2,5", "K: 3,2,2", "b: 3")),
    Identity("conv2d(X, K)", "X", lambda X, K: one(X, K), ("X: 4,5", "K: 2,3")),
    Identity("conv2d(X, K)", "K", lambda X, K: one(X, K), ("X: 4,5", "K: 2,3")),
    Identity("sum(G .* conv2d(X, K))", "X", lambda G, X, K: jnp.sum(G * one(X, K)), ("X: 5,5", "K: 3,3", "G: 3,3")),
    Identity("sum(G .* conv2d(X, K, stride=2, padding=1))", "X", lambda G, X, K: jnp.sum(G * one(X, K, stride=2, padding=1)),
             ("X: 5,6", "K: 3,3", "G: 3,3")),
    Identity("sum(G .* conv2d(X, K, dilation=2))", "K", lambda G, X, K: jnp.sum(G * one(X, K, dilation=2)),
             ("X: 6,7", "K: 3,2", "G: 2,5")),
    Identity("sum(conv2d(X, K, padding=1).^2)", "X", lambda X, K: jnp.sum(one(X, K, padding=1) ** 2), ("X: 4,4", "K: 3,3")),
    Identity("sum(conv2d(X, K, stride=2, padding=1, groups=2).^2)", "K",
             lambda X, K: jnp.sum(convolution(X[None], K, stride=2, padding=1, groups=2) ** 2), ("X: 4,4,4", "K: 2,2,3,3")),
    Identity("sum(relu(conv2d(X, K)))", "K", lambda X, K: jnp.sum(jnp.maximum(convolution(X, K), 0)), ("X: 2,2,4,4", "K: 3,2,2,2")),
    Identity("sum(tanh(conv2d(X, K)))", "X", lambda X, K: jnp.sum(jnp.tanh(convolution(X, K))), ("X: 2,2,4,4", "K: 3,2,2,2")),
    Identity("sum(conv3d(X, K).^2)", "K", lambda X, K: jnp.sum(one(X, K) ** 2), ("X: 3,3,4", "K: 2,2,2")),
    Identity("conv3d(X, K, stride=2)", "K", lambda X, K: one(X, K, stride=2), ("X: 3,3,4", "K: 2,1,2")),
)  # fmt: skip
POOLINGS = (
    Identity("avg_pool1d(x, 3, stride=2)", "x", lambda x: pooled(x, [windows(7, 3, 2)], mean), ("x: 7",)),
    Identity("max_pool1d(x, 3, stride=2)", "x", lambda x: pooled(x, [windows(7, 3, 2)], largest), ("x: 7",)),
    Identity("avg_pool2d(X, 2)", "X", lambda X: pooled(X, [windows(4, 2, 2), windows(6, 2, 2)], mean), ("X: 4,6",)),
    Identity("max_pool2d(X, 2)", "X", lambda X: pooled(X, [windows(4, 2, 2), windows(6, 2, 2)], largest), ("X: 4,6",)),
    Identity("sum(G .* max_pool2d(X, 3, stride=2, padding=1))", "X",
             lambda G, X: jnp.sum(G * pooled(X, [windows(5, 3, 2, 1), windows(6, 3, 2, 1)], largest)), ("X: 5,6", "G: 3,3")),
    Identity("sum(G .* avg_pool2d(X, 3, stride=2, padding=1))", "X",
             lambda G, X: jnp.sum(G * pooled(X, [windows(5, 3, 2, 1), windows(6, 3, 2, 1)], total) / 9), ("X: 5,6", "G: 3,3")),
    Identity("sum(max_pool3d(X, 2).^2)", "X", lambda X: jnp.sum(pooled(X, [windows(2, 2, 2), windows(4, 2, 2), windows(2, 2, 2)], largest) ** 2),
             ("X: 2,4,2",)),
    Identity("sum(avg_pool3d(X, 2).^2)", "X", lambda X: jnp.sum(pooled(X, [windows(2, 2, 2), windows(4, 2, 2), windows(2, 2, 2)], mean) ** 2),
             ("X: 2,4,2",)),
    Identity("adaptive_avg_pool1d(x, 3)", "x", lambda x: pooled(x, [adaptive(7, 3)], mean), ("x: 7",)),
    Identity("adaptive_max_pool1d(x, 3)", "x", lambda x: pooled(x, [adaptive(7, 3)], largest), ("x: 7",)),
    Identity("adaptive_avg_pool2d(X, [2, 3])", "X", lambda X: pooled(X, [adaptive(5, 2), adaptive(7, 3)], mean), ("X: 5,7",)),
    Identity("adaptive_max_pool2d(X, [2, 3])", "X", lambda X: pooled(X, [adaptive(5, 2), adaptive(7, 3)], largest), ("X: 5,7",)),
    Identity("sum(adaptive_avg_pool3d(X, 2).^2)", "X",
             lambda X: jnp.sum(pooled(X, [adaptive(3, 2), adaptive(2, 2), adaptive(3, 2)], mean) ** 2), ("X: 3,2,3",)),
    Identity("lp_pool1d(x, 2, 3)", "x", lambda x: jnp.sqrt(pooled(x**2, [windows(6, 3, 3)], total)), ("x: 6",)),
    Identity("sum(G .* lp_pool2d(X, 3, 2))", "X",
             lambda G, X: jnp.sum(G * pooled(X**3, [windows(4, 2, 2), windows(4, 2, 2)], total) ** (1 / 3)), ("X: 4,4 positive", "G: 2,2"),
             positive=True),
)  # fmt: skip
NETWORKS = (
    Identity("linear(x, W, b)", "W", lambda x, W, b: W @ x + b, ("W: m,n", "x: n", "b: m")),
    Identity("linear(X, W, b)", "b", lambda X, W, b: X @ W.T + b, ("W: 3,2", "X: 4,2", "b: 3")),
    Identity("v'*relu(W*relu(U*x + a) + b)", "U", lambda v, W, U, x, a, b: v @ jnp.maximum(W @ jnp.maximum(U @ x + a, 0) + b, 0),
             ("W: m,n", "U: n,k", "a: n", "b: m", "v: m")),
    Identity("v'*sigma(W*tanh(U*x))", "U", lambda v, W, U, x: v @ sigma(W @ jnp.tanh(U @ x)), ("W: m,n", "U: n,k", "v: m")),
    Identity("v'*gelu(W*x + b)", "W", lambda v, W, x, b: v @ jax.nn.gelu(W @ x + b, approximate=False), ("W: m,n", "v: m", "b: m")),
    Identity("m = mean(x); s = sqrt(mean((x - m).^2) + 0.00001); g'*((x - m)/s)", "x", lambda x, g: g @ centred(x), ("x: 5", "g: 5")),
    Identity("m = mean(x); s = sqrt(mean((x - m).^2) + 0.00001); g .* (x - m)/s + b", "g", lambda x, g, b: g * centred(x) + b,
             ("x: 5", "g: 5", "b: 5")),
    Identity("g .* x/sqrt(mean(x.^2) + c)", "x", lambda g, x, c: g * x / jnp.sqrt(jnp.mean(x**2) + c), ("g: n", "x: n", "c: positive")),
    Identity("sum(G .* (softmax(Q*K'/sqrt(d))*V))", "Q", lambda G, Q, K, V: jnp.sum(G * attention(Q, K, V)),
             ("Q: n,d", "K: m,d", "V: m,r", "G: n,r")),
    Identity("sum(G .* (softmax(Q*K'/sqrt(d))*V))", "K", lambda G, Q, K, V: jnp.sum(G * attention(Q, K, V)),
             ("Q: n,d", "K: m,d", "V: m,r", "G: n,r")),
    Identity("sum(G .* (softmax(Q*K'/sqrt(d))*V))", "V", lambda G, Q, K, V: jnp.sum(G * attention(Q, K, V)),
             ("Q: n,d", "K: m,d", "V: m,r", "G: n,r")),
    Identity("z = sigma(W*x + U*h); v'*((1 - z) .* h + z .* tanh(A*x))", "h",
             lambda W, x, U, h, v, A: v @ ((1 - gate(W, x, U, h)) * h + gate(W, x, U, h) * jnp.tanh(A @ x)),
             ("W: n,d", "U: n,n", "A: n,d", "v: n")),
    Identity("z = sigma(W*x + U*h); v'*((1 - z) .* h + z .* tanh(A*x))", "W",
             lambda W, x, U, h, v, A: v @ ((1 - gate(W, x, U, h)) * h + gate(W, x, U, h) * jnp.tanh(A @ x)),
             ("W: n,d", "U: n,n", "A: n,d", "v: n")),
    Identity("v'*(sigma(W*x) .* tanh(U*x))", "x", lambda v, W, x, U: v @ (sigma(W @ x) * jnp.tanh(U @ x)), ("W: m,n", "U: m,n", "v: m")),
    Identity("x + W*relu(U*x)", "x", lambda x, W, U: x + W @ jnp.maximum(U @ x, 0), ("W: n,m", "U: m,n")),
    Identity("norm2(W*x - y)^2/2 + lam*normF(W)^2", "W", lambda W, x, y, lam: jnp.sum((W @ x - y) ** 2) / 2 + lam * jnp.sum(W**2),
             ("W: m,n", "y: m")),
)  # fmt: skip
IDENTITIES = (*CONVOLUTIONS, *POOLINGS, *NETWORKS)

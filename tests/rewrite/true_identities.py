"""Identities that have to be proved, by topic."""

from rewrite.notation import (
    absolute,
    binomial,
    call,
    cases,
    ceil,
    cos,
    cosh,
    cov,
    e,
    entry,
    exp,
    factorial,
    floor,
    fn,
    half,
    index,
    iv,
    largest,
    least,
    log,
    mean,
    pi,
    prob,
    product,
    reduce,
    relu,
    sigma,
    sign,
    silu,
    sin,
    sinh,
    size,
    softplus,
    sqrt,
    symbol,
    tan,
    tanh,
    tensor,
    total,
    var,
)

x, y, z, a, b, c, t, m, s = (symbol(name) for name in "xyzabctms")
p, q = symbol("p", "probability"), symbol("q", "positive")
r = symbol("r", "positive")
n, d, h = size("n"), size("d"), size("h")
i, j, k, g = (index(name, n) for name in "ijkg")
i2, j2, k2 = index("i", n), index("j", n), index("k", n)
u, v, w = tensor("u", n), tensor("v", n), tensor("w", n)
zz = tensor("z", n)
A, B, C = tensor("A", n, n), tensor("B", n, n), tensor("C", n, n)
S = tensor("S", n, n, words=("symmetric",))
Q = tensor("Q", n, n, words=("orthogonal",))
yy = tensor("y", n, words=("simplex",))
hot = tensor("o", n, words=("onehot",))
bb = tensor("b", n, words=("binary",))
X, Y = symbol("X"), symbol("Y")
eps = symbol("epsilon")
K = tensor("K", 3, 3)
image = tensor("I", 5, 5)


def softmax(vector, at, over=None):
    over = over or index("j", n)
    return entry("softmax", over, vector(over), at)


def sm(at):
    return softmax(lambda o: zz[o], at)


def norm(vector):
    o = index("o", n)
    return entry("norm2", o, vector(o))


def inv(matrix, at, other):
    o, o2 = index("o", n), index("o", n)
    return entry("inverse", (o, o2), matrix(o, o2), at, other)


def det(matrix):
    o, o2 = index("o", n), index("o", n)
    return entry("det", (o, o2), matrix(o, o2))


TRUE = {
    "algebra": [
        ((x + y) ** 2, x**2 + 2 * x * y + y**2),
        ((x + y) * (x - y), x**2 - y**2),
        ((x**2 - y**2) / (x - y), x + y),
        (1 / (1 + 1 / x), x / (x + 1)),
        (x / y + y / x, (x**2 + y**2) / (x * y)),
        (1 / (x - 1) - 1 / (x + 1), 2 / (x**2 - 1)),
        (x / x, 1 + 0 * x),
        ((x**3 - 1) / (x - 1), x**2 + x + 1),
        ((a * x + b) / (c * x), a / c + b / (c * x)),
        (1 / (1 / a + 1 / b), a * b / (a + b)),
        ((x + y + z) ** 3 - (x + y) ** 3, z**3 + 3 * z**2 * (x + y) + 3 * z * (x + y) ** 2),
        ((1 - x) / (x - 1), -1 + 0 * x),
        (half(x) + half(x), x),
        (((x + 1) / (y + 1)) / ((x + 1) / (y + 2)), (y + 2) / (y + 1)),
    ],
    "powers": [
        (sqrt(2 + 0 * x) ** 2 * x, 2 * x),
        (sqrt(x**2), absolute(x)),
        (sqrt(x) ** 2, x),
        (sqrt(8 * q), 2 * sqrt(2 * q)),
        (x**a * x**b, x ** (a + b)),
        (q**a / q**b, q ** (a - b)),
        ((q**a) ** b, q ** (a * b)),
        (sqrt(q) * sqrt(r), sqrt(q * r)),
        (1 / sqrt(q), sqrt(q) / q),
        (sqrt(x**2 + 2 * x * y + y**2), absolute(x + y)),
        ((1 + x) ** half(3) / (1 + x), sqrt(1 + x)),
        (2 ** (n + 1), 2 * 2**n),
        (4**n, 2 ** (2 * n)),
        ((-1) ** (2 * n) * x, x),
        ((-1) ** (n + 1), -((-1) ** n)),
        (q**0 * x, x),
        (sqrt(q / r), sqrt(q) / sqrt(r)),
        (1 / (sqrt(1 + x**2) * sqrt(1 + x**2)), 1 / (1 + x**2)),
        (1 / (1 + sqrt(q)), (1 - sqrt(q)) / (1 - q)),
        (sqrt(4 * x**2), 2 * absolute(x)),
    ],
    "exponentials": [
        (exp(x + y), exp(x) * exp(y)),
        (exp(-x), 1 / exp(x)),
        (exp(2 * x), exp(x) ** 2),
        (exp(x) ** y, exp(x * y)),
        (exp(log(x)), x),
        (log(exp(x)), x),
        (exp(half(x)), sqrt(exp(x))),
        (log(q * r), log(q) + log(r)),
        (log(q / r), log(q) - log(r)),
        (log(q**a), a * log(q)),
        (log(1 / x), -log(x)),
        (log(x**2), 2 * log(absolute(x))),
        (log(sqrt(x)), half(log(x))),
        (log(12 * q), 2 * log(2 + 0 * x) + log(3 + 0 * x) + log(q)),
        (e**x, exp(x)),
        (exp(x * log(q)), q**x),
        (log(exp(x) / (1 + exp(x))), x - log(1 + exp(x))),
        (fn("log2")(8 * q), 3 + log(q) / log(2 + 0 * x)),
        (exp(-((x - m) ** 2) / (2 * s**2)), exp(-(x**2) / (2 * s**2)) * exp(x * m / s**2) * exp(-(m**2) / (2 * s**2))),
        (log(x * y), log(x) + log(y)),
        (log((1 + q) * (1 + r)), log(1 + q) + log(1 + r)),
        (
            log(exp(-((x - m) ** 2) / (2 * q**2)) / (sqrt(2 * pi) * q)),
            -((x - m) ** 2) / (2 * q**2) - half(log(2 * pi)) - log(q),
        ),
    ],
    "activations": [
        (sigma(x), 1 / (1 + exp(-x))),
        (sigma(x), exp(x) / (1 + exp(x))),
        (sigma(-x), 1 - sigma(x)),
        (1 - sigma(x), exp(-x) / (1 + exp(-x))),
        (exp(-x) / (1 + exp(-x)) ** 2, sigma(x) * (1 - sigma(x))),
        (tanh(x), 2 * sigma(2 * x) - 1),
        (sigma(x), half(1 + tanh(half(x)))),
        (1 - tanh(x) ** 2, 4 * exp(2 * x) / (exp(2 * x) + 1) ** 2),
        (tanh(x), (1 - exp(-2 * x)) / (1 + exp(-2 * x))),
        (1 - tanh(x) ** 2, 1 / cosh(x) ** 2),
        (tanh(-x), -tanh(x)),
        (softplus(x) - softplus(-x), x),
        (softplus(x), -log(sigma(-x))),
        (silu(x), x / (1 + exp(-x))),
        (relu(x), largest(0, x)),
        (relu(x) - relu(-x), x),
        (relu(x) + relu(-x), absolute(x)),
        (relu(x), half(x + absolute(x))),
        (largest(x, 0) + least(x, 0), x),
        (largest(x, y), half(x + y + absolute(x - y))),
        (largest(x, y) + least(x, y), x + y),
        (largest(x, y), largest(y, x)),
        (relu(x) * relu(-x), 0 * x),
        (fn("leaky_relu")(x, a), largest(0, x) + a * least(0, x)),
        (log(sigma(x)), -softplus(-x)),
        (-y * log(sigma(z)) - (1 - y) * log(1 - sigma(z)), softplus(z) - y * z),
        (sigma(x) * (1 - sigma(x)) * (1 - 2 * sigma(x)), sigma(x) - 3 * sigma(x) ** 2 + 2 * sigma(x) ** 3),
        (log(sigma(x) / (1 - sigma(x))), x),
        (fn("softsign")(x), x / (1 + absolute(x))),
        (sigma(x - y), exp(x) / (exp(x) + exp(y))),
    ],
    "trigonometry": [
        (sin(x) ** 2 + cos(x) ** 2, 1 + 0 * x),
        (tan(x), sin(x) / cos(x)),
        (1 + tan(x) ** 2, 1 / cos(x) ** 2),
        (sin(-x), -sin(x)),
        (cos(y - x), cos(x - y)),
        (cosh(x) ** 2 - sinh(x) ** 2, 1 + 0 * x),
        (cosh(x) + sinh(x), exp(x)),
        (sinh(2 * x), 2 * sinh(x) * cosh(x)),
        (sin(x) ** 4 - cos(x) ** 4, sin(x) ** 2 - cos(x) ** 2),
    ],
    "absolute values": [
        (absolute(x) ** 2, x**2),
        (absolute(x * y), absolute(x) * absolute(y)),
        (absolute(-3 * x), 3 * absolute(x)),
        (sign(x) * absolute(x), x),
        (absolute(x - y), absolute(y - x)),
        (sign(-x), -sign(x)),
        (sign(q) * x, x),
        (absolute(exp(x)), exp(x)),
        (x * sign(x), absolute(x)),
        (sign(x) * largest(absolute(x) - q, 0), relu(x - q) - relu(-x - q)),
        (absolute(x), largest(x, -x)),
    ],
    "sums": [
        (total(i, u[i] + v[i]), total(j, u[j]) + total(k, v[k])),
        (total(i, a * u[i]), a * total(i, u[i])),
        (total(i, j, u[i] * v[j]), total(i, u[i]) * total(j, v[j])),
        (total(i, u[i]) ** 2, total(i, j, u[i] * u[j])),
        (total(i, total(j, A[i, j])), total(j, total(i, A[i, j]))),
        (total(i, 1 + 0 * i), n),
        (total(i, a), n * a),
        (total(index("i", n - 1, 0), u[index("i", 9)] * 0 + 1), n),
        (total(i, i), half(n * (n + 1))),
        (total(i, (u[i] - v[i]) ** 2), total(i, u[i] ** 2) - 2 * total(i, u[i] * v[i]) + total(i, v[i] ** 2)),
        (total(i, (u[i] - m) ** 2), total(i, u[i] ** 2) - 2 * m * total(i, u[i]) + n * m**2),
        (total(index("i", 3), u[index("t", 3)]) * 0 + x, x),
        (half(total(i, j, (u[i] - u[j]) ** 2)), n * total(i, u[i] ** 2) - total(i, u[i]) ** 2),
        (total(i, u[i] / (1 + u[i])) + total(i, 1 / (1 + u[i])), n),
        (total(i, u[i] / total(j, u[j])), total(k, u[k]) / total(j, u[j])),
        (
            total(i, (u[i] - total(j, u[j]) / n) ** 2) / n,
            total(i, u[i] ** 2) / n - (total(i, u[i]) / n) ** 2,
        ),
    ],
    "deltas": [
        (total(j, iv(i == j) * u[j]), u[i]),
        (total(j, iv(j == i)), 1 + 0 * i),
        (total(j, A[i, j] * iv(j == k)), A[i, k]),
        (iv(i == j) * u[i], iv(i == j) * u[j]),
        (total(i, j, iv(i == j) * A[i, j]), total(i, A[i, i])),
        (iv(i == j) ** 2, iv(j == i)),
        (total(k, iv(i == k) * iv(k == j)), iv(i == j)),
        (iv(x > 0) + iv(x <= 0), 1 + 0 * x),
        (iv(x > 0) * iv(x <= 0), 0 * x),
        (iv(2 * x > 4), iv(x > 2)),
        (iv(x > y), iv(y < x)),
        (iv(i > j) + iv(i == j) + iv(i < j), 1 + 0 * i),
        (iv(i >= j + 1), iv(i > j)),
        (iv(x != y), 1 - iv(x == y)),
        (cases((x > 0, x), otherwise=0), relu(x)),
        (cases((x > 0, x), (x < 0, -x), otherwise=0), absolute(x)),
        (total(i, iv(i != j) * u[i]), total(i, u[i]) - u[j]),
        (total(i, total(index("j", i), A[i, index("j", i)] * 0 + 1)), half(n * (n + 1))),
    ],
    "softmax": [
        (total(i, sm(i)), 1 + 0 * x),
        (sm(i), exp(zz[i]) / total(j, exp(zz[j]))),
        (softmax(lambda o: zz[o] + c, i), sm(i)),
        (sm(i) * (iv(i == j) - sm(j)), iv(i == j) * sm(i) - sm(i) * sm(j)),
        (log(sm(i)), zz[i] - log(total(j, exp(zz[j])))),
        (entry("logsumexp", j, zz[j] + c), entry("logsumexp", j, zz[j]) + c),
        (entry("log_softmax", j, zz[j], i), zz[i] - entry("logsumexp", j, zz[j])),
        (total(i, yy[i] * (sm(j) - iv(i == j))), sm(j) - yy[j]),
        (-total(i, yy[i] * log(sm(i))), entry("logsumexp", j, zz[j]) - total(i, yy[i] * zz[i])),
        (total(i, (sm(i) - yy[i])), 0 * x),
        (total(j, sm(i) * (iv(i == j) - sm(j))), 0 * i),
        (total(j, sm(j) * (iv(i == j) - sm(i))), 0 * i),
        (total(i, hot[i] ** 2), 1 + 0 * x),
        (total(i, bb[i] ** 2), total(i, bb[i])),
        (sm(i) / sm(j), exp(zz[i] - zz[j])),
    ],
    "matrices": [
        (total(k, total(j, A[i, j] * B[j, k]) * C[k, g]), total(j, A[i, j] * total(k, B[j, k] * C[k, g]))),
        (total(i, j, A[i, j] * B[j, i]), total(i, j, B[i, j] * A[j, i])),
        (total(i, j, k, A[i, j] * B[j, k] * C[k, i]), total(i, j, k, B[i, j] * C[j, k] * A[k, i])),
        (total(i, j, u[i] * A[i, j] * v[j]), total(i, j, v[i] * A[j, i] * u[j])),
        (total(i, j, u[i] * S[i, j] * v[j]), total(i, j, v[i] * S[i, j] * u[j])),
        (S[i, j], S[j, i]),
        (
            total(j, (A[i, j] + A[j, i]) * u[j]),
            total(j, A[i, j] * u[j]) + total(j, A[j, i] * u[j]),
        ),
        (total(k, Q[k, i] * Q[k, j]), iv(i == j)),
        (total(i, total(j, Q[i, j] * u[j]) ** 2), total(j, u[j] ** 2)),
        (total(j, inv(lambda o, o2: A[o, o2], i, j) * A[j, k]), iv(i == k)),
        (total(j, A[i, j] * inv(lambda o, o2: A[o, o2], j, k)), iv(i == k)),
        (inv(lambda o, o2: A[o2, o], i, j), inv(lambda o, o2: A[o, o2], j, i)),
        (inv(lambda o, o2: S[o, o2], i, j), inv(lambda o, o2: S[o, o2], j, i)),
        (det(lambda o, o2: A[o, o2]), det(lambda o, o2: A[o2, o])),
        (total(j, total(k, A[i, k] * iv(k == j)) * u[j]), total(j, A[i, j] * u[j])),
        (
            total(i, (total(j, A[i, j] * u[j]) - v[i]) ** 2),
            total(i, j, k, A[i, j] * A[i, k] * u[j] * u[k]) - 2 * total(i, j, v[i] * A[i, j] * u[j]) + total(i, v[i] ** 2),
        ),
    ],
    "norms": [
        (norm(lambda o: u[o]) ** 2, total(i, u[i] ** 2)),
        (norm(lambda o: c * u[o]), absolute(c) * norm(lambda o: u[o])),
        (norm(lambda o: u[o]), sqrt(total(i, u[i] ** 2))),
        (
            norm(lambda o: u[o] + v[o]) ** 2,
            norm(lambda o: u[o]) ** 2 + 2 * total(i, u[i] * v[i]) + norm(lambda o: v[o]) ** 2,
        ),
        (
            norm(lambda o: u[o] + v[o]) ** 2 + norm(lambda o: u[o] - v[o]) ** 2,
            2 * norm(lambda o: u[o]) ** 2 + 2 * norm(lambda o: v[o]) ** 2,
        ),
        (norm(lambda o: u[o] - v[o]), norm(lambda o: v[o] - u[o])),
        (entry("norm1", j, 2 * u[j]), 2 * entry("norm1", j, u[j])),
        (total(i, (u[i] / norm(lambda o: u[o])) ** 2), 1 + 0 * x),
    ],
    "products and extrema": [
        (product(i, exp(u[i])), exp(total(i, u[i]))),
        (product(i, c * u[i]), c**n * product(i, u[i])),
        (log(product(i, exp(u[i]))), total(i, u[i])),
        (product(i, u[i] * v[i]), product(i, u[i]) * product(i, v[i])),
        (reduce("max", i, u[i] + c), reduce("max", i, u[i]) + c),
        (reduce("max", i, 3 * u[i]), 3 * reduce("max", i, u[i])),
        (reduce("min", i, -u[i]), -reduce("max", i, u[i])),
        (reduce("max", i, q * u[i] - c), q * reduce("max", j, u[j]) - c),
        (log(product(i, q)), n * log(q)),
        (factorial(n + 1), (n + 1) * factorial(n)),
        (binomial(n, 2 + 0 * n) * 2 * factorial(n - 2), factorial(n)),
        (floor(x + 2), floor(x) + 2),
        (ceil(x), -floor(-x)),
        (floor(n + half(1)), n),
    ],
    "probability": [
        (var(X), mean(X**2) - mean(X) ** 2),
        (mean(2 * X + 3), 2 * mean(X) + 3),
        (var(2 * X + 5), 4 * var(X)),
        (cov(X, Y), mean(X * Y) - mean(X) * mean(Y)),
        (cov(X, X), var(X)),
        (var(X + Y), var(X) + var(Y) + 2 * cov(X, Y)),
        (mean((X - mean(X)) ** 2), var(X)),
        (mean(a * X + b, X), a * mean(X, X) + b),
        (cov(2 * X, Y), 2 * cov(Y, X)),
        (prob(X, given=(Y,)), prob(Y, given=(X,)) * prob(X) / prob(Y)),
        (prob(X, Y), prob(X, given=(Y,)) * prob(Y)),
        (prob(X, Y), prob(Y, X)),
        (mean(total(i, u[i] * X)), mean(X * total(i, u[i]))),
        (mean(total(i, u[i])), total(i, mean(u[i]))),
    ],
    "calls": [
        (call("f", x + y), call("f", y + x)),
        (call("f", (x**2 - 1) / (x - 1)), call("f", x + 1)),
        (total(i, call("f", i)), total(j, call("f", j))),
        (call("f", x) * 2 - call("f", x), call("f", x)),
    ],
}


def _shifts():
    i0, i1, g = index("i", n - 1, 0), index("i", n), index("i", n + 1, 2)
    short = index("i", 3)
    vt = tensor("v", n + 1)
    fi = index("i", n - 1)
    low = index("j", i)
    high = index("i", n)
    up = index("i", n, high)
    a3, b3 = index("a", 3), index("b", 3)
    a0, b0 = index("a", 2, 0), index("b", 2, 0)
    o = index("o", 3)
    yield total(i0, u[i0 + 1]), total(i1, u[i1])
    yield total(g, u[g - 1]), total(i1, u[i1])
    yield total(short, u[short]), u[1] + u[2] + u[3]
    yield total(index("i", n, 2), 1 + 0 * x), n - 1
    yield total(i1, vt[i1 + 1] - vt[i1]), vt[n + 1] - vt[1]
    yield total(i1, u[i1]), total(fi, u[fi]) + u[n]
    yield total(i0, i0 + 0 * x), half(n * (n - 1))
    yield total(i, total(low, A[i, low])), total(high, total(up, A[up, high]))
    yield total(i, total(low, u[low])), total(i, (n - i + 1) * u[i])
    yield total(a3, b3, K[a3, b3] * image[a3 + 1, b3 + 2]), total(a0, b0, K[a0 + 1, b0 + 1] * image[a0 + 2, b0 + 3])
    yield product(short, u[short]), u[1] * u[2] * u[3]
    yield total(o, total(index("c", 2), 1 + 0 * x)), 6 + 0 * x
    yield total(i0, call("f", i0)), total(i1, call("f", i1 - 1))
    yield total(i1, call("f", i1) - call("f", i1 - 1)), call("f", n) - call("f", 0)


TRUE["shifted ranges"] = list(_shifts())


def _least_squares():
    """``(X^T X)^-1 X^T X w = w``, the projection of a fit, and the inverse of a product."""
    data, weights = tensor("D", n, d), tensor("e", d)
    left, right, last, row, inner = index("a", d), index("b", d), index("c", d), index("i", n), index("t", n)
    bound = index("o", d), index("o", d)
    gram = total(inner, data[inner, bound[0]] * data[inner, bound[1]])
    inverse = entry("inverse", bound, gram, left, right)
    yield total(right, inverse * total(row, data[row, right] * total(last, data[row, last] * weights[last]))), weights[left]
    yield total(j, iv(j == 1) * A[i, j] * u[j]), A[i, 1] * u[1]
    yield total(i, j, S[i, j] * (u[i] - u[j]) ** 2), 2 * total(i, j, S[i, j] * u[i] ** 2) - 2 * total(i, j, S[i, j] * u[i] * u[j])
    yield least(absolute(x), q), absolute(x) - relu(absolute(x) - q)
    yield cases((x > q, x - q), (x < -q, x + q), otherwise=0), sign(x) * largest(absolute(x) - q, 0)
    yield binomial(n + 1, k + 1), binomial(n, k) + binomial(n, k + 1)


TRUE["applications"] = list(_least_squares())

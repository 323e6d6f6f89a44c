"""Activations, losses, distances, normalisation and attention under the names of torch.nn.functional: numpy by hand, and PyTorch where it is."""

import numpy as np
import pytest

from gradproof.derivation.derivation import derive
from gradproof.errors import FormulaError, ShapeError
from gradproof.formula.parse import parse
from referee import assert_close, random_values, value

X = random_values(
    4, x=(5,), y=(5,), X=(4, 3), Y=(4, 3), Z=(4, 3), Q=(3, 2), K=(4, 2), V=(4, 2), M=(3, 4), w=(3,), b=(3,), T=(2, 3, 4)
)
X |= {"p": np.array([0.2, 0.7, 0.5, 0.9, 0.1]), "t": np.array([1.0, 0, 1, 1, 0]), "s": np.array([1.0, -1, 1, -1, 1])}
X |= {"v": np.array([0.5, 1.5, 2.0, 0.7, 0.1]), "z": np.array([1.0, -1, 1, -1]), "m": np.abs(X["w"]) + 0.5}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def huber(r, d):
    return np.where(np.abs(r) <= d, r * r / 2, d * (np.abs(r) - d / 2))


def cosine(x, y):
    return (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)


def standardized(x, axis, eps=1e-5):
    c = x - x.mean(axis=axis, keepdims=True)
    return c / np.sqrt((c**2).mean(axis=axis, keepdims=True) + eps)


def causal(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    return softmax(np.where(np.tril(np.ones(scores.shape)) > 0, scores, -np.inf)) @ v


CASES = [
    ("leaky_relu(x)", lambda x: np.where(x > 0, x, 0.01 * x)),
    ("leaky_relu(x, negative_slope=0.2)", lambda x: np.where(x > 0, x, 0.2 * x)),
    ("prelu(x, 1/4)", lambda x: np.where(x > 0, x, x / 4)),
    ("elu(x, alpha=2)", lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
    ("celu(x, alpha=2)", lambda x: np.where(x > 0, x, 2 * np.expm1(x / 2))),
    ("softplus(x, beta=2)", lambda x: np.log1p(np.exp(2 * x)) / 2),
    ("hardtanh(x, min_val=-1/2, max_val=2)", lambda x: np.clip(x, -0.5, 2)),
    ("hardsigmoid(x)", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    ("hardswish(x)", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    ("hardshrink(x)", lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    ("softshrink(x)", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    ("tanhshrink(x)", lambda x: x - np.tanh(x)),
    ("threshold(x, 0.1, 20)", lambda x: np.where(x > 0.1, x, 20)),
    ("gelu(x, approximate='tanh')", lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    ("softmin(x)", lambda x: softmax(-x)),
    ("softmin(X, dim=0)", lambda X: softmax(-X, 0)),
    ("huber_loss(x, y)", lambda x, y: huber(x - y, 1).mean()),
    ("huber_loss(x, y, delta=0.3, reduction='sum')", lambda x, y: huber(x - y, 0.3).sum()),
    ("smooth_l1_loss(x, y, beta=0.3)", lambda x, y: huber(x - y, 0.3).mean() / 0.3),
    ("smooth_l1_loss(X, Y, reduction='none')", lambda X, Y: huber(X - Y, 1)),
    ("binary_cross_entropy(p, t, weight=v)", lambda p, t, v: -(v * (t * np.log(p) + (1 - t) * np.log(1 - p))).mean()),
    ("binary_cross_entropy_with_logits(x, t)", lambda x, t: (np.log1p(np.exp(x)) - t * x).mean()),
    ("binary_cross_entropy_with_logits(x, t, pos_weight=v)",
     lambda x, t, v: -(v * t * np.log(sigmoid(x)) + (1 - t) * np.log(sigmoid(-x))).mean()),
    ("gaussian_nll_loss(x, y, v)", lambda x, y, v: (np.log(v) + (x - y) ** 2 / v).mean() / 2),
    ("gaussian_nll_loss(x, y, v, full=True)", lambda x, y, v: (np.log(v) + (x - y) ** 2 / v + np.log(2 * np.pi)).mean() / 2),
    ("poisson_nll_loss(x, y)", lambda x, y: (np.exp(x) - y * x).mean()),
    ("hinge_embedding_loss(x, s, margin=0.5)", lambda x, s: np.where(s > 0, x, np.maximum(0.5 - x, 0)).mean()),
    ("margin_ranking_loss(x, y, s, margin=0.1)", lambda x, y, s: np.maximum(0, -s * (x - y) + 0.1).mean()),
    ("soft_margin_loss(x, s)", lambda x, s: np.log1p(np.exp(-s * x)).mean()),
    ("cosine_similarity(X, Y)", cosine),
    ("cosine_similarity(x, y, dim=0)", cosine),
    ("normalize(X)", lambda X: X / np.linalg.norm(X, axis=1, keepdims=True)),
    ("normalize(X, p=1, dim=0)", lambda X: X / np.abs(X).sum(0, keepdims=True)),
    ("triplet_margin_loss(X, Y, Z, margin=2)",
     lambda X, Y, Z: np.maximum(np.linalg.norm(X - Y, axis=1) - np.linalg.norm(X - Z, axis=1) + 2, 0).mean()),
    ("cosine_embedding_loss(X, Y, z, margin=0.1)",
     lambda X, Y, z: np.where(z > 0, 1 - cosine(X, Y), np.maximum(cosine(X, Y) - 0.1, 0)).mean()),
    ("layer_norm(X, 3, w, b)", lambda X, w, b: standardized(X, -1) * w + b),
    ("layer_norm(X, (4, 3))", lambda X: standardized(X, (0, 1))),
    ("layer_norm(x, 5, eps=0.01)", lambda x: standardized(x, -1, 0.01)),
    ("rms_norm(X, 3, w, eps=0.01)", lambda X, w: X / np.sqrt((X**2).mean(-1, keepdims=True) + 0.01) * w),
    ("batch_norm(X, weight=w, bias=b, training=True)", lambda X, w, b: standardized(X, 0) * w + b),
    ("batch_norm(T, None, None, w, b, training=True)", lambda T, w, b: standardized(T, (0, 2)) * w[:, None] + b[:, None]),
    ("batch_norm(X, b, m)", lambda X, b, m: (X - b) / np.sqrt(m + 1e-5)),
    ("scaled_dot_product_attention(Q, K, V)", lambda Q, K, V: softmax(Q @ K.T / np.sqrt(2)) @ V),
    ("scaled_dot_product_attention(Q, K, V, M, scale=3)", lambda Q, K, V, M: softmax(3 * Q @ K.T + M) @ V),
    ("scaled_dot_product_attention(K, K, V, is_causal=True)", lambda K, V: causal(K, K, V)),
]  # fmt: skip
#: Names that PyTorch has under another spelling of the call, or of numbers that are no tensors there.
_NOT_TORCH = ("prelu", "pairwise")


def _values(function):
    return {name: X[name] for name in function.__code__.co_varnames[: function.__code__.co_argcount]}


@pytest.mark.parametrize(("text", "function"), CASES, ids=[case[0] for case in CASES])
def test_a_value_is_that_of_its_definition(text, function):
    values = _values(function) if "cosine_similarity" not in text else {name: X[name] for name in text[18:22] if name in X}
    assert_close(value(text, **values), function(*values.values()))


@pytest.mark.parametrize(("text", "function"), CASES, ids=[case[0] for case in CASES])
def test_a_value_is_that_of_pytorch(text, function):
    torch = pytest.importorskip("torch")
    if text.startswith(_NOT_TORCH):
        pytest.skip("another signature")
    values = _values(function) if "cosine_similarity" not in text else {name: X[name] for name in text[18:22] if name in X}
    tensors = {name: torch.as_tensor(array) for name, array in values.items()}
    call = text.replace("layer_norm(X, 3", "layer_norm(X, (3,)").replace("rms_norm(X, 3", "rms_norm(X, (3,)")
    call = call.replace("layer_norm(x, 5", "layer_norm(x, (5,)").replace("softmin(x)", "softmin(x, dim=0)")
    call = call.replace("batch_norm(X, weight", "batch_norm(X, None, None, weight").replace(
        "cosine_similarity(X, Y)", "cosine_similarity(X, Y, dim=1)"
    )
    found = eval(f"F.{call}", {"F": torch.nn.functional, **tensors})
    np.testing.assert_allclose(found.numpy(), value(text, **values), rtol=2e-6, atol=1e-7)


DERIVED = [
    ("huber_loss(X*w, y, delta=d)", "w", ["X: n,m", "d: positive"], "X'*min(max(X*w - y, -d), d)/n"),
    ("mse_loss(X*w, y)", "w", ["X: n,m"], "2*X'*(X*w - y)/n"),
    ("soft_margin_loss(X*w, y)", "w", ["X: n,m"], "-X'*(y.*sigma(-y.*(X*w)))/n"),
    ("poisson_nll_loss(X*w, y)", "w", ["X: n,m"], "X'*(exp(X*w) - y)/n"),
    ("gaussian_nll_loss(m, y, v)", "m", ["m: n", "v: n"], "(m - y)./v/n"),
    ("cosine_similarity(x, y)", "x", ["x: n"], "(norm2(x)^2*y - (x'*y)*x)/(norm2(y)*norm2(x)^3)"),
    ("rms_norm(x)", "x", ["x: n"], "sqrt(n)*(norm2(x)^2*eye - x*x')/norm2(x)^3"),
    ("normalize(x)", "x", ["x: n"], "eye/norm2(x) - x*x'/norm2(x)^3"),
    (
        "layer_norm(x)",
        "x",
        ["x: n"],
        "u = x - sum(x)/n; s = sqrt(norm2(u)^2/n + 0.00001); (eye - vector(1)*vector(1)'/n)/s - u*u'/(s^3*n)",
    ),
    ("g'*layer_norm(x, n, w, b)", "w", ["x: n"], "g.*(x - sum(x)/n)/sqrt(norm2(x - sum(x)/n)^2/n + 0.00001)"),
    ("binary_cross_entropy_with_logits(z, y, pos_weight=w)", "z", ["z: n", "w: n"], "(sigma(z).*(1 - y) - w.*y.*(1 - sigma(z)))/n"),
    (
        "triplet_margin_loss(a, p, n)",
        "a",
        ["a: d"],
        "(norm2(a - p) + 1 - norm2(a - n) >= 0)*((a - p)/norm2(a - p) - (a - n)/norm2(a - n))",
    ),
    ("gaussian_nll_loss(m, y, 1)", "m", ["m: n"], "(m - y)/n"),
    ("elu(x, alpha=2)", "x", ["x:"], "where(x > 0, 1, 2*exp(x))"),
    ("sum(G .* scaled_dot_product_attention(Q, K, V))", "V", ["Q: n,d", "K: m,d"], "softmax(Q*K'/sqrt(d))'*G"),
]


@pytest.mark.parametrize(("text", "wrt", "assume", "expected"), DERIVED, ids=[case[0] for case in DERIVED])
def test_a_derivative_is_what_a_person_would_write(text, wrt, assume, expected):
    derivation = derive(text, wrt, assume=assume)
    assert derivation.to_text() == expected
    assert derivation.verify(6).agrees


@pytest.mark.parametrize(
    ("text", "wrt", "assume"),
    [
        ("sum(G .* layer_norm(X, d, g, b))", "X", ["X: 3,4", "G: 3,4"]),
        ("sum(G .* batch_norm(X, weight=g))", "X", ["X: 4,3", "G: 4,3"]),
        ("triplet_margin_loss(A, P, N)", "A", ["A: 3,2"]),
        ("cosine_embedding_loss(A, B, 1)", "A", ["A: 3,2"]),
        ("sum(G .* scaled_dot_product_attention(Q, K, V, is_causal=True))", "K", ["Q: 3,2", "K: 3,2", "V: 3,2", "G: 3,2"]),
        ("sum(celu(x, alpha=2))", "x", ["x: 4"]),
        ("sum(hardswish(x))", "x", ["x: 4"]),
    ],
)
def test_a_derivative_agrees_with_differences(text, wrt, assume):
    check = derive(text, wrt, assume=assume).verify(6)
    assert check.agrees
    assert check.points >= 2


@pytest.mark.parametrize(
    ("text", "assume", "error", "words"),
    [
        ("layer_norm(X, 5)", ["X: 4,3"], ShapeError, "the size of the last axes was expected, got 3 and 5"),
        ("batch_norm(X, training=False)", ["X: 4,3"], FormulaError, "running_mean was expected without training=True"),
        ("batch_norm(x)", ["x: 4"], ShapeError, "batch_norm takes"),
        ("scaled_dot_product_attention(Q, K, V)", ["Q: 3,2", "K: 4,5", "V: 4,2"], ShapeError, "queries, keys and values that fit"),
        ("normalize(x, p=0)", [], FormulaError, "a positive number was expected as the order p"),
        ("huber_loss(x, y, beta=1)", [], FormulaError, "an argument of huber_loss was expected, got 'beta'"),
    ],
)
def test_bad_arguments_are_one_error_with_a_place(text, assume, error, words):
    with pytest.raises(error) as caught:
        value(text, assume)
    assert str(caught.value).startswith("formula:1:")
    assert words in str(caught.value)


def test_variances_divide_by_the_number_of_entries():
    x = np.array([[1.0, 2.0, 4.0], [0.0, 3.0, -1.0]])
    assert_close(value("var(x)", x=x), x.var())
    assert_close(value("std(x, axis=1)", x=x), x.std(axis=0))
    assert [symbol.name for symbol in parse("std*x").symbols] == ["std", "x"]

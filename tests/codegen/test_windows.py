"""Sums over windows are found whoever wrote them, and the libraries' own kernels compute what the plain code computes."""

import numpy as np
import pytest

import gradproof
from gradproof.codegen.plan import planned
from gradproof.codegen.windows import windows_of
from gradproof.expr.walk import postorder
from gradproof.formula.parse import parse
from gradproof.program.requests import requested

IMAGES = ["X: b,c,h,w", "K: o,c,3,3"]
#: A formula, its assumptions, the shapes of its variables.
CASES = [
    ("sum(conv2d(X, K, padding=1).*G)", IMAGES, {"X": (2, 3, 5, 6), "K": (4, 3, 3, 3), "G": (2, 4, 5, 6)}),
    ("sum(conv2d(X, K, padding=1, stride=2).*G)", IMAGES, {"X": (2, 3, 7, 8), "K": (4, 3, 3, 3), "G": (2, 4, 4, 4)}),
    ("sum(conv2d(X, K).*G)", ["X: h,w", "K: p,q"], {"X": (5, 7), "K": (2, 3), "G": (4, 5)}),
    ("sum(conv2d(X, K, padding='same').^2)", ["X: b,c,h,w", "K: o,c,2,4"], {"X": (2, 3, 5, 6), "K": (4, 3, 2, 4)}),
    ("sum(conv1d(X, K).^2)", ["X: b,c,h", "K: o,c,p"], {"X": (2, 3, 8), "K": (4, 3, 3)}),
    ("sum(conv3d(X, K).^2)", ["X: b,c,h,w,4", "K: o,c,2,3,2"], {"X": (2, 3, 4, 5, 4), "K": (4, 3, 2, 3, 2)}),
    ("sum_ou K[u]*X[o+u]*K[o]", ["X: n", "K: m"], {"X": (6,), "K": (3,)}),
    ("sum(max_pool2d(X, 2).*G)", ["X: b,c,8,6"], {"X": (2, 3, 8, 6), "G": (2, 3, 4, 3)}),
    ("sum(max_pool2d(X, 3, stride=2, padding=1).*G)", ["X: b,c,h,w"], {"X": (2, 3, 7, 8), "G": (2, 3, 4, 4)}),
    ("sum(max_pool2d(X, 3, stride=2, ceil_mode=True).*G)", ["X: h,w"], {"X": (8, 8), "G": (4, 4)}),
    ("sum(max_pool1d(X, 3, stride=2, padding=1).*G)", ["X: b,c,h"], {"X": (2, 3, 7), "G": (2, 3, 4)}),
    ("sum(avg_pool2d(X, 2).*G)", ["X: b,c,8,8"], {"X": (2, 3, 8, 8), "G": (2, 3, 4, 4)}),
    ("sum(avg_pool2d(X, 3, stride=2, padding=1).*G)", ["X: h,w"], {"X": (8, 8), "G": (4, 4)}),
]


@pytest.fixture
def double():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield


def requests(shapes):
    return ["value", *(f"gradient wrt {name}" for name in shapes if name in "XK")]


@pytest.mark.parametrize("target", ["torch", "jax"])
@pytest.mark.parametrize(("text", "assume", "shapes"), CASES, ids=[case[0] for case in CASES])
def test_the_kernels_of_a_library_compute_what_plain_code_computes(text, assume, shapes, target, double):
    pytest.importorskip(target)
    source = np.random.default_rng(4)
    values = {name: np.round(source.normal(size=shape), 1) for name, shape in shapes.items()}  # with ties
    found = gradproof.compile(text, requests(shapes), target, assume=assume)(**values)
    expected = gradproof.compile(text, requests(shapes), "numpy", assume=assume)(**values)
    for request, value in expected.items():
        np.testing.assert_allclose(np.asarray(found[request]), value, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("text", "assume", "wanted"),
    [
        ("sum(conv2d(X, K, padding=1, stride=2).*G)", IMAGES, {"value": "position", "K": "step", "X": "place"}),
        ("sum_o G[o]*sum_u X[o+u-1]*K[u]", ["X: n", "K: 3"], {"K": "step", "X": "place"}),
        ("sum(avg_pool2d(X, 2).*G)", ["X: b,c,8,8"], {"value": "position", "X": "place"}),
    ],
)
def test_the_array_that_a_sum_over_windows_makes_is_known(text, assume, wanted):
    for of, role in wanted.items():
        (output,) = requested(parse(text, assume), ["value" if of == "value" else f"gradient wrt {of}"])
        found = [windows for node in postorder(planned(output.formula.value)) if (windows := windows_of(node))]
        assert [windows.wanted for windows in found] == [role]


@pytest.mark.parametrize("text", ["sum_ij x[i]*y[i+j]*z[i+2*j]", "sum_i x[2*i]*y[i]", "sum_ij A[i,j]*x[i]*y[j]"])
def test_what_is_no_sum_over_windows_is_left_alone(text):
    value = planned(parse(text).value)
    assert not any(windows_of(node) for node in postorder(value))


def test_programs_of_torch_call_its_kernels():
    source = gradproof.compile(CASES[0][0], requests(CASES[0][2]), "torch", assume=IMAGES).source
    assert "torch.nn.functional.conv2d(X, K, padding=1)" in source
    assert "torch.nn.grad.conv2d_weight(X, (o, c, 3, 3), G, padding=1)" in source
    assert "torch.nn.grad.conv2d_input((b, c, h, w), K, G, padding=1)" in source

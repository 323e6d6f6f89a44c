"""Sums over windows are found whoever wrote them, and the libraries' own kernels compute what the plain code computes."""

from dataclasses import replace

import numpy as np
import pytest

import gradproof
from gradproof.codegen.dialects import DIALECTS, NUMPY
from gradproof.codegen.plan import planned
from gradproof.codegen.windows import windows_of
from gradproof.expr.walk import postorder
from gradproof.formula.parse import parse
from gradproof.program.requests import requested

#: NumPy without kernels for windows: every pair of a place and a window is laid out.
PLAIN = replace(NUMPY, windows=None)
IMAGES = ["X: b,c,h,w", "K: o,c,3,3"]
#: Windows that overlap and stand out of the image, with maxima that several places share.
SHARED = "a = relu(conv2d(X, K, padding=1)); h = max_pool2d(a, 3, stride=2, padding=1); sum(h.^2)"
#: A convolution with a bias and a rectifier, whose argument is read once more (first) and is not.
BIASED = "a = conv2d(X, K, B); h = relu(a); g = avg_pool2d(relu(conv2d(X, K, B, padding=1)), 2); sum(h.^2) + sum(a.^3) + sum(g.^2)"
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
    ("h = max_pool2d(relu(conv2d(X, K)), 2); sum(h.^2)", ["X: b,c,7,8", "K: o,c,2,3"], {"X": (2, 3, 7, 8), "K": (4, 3, 2, 3)}),
    (SHARED, ["X: b,c,7,8", "K: o,c,3,3"], {"X": (2, 3, 7, 8), "K": (4, 3, 3, 3)}),
    ("sum(avg_pool2d(X, 2).*G)", ["X: b,c,8,8"], {"X": (2, 3, 8, 8), "G": (2, 3, 4, 4)}),
    ("sum(avg_pool2d(X, 3, stride=2, padding=1).*G)", ["X: h,w"], {"X": (8, 8), "G": (4, 4)}),
    ("sum(conv2d(X, K, dilation=2, stride=2, padding=1).*G)", IMAGES, {"X": (2, 3, 9, 8), "K": (4, 3, 3, 3), "G": (2, 4, 4, 3)}),
    ("sum(conv2d(X, K, stride=3).*G)", ["X: b,c,h,w", "K: o,c,2,2"], {"X": (2, 3, 9, 8), "K": (4, 3, 2, 2), "G": (2, 4, 3, 3)}),
    ("sum(conv2d(X, K, padding=1).*G)", IMAGES, {"X": (0, 3, 5, 6), "K": (4, 3, 3, 3), "G": (0, 4, 5, 6)}),
    ("sum(conv2d(X, K, padding=1).*G)", IMAGES, {"X": (2, 3, 1, 1), "K": (4, 3, 3, 3), "G": (2, 4, 1, 1)}),
    ("sum(conv2d(X, K).*G)", ["X: h,w", "K: p,q"], {"X": (2, 3), "K": (2, 3), "G": (1, 1)}),
    ("sum(avg_pool2d(X, 3, stride=2, padding=1).*G)", ["X: b,c,7,8"], {"X": (2, 3, 7, 8), "G": (2, 3, 4, 4)}),
    ("sum(adaptive_avg_pool2d(X, [3, 2]).*G)", ["X: b,c,9,4"], {"X": (2, 3, 9, 4), "G": (2, 3, 3, 2)}),
    ("sum(max_pool2d(X, [2, 3], stride=[3, 2]).*G)", ["X: b,c,8,7"], {"X": (2, 3, 8, 7), "G": (2, 3, 3, 3)}),
    (BIASED, ["X: b,c,8,8", "K: o,c,3,3", "B: o"], {"X": (2, 3, 8, 8), "K": (4, 3, 3, 3), "B": (4,)}),
    (
        "sum((conv1d(X, K, B)).^2) + sum(conv1d(X, K).^3)",
        ["X: b,c,9", "K: o,c,2", "B: o"],
        {"X": (2, 3, 9), "K": (4, 3, 2), "B": (4,)},
    ),
]


@pytest.fixture
def double():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield


def requests(shapes):
    return ["value", *(f"gradient wrt {name}" for name in shapes if name in "XKB")]


@pytest.mark.parametrize("target", ["torch", "jax", "numpy"])
@pytest.mark.parametrize(("text", "assume", "shapes"), CASES)
def test_the_kernels_of_a_library_compute_what_plain_code_computes(text, assume, shapes, target, double, monkeypatch):
    pytest.importorskip(target)
    source = np.random.default_rng(4)
    # Eighths: sums are exact in any order, and several places of a window share its maximum.
    values = {name: np.round(8 * source.normal(size=shape)) / 8 for name, shape in shapes.items()}
    found = gradproof.compile(text, requests(shapes), target, assume=assume)(**values)
    monkeypatch.setitem(DIALECTS, "numpy", PLAIN)
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


def test_programs_of_torch_take_a_bias_with_the_convolution_and_look_for_maxima_once():
    network = "h = max_pool2d(relu(conv2d(X, K, B)), 2); sum(h.^2)"
    assume = ["X: b,c,7,8", "K: o,c,2,3", "B: o"]
    source = gradproof.compile(network, requests({"X": (), "K": (), "B": ()}), "torch", assume=assume).source
    body = source[source.index("def outputs(") : source.index("def flows(")]
    assert "= torch.nn.functional.conv2d(X, K, B)" in body
    assert "torch.clamp_(conv2d_1, min=0.0)" in body
    assert "threshold_backward(d_relu_1.to(dtype), relu_1.to(dtype), 0)" in body
    assert body.count("at_maxima(") == 1
    assert ".permute(" not in body


def test_what_a_rectifier_takes_stays_where_it_is_read_again():
    source = gradproof.compile(BIASED, ["value", "part a"], "torch", assume=["X: b,c,8,8", "K: o,c,3,3", "B: o"]).source
    body = source[source.index("def outputs(") : source.index("def flows(")]
    assert "h = torch.clamp(a, min=0.0)" in body
    assert body.count("torch.clamp_(") == 1


def test_nothing_flows_back_to_places_that_are_no_maximum_whatever_flows():
    torch = pytest.importorskip("torch")
    program = gradproof.compile("sum(max_pool2d(X, 2).*G)", ["gradient wrt X"], "torch", assume=["X: 4,4"])
    flow = torch.tensor([[torch.inf, 1.0], [torch.nan, 2.0]])
    found = program(X=torch.arange(16.0).reshape(4, 4), G=flow)["gradient wrt X"]
    assert torch.equal(found.isfinite().sum(), torch.tensor(14))
    assert found[1, 1] == torch.inf
    assert found[3, 1].isnan()


@pytest.mark.parametrize(
    ("text", "assume", "helpers"),
    [
        ("sum(max_pool2d(X, 3, stride=2).*G)", ["X: b,c,h,w"], ["over_windows", "to_maxima"]),
        (SHARED, ["X: b,c,7,8", "K: o,c,3,3"], ["at_maxima", "to_maxima"]),
        ("sum(avg_pool2d(X, 2).*G)", ["X: b,c,8,8"], ["over_windows", "into_windows"]),
        ("sum(adaptive_avg_pool2d(X, [2, 4]).*G)", ["X: b,c,8,8"], ["over_windows", "into_windows"]),
        (CASES[0][0], IMAGES, ["convolved", "convolved_by_kernel", "convolved_by_image"]),
    ],
)
def test_programs_of_numpy_lay_out_no_pairs_of_places_and_windows(text, assume, helpers):
    source = gradproof.compile(text, requests({"X": (), "K": ()} if "K" in text else {"X": ()}), "numpy", assume=assume).source
    body = source[source.index("def outputs(") :]
    assert all(f"{helper}(" in body for helper in helpers)
    assert "np.arange(" not in body


def test_an_image_without_columns_has_windows_of_padding_alone():
    values = {"X": np.ones((2, 3, 1, 0)), "K": np.ones((4, 3, 3, 3)), "G": np.ones((2, 4, 1, 0))}
    found = gradproof.compile(CASES[0][0], requests(values), "numpy", assume=IMAGES)(**values)
    assert found["gradient wrt X"].shape == (2, 3, 1, 0)
    assert not found["gradient wrt K"].any()


def test_windows_that_a_condition_ends_before_the_data_do_are_cut_there():
    x, y, z = np.random.default_rng(4).normal(size=(3, 4))
    program = gradproof.compile(
        "sum_{i,j | i + j <= 4} exp(x[i+j])*y[i]*z[j]", ["gradient wrt y"], "numpy", assume=["x: 4", "y: 4", "z: 4"]
    )
    expected = [sum(np.exp(x[i + j - 1]) * z[j - 1] for j in range(1, 5 - i)) for i in range(1, 5)]
    np.testing.assert_allclose(program(x=x, y=y, z=z)["gradient wrt y"], expected)

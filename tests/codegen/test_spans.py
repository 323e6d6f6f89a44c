"""Adaptive pooling whose windows are uneven, in NumPy: a slice for each window, and the same values as window by window."""

import itertools

import numpy as np
import pytest

import gradproof

CASES = [
    ("adaptive_avg_pool1d(X, 5)", "X: n", (12,), (5,)),
    ("adaptive_max_pool1d(X, 5)", "X: n", (12,), (5,)),
    ("adaptive_avg_pool2d(X, [7, 3])", "X: b,c,56,50", (2, 3, 56, 50), (7, 3)),
    ("adaptive_max_pool2d(X, [3, 4])", "X: b,c,h,w", (2, 3, 10, 9), (3, 4)),
    # windows of one place, and fewer places than windows
    ("adaptive_avg_pool2d(X, [5, 3])", "X: n,m", (3, 1), (5, 3)),
    ("adaptive_max_pool2d(X, [4, 2])", "X: b,n,m", (0, 5, 3), (4, 2)),
]


def windows(shape, counts):
    """The slices of the windows by position."""
    lengths = shape[len(shape) - len(counts) :]
    for place in itertools.product(*map(range, counts)):
        ends = [(k * n // out, -(-(k + 1) * n // out)) for k, n, out in zip(place, lengths, counts, strict=True)]
        yield (..., *place), (..., *(slice(*end) for end in ends))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_windows_are_pooled_and_flow_back_one_by_one(case, dtype):
    text, assume, shape, counts = case
    random = np.random.default_rng(4)
    image = random.integers(-3, 4, size=shape).astype(dtype)  # with ties
    flow = random.normal(size=(*shape[: len(shape) - len(counts)], *counts)).astype(dtype)
    program = gradproof.compile(text, ["value", "vector-jacobian product wrt X along G"], "numpy", assume=[assume])
    assert "np.where(" not in program.source.partition("def value(")[2]
    pooled, back = program(X=image, G=flow).values()
    wanted, flown = np.zeros_like(flow), np.zeros_like(image)
    axes = tuple(range(-len(counts), 0))
    for place, window in windows(shape, counts):
        part = image[window]
        own = flow[place][(..., *(np.newaxis for _ in counts))]
        if "max" in text:
            wanted[place] = part.max(axis=axes)
            flown[window] += own * (part == part.max(axis=axes, keepdims=True))
        else:
            wanted[place] = part.mean(axis=axes)
            flown[window] += own / np.prod(part.shape[-len(counts) :])
    np.testing.assert_allclose(pooled, wanted, rtol=1e-5)
    np.testing.assert_allclose(back, flown, rtol=1e-5, atol=1e-6)
    assert pooled.dtype == back.dtype == dtype


def test_a_sum_over_a_span_that_ends_at_its_position_is_taken_span_by_span():
    program = gradproof.compile("sum_{j=1..i} exp(x[j])*c[i]", ["value"], "numpy", assume=["x: n", "c: n"])
    x, c = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(program(x=x, c=c)["value"], np.cumsum(np.exp(x)) * c)


def test_nan_and_infinities_stay_in_their_windows():
    image = np.arange(12.0)
    image[[0, 7]] = np.nan, np.inf
    program = gradproof.compile("adaptive_max_pool1d(X, 5)", ["value"], "numpy", assume=["X: n"])
    np.testing.assert_array_equal(program(X=image)["value"], [np.nan, 4, np.inf, np.inf, 11])

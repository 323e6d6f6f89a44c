"""Layers of torch.nn.functional, compared with jax over odd strides, paddings, dilations and groups."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradproof.errors import FormulaError, ShapeError
from gradproof.formula.parse import parse
from gradproof.printer.text import to_text
from referee import assert_close, value

SOURCE = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def _in_float64():
    with jax.enable_x64(True):
        yield


def rand(*shape):
    return SOURCE.normal(size=shape)


# Convolution ----------------------------------------------------------------------------------------------------------


def convolution(image, kernel, stride, padding, dilation, groups):
    """jax's convolution of a batch with channels."""
    return jax.lax.conv_general_dilated(
        image, kernel, stride, [(p, p) for p in padding], rhs_dilation=dilation, feature_group_count=groups
    )


CONVOLUTIONS = [
    ((7,), (3,), (1,), (0,), (1,), 1),
    ((9,), (3,), (2,), (1,), (2,), 1),
    ((8,), (4,), (3,), (2,), (1,), 2),
    ((10,), (1,), (4,), (0,), (1,), 2),
    ((5, 5), (3, 3), (1, 1), (0, 0), (1, 1), 1),
    ((6, 7), (3, 2), (2, 1), (1, 0), (1, 2), 1),
    ((7, 5), (2, 3), (3, 2), (2, 2), (2, 1), 2),
    ((6, 6), (3, 3), (1, 1), (1, 1), (1, 1), 2),
    ((4, 4), (2, 2), (5, 5), (1, 1), (3, 3), 1),
    ((4, 3, 5), (2, 2, 3), (1, 2, 1), (1, 0, 1), (1, 1, 2), 1),
    ((3, 3, 3), (3, 1, 2), (2, 1, 1), (1, 1, 0), (1, 1, 1), 2),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "dilation", "groups"), CONVOLUTIONS)
def test_convolution(size, kernel, stride, padding, dilation, groups):
    image, filters, bias = rand(2, 2 * groups, *size), rand(2 * groups, 2, *kernel), rand(2 * groups)
    expected = convolution(image, filters, stride, padding, dilation, groups) + bias.reshape(-1, *[1] * len(size))
    options = f"stride={_tuple(stride)}, padding={_tuple(padding)}, dilation={_tuple(dilation)}, groups={groups}"
    text = f"conv{len(size)}d(X, K, c, {options})"
    assert_close(value(text, X=image, K=filters, c=bias), expected)
    assert_close(value(text, X=image[0], K=filters, c=bias), expected[0])


def _tuple(numbers):
    return f"({', '.join(str(number) for number in numbers)})" if len(numbers) > 1 else str(numbers[0])


def test_one_image_and_one_filter():
    image, kernel = rand(5, 6), rand(3, 2)
    expected = convolution(image[None, None], kernel[None, None], (2, 1), (1, 1), (1, 1), 1)[0, 0]
    assert_close(value("conv2d(X, K, stride=(2, 1), padding=1)", X=image, K=kernel), expected)


def test_several_filters_on_one_image_and_one_filter_on_several():
    image, kernels = rand(5, 5), rand(3, 2, 2)
    expected = convolution(image[None, None], kernels[:, None], (1, 1), (0, 0), (1, 1), 1)[0]
    assert_close(value("conv2d(X, K)", X=image, K=kernels), expected)
    batch, kernel = rand(4, 5, 5), rand(2, 2)
    expected = convolution(batch[:, None], kernel[None, None], (1, 1), (0, 0), (1, 1), 1)[:, 0]
    assert_close(value("conv2d(X, K)", X=batch, K=kernel), expected)


def test_positional_arguments_and_depthwise():
    image, kernels = rand(1, 3, 6), rand(6, 1, 3)
    expected = convolution(image, kernels, (2,), (1,), (1,), 3)
    assert_close(value("conv1d(X, K, None, 2, 1, 1, 3)", X=image, K=kernels), expected)


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_same_padding_keeps_the_size(size):
    signal, kernel = rand(8), rand(size)
    total = size - 1
    padded = np.pad(signal, (total // 2, total - total // 2))
    assert_close(value("conv1d(x, w, padding='same')", x=signal, w=kernel), np.correlate(padded, kernel, "valid"))


def test_depthwise_convolution_with_symbolic_sizes():
    formula = parse("conv2d(X, K, groups=c)", ["X: n,c,h,w", "K: c,1,p,q"])
    assert "X[n, " not in to_text(formula.value)
    assert [to_text(axis.upper) for axis in formula.axes] == ["n", "c", "h - p + 1", "w - q + 1"]


def test_lua_names_of_convolution():
    image, kernels = rand(2, 7, 6), rand(3, 2, 3, 2)
    expected = convolution(image[None], kernels, (2, 1), (0, 1), (1, 1), 1)[0]
    assert_close(value("SpatialConvolution(X, K, dW=1, dH=2, padW=1, padH=0)", X=image, K=kernels), expected)


# Pooling --------------------------------------------------------------------------------------------------------------


def padded_windows(length, size, stride, padding, dilation, rounds_up):
    """The places of each window, those outside of the input too, by the definition of PyTorch."""
    room = length + 2 * padding - dilation * (size - 1) - 1
    count = (-(-room // stride) if rounds_up else room // stride) + 1
    if rounds_up and (count - 1) * stride >= length + padding:
        count -= 1
    return [[o * stride - padding + u * dilation for u in range(size)] for o in range(count)]


def pooled(image, sizes, strides, paddings, dilations, rounds_up, reduce):
    """Pool the last axes place by place; ``reduce`` gets the entries in the input and the sizes of the clipped windows."""
    lead = image.ndim - len(sizes)
    options = zip(sizes, strides, paddings, dilations, strict=True)
    grids = [padded_windows(n, *option, rounds_up) for n, option in zip(image.shape[lead:], options, strict=True)]
    result = np.empty((*image.shape[:lead], *(len(grid) for grid in grids)))
    for out in itertools.product(*(range(len(grid)) for grid in grids)):
        windows = [grid[o] for grid, o in zip(grids, out, strict=True)]
        inside = [[at for at in window if 0 <= at < n] for window, n in zip(windows, image.shape[lead:], strict=True)]
        clipped = [sum(at < n + p for at in window) for window, n, p in zip(windows, image.shape[lead:], paddings, strict=True)]
        chosen = image[(..., *np.ix_(*inside))].reshape(*image.shape[:lead], -1)
        result[(..., *out)] = reduce(chosen, int(np.prod(clipped)), int(np.prod([len(w) for w in windows])))
    return result


POOLS = [
    ((6,), (2,), (2,), (0,), (1,), False),
    ((7,), (3,), (2,), (1,), (1,), False),
    ((8,), (3,), (2,), (1,), (2,), True),
    ((5,), (2,), (3,), (1,), (1,), True),
    ((6, 6), (2, 2), (2, 2), (0, 0), (1, 1), False),
    ((7, 5), (3, 2), (1, 3), (1, 0), (1, 1), False),
    ((7, 6), (3, 3), (2, 2), (1, 1), (1, 2), True),
    ((5, 8), (2, 3), (3, 2), (1, 1), (1, 1), True),
    ((4, 5, 3), (2, 2, 2), (1, 2, 1), (0, 1, 1), (1, 1, 1), False),
]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
def test_max_pool(pool, leading):
    size, kernel, stride, padding, dilation, rounds_up = pool
    image = rand(*leading, *size)
    text = (
        f"max_pool{len(size)}d(X, {_tuple(kernel)}, stride={_tuple(stride)}, padding={_tuple(padding)}, "
        f"dilation={_tuple(dilation)}, ceil_mode={rounds_up})"
    )
    expected = pooled(image, kernel, stride, padding, dilation, rounds_up, lambda entries, *_: entries.max(-1))
    assert_close(value(text, X=image), expected)


def test_max_pool_against_jax():
    image = rand(2, 3, 7, 6)
    expected = jax.lax.reduce_window(
        image, -jnp.inf, jax.lax.max, (1, 1, 3, 2), (1, 1, 2, 1), [(0, 0), (0, 0), (1, 1), (1, 1)], window_dilation=(1, 1, 1, 2)
    )
    assert_close(value("max_pool2d(X, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2))", X=image), expected)


@pytest.mark.parametrize("pool", [pool for pool in POOLS if set(pool[4]) == {1}])
@pytest.mark.parametrize("counts_padding", [True, False])
def test_avg_pool(pool, counts_padding):
    size, kernel, stride, padding, dilation, rounds_up = pool
    image = rand(2, *size)
    text = (
        f"avg_pool{len(size)}d(X, {_tuple(kernel)}, {_tuple(stride)}, {_tuple(padding)}, "
        f"ceil_mode={rounds_up}, count_include_pad={counts_padding})"
    )

    def mean(entries, clipped, _):
        return entries.sum(-1) / (clipped if counts_padding else entries.shape[-1])

    assert_close(value(text, X=image), pooled(image, kernel, stride, padding, dilation, rounds_up, mean))


def test_avg_pool_against_jax():
    image = rand(1, 2, 7, 6)
    total = jax.lax.reduce_window(image, 0.0, jax.lax.add, (1, 1, 3, 3), (1, 1, 2, 2), [(0, 0), (0, 0), (1, 1), (1, 1)])
    assert_close(value("avg_pool2d(X, 3, 2, 1)", X=image), total / 9)
    assert_close(value("avg_pool2d(X, 3, 2, 1, divisor_override=5)", X=image), total / 5)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("rounds_up", [True, False])
def test_lp_pool(order, rounds_up):
    image = np.abs(rand(2, 7, 5))

    def norm(entries, clipped, whole):
        return ((entries**order).sum(-1) * whole / clipped) ** (1 / order)

    expected = pooled(image, (3, 2), (2, 2), (0, 0), (1, 1), rounds_up, norm)
    assert_close(value(f"lp_pool2d(X, {order}, (3, 2), 2, ceil_mode={rounds_up})", X=image), expected)


ADAPTIVE = [((7,), (3,)), ((5,), (5,)), ((6,), (2,)), ((7, 5), (3, 2)), ((6, 4), (2, 4)), ((3, 4, 5), (2, 3, 4)), ((2, 2), (3, 5))]


@pytest.mark.parametrize(("size", "target"), ADAPTIVE)
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_adaptive_pool(size, target, kind):
    image = rand(2, *size)
    expected = np.empty((2, *target))
    for out in itertools.product(*(range(m) for m in target)):
        window = tuple(slice(o * n // m, -((-(o + 1) * n) // m)) for o, n, m in zip(out, size, target, strict=True))
        chosen = image[(slice(None), *window)].reshape(2, -1)
        expected[(slice(None), *out)] = chosen.max(1) if kind == "max" else chosen.mean(1)
    assert_close(value(f"adaptive_{kind}_pool{len(size)}d(X, {_tuple(target)})", X=image), expected)


def test_adaptive_pool_keeps_an_axis():
    image = rand(4, 6)
    assert_close(value("adaptive_avg_pool2d(X, (None, 3))", X=image), image.reshape(4, 3, 2).mean(2))


def test_adaptive_windows_have_floor_and_ceil():
    formula = parse("adaptive_max_pool1d(x, m)", ["x: n"])
    text = to_text(formula.value)
    assert "floor(n (i - 1)/m) + 1" in text
    assert "ceil(n i/m)" in text


def test_symbolic_average_is_divided_by_the_square():
    assert to_text(parse("avg_pool2d(X, k, 1)").value) == "sum(u=1..k, v=1..k, X[i + u - 1, j + v - 1])/k^2"


def test_lua_names_of_pooling():
    image = rand(2, 7, 6)
    expected = pooled(image, (3, 2), (2, 1), (1, 0), (1, 1), False, lambda entries, *_: entries.max(-1))
    assert_close(value("SpatialMaxPooling(X, 2, 3, 1, 2, 0, 1)", X=image), expected)
    expected = pooled(image, (3, 2), (1, 1), (0, 0), (1, 1), False, lambda entries, *_: entries.mean(-1))
    assert_close(value("SpatialAveragePooling(X, 2, 3)", X=image), expected)
    assert_close(value("SpatialAdaptiveMaxPooling(X, 3, 7)", X=image), value("adaptive_max_pool2d(X, (7, 3))", X=image))
    assert_close(value("SpatialAdaptiveAveragePooling(X, 3, 2)", X=image), value("adaptive_avg_pool2d(X, (2, 3))", X=image))


# Linear layers and losses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leading", [(), (4,), (4, 2)])
def test_linear(leading):
    signal, weight, bias = rand(*leading, 3), rand(5, 3), rand(5)
    assert_close(value("linear(X, W, c)", X=signal, W=weight, c=bias), signal @ weight.T + bias)
    assert_close(value("linear(X, W)", X=signal, W=weight), signal @ weight.T)


def test_linear_with_one_output():
    signal, weight = rand(4, 3), rand(3)
    assert_close(value("linear(X, w, 2)", X=signal, w=weight), signal @ weight + 2)


def log_softmax(logits):
    return np.asarray(jax.nn.log_softmax(logits))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("weighted", [True, False])
def test_cross_entropy_of_class_numbers(reduction, smoothing, weighted):
    logits, labels, weight = rand(5, 4), np.array([0, 3, 1, 1, 2]), np.abs(rand(4)) if weighted else np.ones(4)
    logs = log_softmax(logits)
    terms = -weight[labels] * logs[np.arange(5), labels] * (1 - smoothing) - smoothing / 4 * (logs * weight).sum(1)
    expected = {"mean": terms.sum() / weight[labels].sum(), "sum": terms.sum(), "none": terms}[reduction]
    values = {"Z": logits, "y": labels} | ({"w": weight} if weighted else {})
    text = f"cross_entropy(Z, y, {'w' if weighted else 'None'}, reduction='{reduction}', label_smoothing={smoothing})"
    assert_close(value(text, **values), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0, 0.2])
def test_cross_entropy_of_soft_labels(reduction, smoothing):
    logits, labels = rand(5, 4), np.asarray(jax.nn.softmax(rand(5, 4)))
    terms = -((labels * (1 - smoothing) + smoothing / 4) * log_softmax(logits)).sum(1)
    expected = {"mean": terms.mean(), "sum": terms.sum(), "none": terms}[reduction]
    text = f"cross_entropy(Z, Y, reduction='{reduction}', label_smoothing={smoothing})"
    assert_close(value(text, Z=logits, Y=labels), expected)


def test_cross_entropy_of_one_example():
    logits, soft = rand(4), np.array([0.1, 0.2, 0.3, 0.4])
    assert_close(value("cross_entropy(z, y)", z=logits, y=soft), -(soft * log_softmax(logits)).sum())
    assert_close(value("cross_entropy(z, c)", z=logits, c=2), -log_softmax(logits)[2])
    assert_close(value("CrossEntropyCriterion(z, c)", z=logits, c=2), -log_softmax(logits)[1])
    assert_close(value("nll_loss(log_softmax(z), c)", z=logits, c=0), -log_softmax(logits)[0])


def test_class_numbers_are_known_to_be_whole():
    formula = parse("cross_entropy(Z, y)", ["Z: n,k", "y: n"])
    assert formula.symbol("y").properties == {"integer", "label:k"}
    assert any("from 0" in note for note in formula.notes)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
def test_kl_div(reduction):
    logs, target = log_softmax(rand(3, 4)), np.array(jax.nn.softmax(rand(3, 4)))
    target[1, 2] = 0
    with np.errstate(all="ignore"):
        terms = np.where(target > 0, target * (np.log(target) - logs), 0)
    expected = {"mean": terms.mean(), "sum": terms.sum(), "none": terms, "batchmean": terms.sum() / 3}[reduction]
    assert_close(value(f"kl_div(X, P, reduction='{reduction}')", X=logs, P=target), expected)


def test_kl_div_of_log_target():
    logs, target = log_softmax(rand(3, 4)), log_softmax(rand(3, 4))
    expected = (np.exp(target) * (target - logs)).mean()
    assert_close(value("kl_div(X, P, log_target=True)", X=logs, P=target), expected)


def test_other_losses():
    first, second = rand(3, 2), rand(3, 2)
    gap = np.abs(first - second)
    assert_close(value("mse_loss(X, Y)", X=first, Y=second), (gap**2).mean())
    assert_close(value("l1_loss(X, Y, reduction='sum')", X=first, Y=second), gap.sum())
    assert_close(value("smooth_l1_loss(X, Y)", X=first, Y=second), np.where(gap < 1, gap**2 / 2, gap - 0.5).mean())
    probability = 1 / (1 + np.exp(-first))
    target = (second > 0).astype(float)
    expected = -(target * np.log(probability) + (1 - target) * np.log(1 - probability)).mean()
    assert_close(value("binary_cross_entropy(P, T)", P=probability, T=target), expected)
    assert_close(value("binary_cross_entropy_with_logits(X, T)", X=first, T=target), expected)


def test_tsne_kl():
    points = rand(5, 2)
    affinity = np.abs(rand(5, 5))
    affinity[0, 3] = 1e-3
    squares = ((points[:, None] - points) ** 2).sum(-1)
    kernel = 1 / (1 + squares)
    np.fill_diagonal(kernel, 0)
    share = kernel / kernel.sum()
    off = ~np.eye(5, dtype=bool)
    expected = (affinity[off] * np.log(affinity[off] / share[off])).sum()
    assert_close(value("tsne_kl(Y, P)", Y=points, P=affinity), expected)


# Layers together ------------------------------------------------------------------------------------------------------


def test_layers_compose():
    image, kernels, bias = rand(2, 1, 8, 8), rand(3, 1, 3, 3), rand(3)
    hidden = np.maximum(convolution(image, kernels, (1, 1), (1, 1), (1, 1), 1) + bias.reshape(-1, 1, 1), 0)
    expected = pooled(hidden, (2, 2), (2, 2), (0, 0), (1, 1), False, lambda entries, *_: entries.max(-1))
    assert_close(value("max_pool2d(relu(conv2d(X, K, c, padding=1)), 2)", X=image, K=kernels, c=bias), expected)
    assert_close(value("H = conv2d(X, K, c, padding=1); max_pool2d(relu(H), 2)", X=image, K=kernels, c=bias), expected)


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "column", "words"),
    [
        ("conv2d(X, K, stride=0)", FormulaError, 21, "a positive whole number was expected as the stride, got 0"),
        ("conv2d(X, K, stride=(1, 0))", FormulaError, 25, "a positive whole number was expected as the stride, got 0"),
        ("conv2d(X, L)", ShapeError, 11, "a window of at most 5 places was expected, the size of its padded input, got 6"),
        (
            "conv2d(X, K, dilation=3)",
            ShapeError,
            11,
            "a window of at most 5 places was expected, the size of its padded input, got 7",
        ),
        ("max_pool2d(X, 6)", ShapeError, 15, "a window of at most 5 places was expected, the size of its padded input, got 6"),
        ("max_pool2d(X, 2, stride=0)", FormulaError, 25, "a positive whole number was expected as the stride, got 0"),
        ("max_pool2d(X, 0)", FormulaError, 15, "a positive whole number was expected as the kernel size, got 0"),
        ("max_pool2d(X, 2.5)", FormulaError, 15, "a positive whole number was expected as the kernel size, got 5/2"),
        ("max_pool2d(X, 3, padding=2)", FormulaError, 26, "a padding of at most half the kernel size was expected, got 2"),
        ("max_pool2d(X, (1, 2, 3))", FormulaError, 15, "one value or 2 were expected as the kernel size, got 3"),
        ("max_pool2d(X)", FormulaError, 1, "max_pool2d takes 2 to 7 arguments"),
        ("max_pool2d(X, 2, stripe=1)", FormulaError, 18, "an argument of max_pool2d was expected, got 'stripe'"),
        ("conv2d(V, F, groups=3)", ShapeError, 21, "groups that divide the channels were expected, got 3 groups of 4 channels"),
        ("conv2d(V, F)", ShapeError, 11, "got 4 channels of the input and 2 of the kernel"),
        ("conv2d(V, F, x, groups=2)", ShapeError, 14, "one bias for each filter was expected, got 3 and 6 filters"),
        ("adaptive_avg_pool2d(X, 0)", FormulaError, 24, "a positive whole number was expected as the output size, got 0"),
        ("linear(x, X)", ShapeError, 11, "a weight with as many columns as the input has entries was expected"),
        ("cross_entropy(x, v)", ShapeError, 18, "a class number or a distribution for each example was expected"),
        ("kl_div(x, y, reduction='most')", FormulaError, 24, "'mean' or 'sum' or 'none' or 'batchmean' was expected, got ''most''"),
        ("tsne_kl(X, K)", ShapeError, 12, "an affinity for each pair of points was expected"),
        (
            "conv2d(x, K)",
            ShapeError,
            1,
            "conv2d takes a matrix and a matrix, or a matrix and a tensor with 3 axes, or",
        ),
    ],
)
def test_bad_layers(text, error, column, words):
    assume = ["X: 5,5", "K: 3,3", "L: 6,2", "V: 4,5,5", "F: 6,2,3,3", "x: 3", "y: 3", "v: 4"]
    with pytest.raises(error) as caught:
        parse(text, assume)
    message = str(caught.value)
    assert message.startswith(f"formula:1:{column}: ")
    assert words in message
    assert message.endswith(f"\n    {text}\n    {' ' * (column - 1)}^")

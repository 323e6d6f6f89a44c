"""PyTorch and JAX differentiate a formula by the closed form of its gradients, inside of what else they do."""

import os
import subprocess
import sys

import numpy as np
import pytest

import gradproof

#: A formula, its assumptions, the shapes of its variables; a shape of None is class numbers.
CASES = {
    "a loss": (
        "sum(log(1 + exp(-y.*(X*w)))) + lambda/2*norm2(w)^2",
        ["X: n,d"],
        {"X": (5, 3), "w": (3,), "y": (5,), "lambda_": ()},
    ),
    "a convolution": (
        "conv2d(X, K, b, padding=1, stride=2)",
        ["X: n,c,h,w", "K: o,c,3,3"],
        {"X": (2, 3, 5, 6), "K": (4, 3, 3, 3), "b": (4,)},
    ),
    "a softmax": ("softmax(W*x + b)", ["W: k,d"], {"W": (4, 3), "x": (3,), "b": (4,)}),
    "a network": (
        "cross_entropy(linear(tanh(linear(X, W, b)), V), y)",
        [],
        {"X": (5, 3), "W": (4, 3), "b": (4,), "V": (3, 4), "y": None},
    ),
}


def values(shapes):
    source = np.random.default_rng(3)
    return {name: np.array([0, 1, 2, 0, 1]) if shape is None else source.normal(size=shape) for name, shape in shapes.items()}


def formula(case, target):
    text, assume, shapes = CASES[case]
    return gradproof.compile(text, ["value"], target, assume=assume).functions["formula"], values(shapes)


@pytest.mark.parametrize("case", CASES)
def test_torch_takes_the_gradients_that_it_can_check(case):
    torch = pytest.importorskip("torch")
    function, given = formula(case, "torch")
    names = [name for name, value in given.items() if value.dtype.kind == "f"]
    tensors = [torch.tensor(given[name], requires_grad=True) for name in names]
    rest = {name: torch.tensor(value) for name, value in given.items() if name not in names}

    def of(*arguments):
        return function(**dict(zip(names, arguments, strict=True)), **rest)

    assert torch.autograd.gradcheck(of, tensors)
    assert torch.autograd.gradgradcheck(of, tensors)


def test_torch_maps_a_formula_over_a_batch_and_keeps_its_type():
    torch = pytest.importorskip("torch")
    function, given = formula("a softmax", "torch")
    points = torch.ones(6, 3, dtype=torch.float32)
    rest = {name: torch.tensor(value, dtype=torch.float32) for name, value in given.items() if name != "x"}
    found = torch.func.vmap(torch.func.grad(lambda x: function(x=x, **rest)[0]))(points)
    assert found.shape == (6, 3)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("target", ["value", "gradient wrt K", "gradient wrt X"])
def test_torch_follows_the_device_of_its_inputs(target):
    torch = pytest.importorskip("torch")
    program = gradproof.compile("sum(conv2d(X, K, padding=1).^2)", [target], "torch", assume=["X: n,c,h,w", "K: o,c,3,3"])
    found = program(X=torch.ones(2, 3, 5, 6, device="meta"), K=torch.ones(4, 3, 3, 3))
    assert found[target].device.type == "meta"


@pytest.mark.parametrize("case", CASES)
def test_jax_takes_the_gradients_that_it_can_check(case):
    jax = pytest.importorskip("jax")
    function, given = formula(case, "jax")
    with jax.enable_x64(True):
        names = [name for name, value in given.items() if value.dtype.kind == "f"]
        rest = {name: value for name, value in given.items() if name not in names}

        def of(*arguments):
            return function(**dict(zip(names, arguments, strict=True)), **rest).sum()

        arguments = [given[name] for name in names]
        found = jax.jit(jax.grad(of, range(len(names))))(*arguments)
        for place, (gradient, argument) in enumerate(zip(found, arguments, strict=True)):
            direction = np.random.default_rng(place).normal(size=argument.shape)
            ahead, behind = (
                of(*arguments[:place], argument + sign * 1e-6 * direction, *arguments[place + 1 :]) for sign in (1, -1)
            )
            np.testing.assert_allclose(np.sum(gradient * direction), (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-8)


def test_jax_maps_a_formula_over_a_batch():
    jax = pytest.importorskip("jax")
    function, given = formula("a softmax", "jax")
    rest = {name: value for name, value in given.items() if name != "x"}
    found = jax.vmap(jax.grad(lambda x: function(x=x, **rest)[0]))(np.ones((6, 3), np.float32))
    assert found.shape == (6, 3)


def test_jax_runs_a_program_on_several_devices():
    pytest.importorskip("jax")
    code = """
import gradproof, jax, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
program = gradproof.compile("norm2(A*x - b)^2", ["value", "gradient wrt x"], "jax", assume=["A: m,n"])
mesh = Mesh(np.array(jax.devices()), ("rows",))
rows = lambda array, *axes: jax.device_put(array, NamedSharding(mesh, P(*axes)))
A, x, b = np.arange(24, dtype=np.float32).reshape(8, 3), np.ones(3, np.float32), np.ones(8, np.float32)
function = jax.jit(program.functions["gradient_x"])
found = function(A=rows(A, "rows"), x=rows(x), b=rows(b, "rows"))
np.testing.assert_allclose(found, 2 * A.T @ (A @ x - b), rtol=1e-5)
text = function.lower(A=rows(A, "rows"), x=rows(x), b=rows(b, "rows")).compile().as_text()
print(len(found.sharding.device_set), "all-reduce" in text)
"""
    settings = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=settings)
    assert finished.stdout == "4 True\n", finished.stderr


@pytest.mark.parametrize("text", ["sum(sign(W*x))", "argmax(W*x)*1.0"])
@pytest.mark.parametrize("target", ["torch", "jax"])
def test_a_formula_that_is_flat_has_gradients_of_zero(text, target):
    library = pytest.importorskip(target)
    function = gradproof.compile(text, ["value"], target, assume=["W: k,d"]).functions["formula"]
    W, x = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([1.0, 1.0])
    if target == "jax":
        assert not np.any(library.grad(lambda W: function(W=W, x=x))(W))
    else:
        given = library.tensor(W, requires_grad=True)
        function(W=given, x=library.tensor(x)).backward()
        assert not given.grad.any()

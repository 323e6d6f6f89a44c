"""Measures one training step of the network of examples/mnist.toml against the same step written by hand in PyTorch.

Loss and all gradients are first found equal; then the steps take turns, and the least time of each is compared. Run:

    uv run --with torch python benchmarks/network.py [--targets torch numba] [--batch 128] [--threads 2] [--seconds 10]

The images are random: neither time depends on them. Our step takes arrays of NumPy, as `gradproof run` gives them; PyTorch's has its
tensors made before, once as it makes them and once channels-last, and the quicker one counts. Both keep freed memory, as `gradproof run`
does; with --fresh-memory the C library gives it back.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gradproof.experiment.data import Samples
from gradproof.experiment.kernels import kernel_groups, with_open_kernels
from gradproof.experiment.memory import keep_freed_memory
from gradproof.experiment.network import Network, Weights
from gradproof.experiment.plan import read_plan

PLAN = Path(__file__).parent.parent / "examples" / "mnist.toml"
Step = Callable[[], tuple[float, Weights]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", nargs="+", default=["torch", "numba"])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long the steps take turns")
    parser.add_argument("--fresh-memory", action="store_true", help="freed memory is not kept by the process")
    arguments = parser.parse_args()
    if not arguments.fresh_memory:
        keep_freed_memory()
    torch.set_num_threads(arguments.threads)
    batch = samples(arguments.batch)
    networks = {target: network(target) for target in arguments.targets}
    weights = next(iter(networks.values())).new_weights(0)
    steps: dict[str, Step] = {target: lambda own=own: own.loss_and_gradients(weights, batch) for target, own in networks.items()}
    steps["by hand"] = by_hand(weights, batch, torch.contiguous_format)
    steps["by hand, channels last"] = by_hand(weights, batch, torch.channels_last)
    compare(steps)
    report(take_turns(steps, arguments.seconds))


def samples(count: int) -> Samples:
    """Return images of noise with labels."""
    source = np.random.default_rng(0)
    return Samples(source.normal(size=(count, 1, 28, 28)).astype(np.float32), source.integers(0, 10, count))


def network(target: str) -> Network:
    """Return the network of the plan as `gradproof run` compiles it: the numbers of kernels are open."""
    plan = read_plan(PLAN)
    found = Network(plan.network, (1, 28, 28), target)
    return with_open_kernels(found, [kernel_groups(found, name) for name in plan.pruning.kernels])


def by_hand(weights: Weights, batch: Samples, layout: torch.memory_format) -> Step:
    """Return the step that PyTorch takes with its own layers and automatic differentiation."""
    functional = torch.nn.functional
    own = {name: torch.tensor(value) for name, value in weights.items()}
    for name in own:
        if own[name].ndim == 4 and name != "W":
            own[name] = own[name].contiguous(memory_format=layout)
        own[name].requires_grad_(True)
    images = torch.tensor(batch.inputs).contiguous(memory_format=layout)
    labels = torch.tensor(batch.labels)

    def step() -> tuple[float, Weights]:
        first = functional.max_pool2d(functional.relu(functional.conv2d(images, own["K1"], own["b1"], padding=1)), 2)
        second = functional.relu(functional.conv2d(first, own["K2"], own["b2"], padding=1))
        features = functional.adaptive_avg_pool2d(second, 7)
        scores = functional.linear(features.flatten(1), own["W"].flatten(1), own["c"])
        loss = functional.cross_entropy(scores, labels)
        found = torch.autograd.grad(loss, list(own.values()))
        return loss.item(), {name: gradient.numpy() for name, gradient in zip(own, found, strict=True)}

    return step


def compare(steps: dict[str, Step]) -> None:
    """Stop where a loss or a gradient differs from that of PyTorch by more than the rounding of float32."""
    loss, gradients = steps["by hand"]()
    for name, step in steps.items():
        began = time.perf_counter()
        own_loss, own = step()
        print(f"{name}: first call {time.perf_counter() - began:.2f} s")
        np.testing.assert_allclose(own_loss, loss, rtol=1e-5, err_msg=name)
        for weight, gradient in gradients.items():
            scale = np.abs(gradient).max()
            np.testing.assert_allclose(own[weight], gradient, rtol=1e-3, atol=1e-4 * scale, err_msg=f"{name}: {weight}")


def take_turns(steps: dict[str, Step], seconds: float) -> dict[str, float]:
    """Return the least time of each step: other work only adds to it."""
    least = dict.fromkeys(steps, np.inf)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            least[name] = min(least[name], time.perf_counter() - start)
    return least


def report(least: dict[str, float]) -> None:
    rival = min(seconds for name, seconds in least.items() if name.startswith("by hand"))
    for name, seconds in least.items():
        print(f"{name:24} {1e3 * seconds:8.2f} ms   {seconds / rival:6.2f} of PyTorch")


if __name__ == "__main__":
    main()

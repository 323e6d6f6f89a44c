"""Times derivations side by side with SymPy, tensorgrad and CasADi, where they have the case; results are compared first.

Run:  uv run --with casadi --with tensorgrad --with torch==2.8.0 python benchmarks/derive.py [--repetitions 9]

A rival that is not installed is left out; tensorgrad 0.3 needs a torch that still has named tensors. Gradproof and tensorgrad work
with sizes by name; SymPy's matrices of symbols and CasADi's graphs have the sizes below. Times are medians, from text (or the rival's
own constructors) to the finished derivative, without the steps; with Gradproof's writing and reading back in a column of its own.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from derive_rivals import RIVALS

from gradproof.derivation.derivation import derive

#: How far a rival's numbers may be from ours.
TOLERANCE = 1e-8
LONG = 10_000


@dataclass(frozen=True)
class Case:
    """A derivative, and values to compare the results at."""

    name: str
    text: str
    wrt: str
    assume: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    order: int = 1

    def values(self) -> dict[str, Any]:
        """Return positive random values; ``y`` sums to one where it holds the probabilities of classes."""
        random = np.random.default_rng(0)
        found = {name: random.uniform(0.1, 1, shape) for name, shape in self.shapes.items()}
        if "y: k simplex" in self.assume:
            found["y"] /= found["y"].sum()
        return found


CASES = (
    Case("softmax cross-entropy by W", "-y'*log(softmax(W*x))", "W", ("W: k,d", "y: k simplex"), {"W": (3, 4), "x": (4,), "y": (3,)}),
    Case("Hessian of logistic regression", "sum(log(1 + exp(-y .* (X*w))))", "w", ("X: n,d", "y: n"),
         {"X": (5, 3), "y": (5,), "w": (3,)}, order=2),
    Case("norm2(A*x - b)^2 by x", "norm2(A*x - b)^2", "x", ("A: m,n",), {"A": (4, 3), "x": (3,), "b": (4,)}),
    Case("convolution, gradient of the input", "sum(G .* conv2d(X, K))", "X", ("X: 5,5", "K: 3,3", "G: 3,3"),
         {"X": (5, 5), "K": (3, 3), "G": (3, 3)}),
    Case("t-SNE by Y", "tsne_kl(Y, P)", "Y", ("Y: n,2", "P: n,n symmetric zerodiagonal"), {"Y": (4, 2), "P": (4, 4)}),
)  # fmt: skip
LONG_CASES = (
    Case("sum of 10,000 terms", " + ".join(f"sin({n}*x)" for n in range(1, LONG + 1)), "x", ("x:",)),
    Case("chain 10,000 deep", "sin(" * LONG + "x" + ")" * LONG, "x", ("x:",)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=9)
    repetitions = parser.parse_args().repetitions
    rivals = {name: cases for name, cases in RIVALS.items() if importlib.util.find_spec(name)}
    print("| case | gradproof, derivative alone | and written | " + " | ".join(rivals) + " |")
    print("|---|---:|---:|" + "---:|" * len(rivals))
    for case in CASES:
        cells = [f"{1000 * median(action, repetitions):.1f} ms" for action in ours(case)]
        cells += [theirs(case, cases.get(case.name), repetitions) for cases in rivals.values()]
        print(f"| {case.name} | " + " | ".join(cells) + " |", flush=True)
    for case in LONG_CASES:
        alone = median(lambda case=case: derive(case.text, case.wrt, assume=case.assume), 1)
        cells = [theirs(case, cases.get(case.name), 1) for cases in rivals.values()]
        print(f"| {case.name} | {1000 * alone:.0f} ms | | " + " | ".join(cells) + " |", flush=True)
    print(f"\n`gradproof derive` as a process: {process(repetitions):.2f} s (median of {repetitions})")


def ours(case: Case) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return the derivation alone, and with its writing."""

    def alone() -> Any:
        return derive(case.text, case.wrt, case.order, assume=case.assume)

    return alone, lambda: alone().to_text()


def theirs(case: Case, make: Callable[..., Any] | None, repetitions: int) -> str:
    """Return a rival's time, once its numbers are ours."""
    if make is None:
        return "not compared"
    try:
        result = make(case.shapes)
        if case.shapes:
            check(case, result)
        return f"{1000 * median(lambda: make(case.shapes), repetitions):.1f} ms"
    except RecursionError:
        return "recursion error"


def check(case: Case, result: Callable[..., Any]) -> None:
    """Compare a rival's numbers with ours."""
    values = case.values()
    namespace: dict[str, Any] = {}
    exec(derive(case.text, case.wrt, case.order, assume=case.assume).to_code("numpy"), namespace)
    with np.errstate(all="ignore"):
        wanted = namespace["derivative"](**values)
        if case.name.startswith("t-SNE"):
            values["P"] = (values["P"] + values["P"].T) * (1 - np.eye(4))
            wanted = namespace["derivative"](**values)
    difference = np.max(np.abs(np.asarray(result(**values), dtype=float).reshape(np.shape(wanted)) - wanted))
    assert difference < TOLERANCE, f"{case.name}: off by {difference}"


def median(action: Callable[[], Any], repetitions: int) -> float:
    """Return the median seconds of an action."""
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def process(repetitions: int) -> float:
    """Return the median seconds of the whole command, as installed: with Python's byte code kept from the first run."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [shutil.which("gradproof") or sys.executable, *([] if shutil.which("gradproof") else ["-m", "gradproof"])]
    command += ["derive", "norm2(A*x - b)^2", "--wrt", "x", "--assume", "A: m,n"]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return median(lambda: subprocess.run(command, check=True, capture_output=True, env=environment), repetitions)


if __name__ == "__main__":
    main()

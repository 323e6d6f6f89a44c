"""Measures the top-k error against scikit-learn, NumPy's argpartition and (where installed) torch.topk, on one thread.

Run:  python benchmarks/topk.py [--samples 100000] [--classes 1000] [--k 5]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np

from gradproof.metrics import top_k_error


def main(given: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--k", type=int, default=5)
    arguments = parser.parse_args(given)
    random = np.random.default_rng(0)
    scores = random.standard_normal((arguments.samples, arguments.classes), dtype=np.float32)
    labels = random.integers(0, arguments.classes, arguments.samples)
    top_k_error(scores[:100], labels[:100], arguments.k)  # compiles
    ours, error = median_time(lambda: top_k_error(scores, labels, arguments.k), 7)
    print(f"{arguments.samples} x {arguments.classes} float32, top-{arguments.k} error {error:.6f}")
    print(f"{'gradproof':24s} {1000 * ours:9.1f} ms")
    for name, rival in rivals(scores, labels, arguments.k).items():
        seconds, found = median_time(rival, 3)
        assert abs(found - error) < 1e-9, f"{name} found {found}"
        print(f"{name:24s} {1000 * seconds:9.1f} ms   {seconds / ours:6.1f} times ours")


def median_time(action: Callable[[], float], repetitions: int) -> tuple[float, float]:
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        value = action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), value


def rivals(scores: np.ndarray, labels: np.ndarray, k: int) -> dict[str, Callable[[], float]]:
    found: dict[str, Callable[[], float]] = {
        "numpy argpartition": lambda: float((np.argpartition(scores, -k, axis=1)[:, -k:] != labels[:, None]).all(axis=1).mean()),
    }
    if importlib.util.find_spec("sklearn"):
        from sklearn.metrics import top_k_accuracy_score

        classes = np.arange(scores.shape[1])
        found["scikit-learn"] = lambda: 1 - top_k_accuracy_score(labels, scores, k=k, labels=classes)
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        table, truth = torch.from_numpy(scores), torch.from_numpy(labels)[:, None]
        found["torch.topk"] = lambda: float((table.topk(k).indices != truth).all(dim=1).double().mean())
    return found


if __name__ == "__main__":
    main()

"""Measures t-SNE against openTSNE, scikit-learn and scikit-learn-intelex, those that are installed.

All have one start, equal perplexity and equal iterations. Run:

    uv run --with opentsne --with pynndescent --with scikit-learn-intelex python benchmarks/tsne.py DATA [--points 10000 70000] [--threads 2]

DATA is .npz with an array X, or .npy: a row for each point. It is scaled to at most 1 and reduced to 50 principal components. Every
method runs in a process of its own, after a small run that compiles what is to be compiled. KL is that of the map with exact neighbours
and an exact normalizer for every method; 'kept' is the share of the 10 nearest neighbours that are so on the map.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PERPLEXITY, EARLY, LATE = 30, 250, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="the table; without it only --synthetic runs")
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 70_000])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rivals", choices=["quick", "all", "none"], default="quick", help="'all' with scikit-learn at every size")
    parser.add_argument(
        "--synthetic", type=int, nargs="*", default=[], metavar="N", help="also so many points of a mixture, ours alone"
    )
    parser.add_argument("--child", nargs=3, metavar=("METHOD", "FOLDER", "THREADS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_child(arguments.child[0], Path(arguments.child[1]), int(arguments.child[2]))
        return
    for points in arguments.points if arguments.data else []:
        compare(reduce(load(arguments.data), points), arguments.threads, methods(points, arguments.rivals))
    for points in arguments.synthetic:
        compare(mixture(points), arguments.threads, ["gradproof"], is_scored=False)


def load(path: str) -> np.ndarray:
    found = np.load(path)
    table = found["X"] if hasattr(found, "files") else found
    return table.reshape(len(table), -1)


def reduce(table: np.ndarray, points: int) -> np.ndarray:
    """Return the first 50 principal components of a random choice of rows; a choice of all is a shuffle."""
    rows = np.random.default_rng(0).permutation(len(table))[:points]
    x = table[rows].astype(np.float32)
    x /= np.abs(x).max()
    x -= x.mean(axis=0)
    if x.shape[1] > 50:
        axes = np.linalg.eigh((x.T @ x).astype(np.float64))[1][:, ::-1][:, :50]
        x = x @ axes.astype(np.float32)
    return np.ascontiguousarray(x)


def mixture(points: int, classes: int = 100, features: int = 50) -> np.ndarray:
    random = np.random.default_rng(0)
    centers = 3 * random.standard_normal((classes, features), dtype=np.float32)
    spreads = random.standard_normal((classes, 10, features), dtype=np.float32)
    x = np.empty((points, features), dtype=np.float32)
    codes = random.integers(0, classes, points)
    for code in range(classes):
        rows = np.flatnonzero(codes == code)
        x[rows] = centers[code] + random.standard_normal((rows.size, 10), dtype=np.float32) @ spreads[code]
        x[rows] += 0.3 * random.standard_normal((rows.size, features), dtype=np.float32)
    return x


def methods(points: int, rivals: str) -> list[str]:
    found = ["gradproof"]
    if rivals != "none" and importlib.util.find_spec("openTSNE"):
        found += ["openTSNE fft", *(["openTSNE bh"] if points <= 10_000 else [])]
    if rivals == "all" or (rivals == "quick" and points <= 10_000):
        found += ["scikit-learn", *(["intelex"] if importlib.util.find_spec("sklearnex") else [])]
    return found


def compare(x: np.ndarray, threads: int, names: list[str], is_scored: bool = True) -> None:
    print(f"\n{len(x)} points x {x.shape[1]}, perplexity {PERPLEXITY}, {EARLY} + {LATE} iterations, {threads} threads")
    print(
        f"{'':16s}{'optimize s':>11s}{'end to end s':>13s}{'peak MB':>9s}{'KL':>9s}{'kept':>7s}{'trust':>8s}{'first call s':>13s}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "x.npy", x)
        start = (x[:, :2] - x[:, :2].mean(axis=0)) / x[:, 0].std() * 1e-4
        np.save(Path(folder) / "start.npy", start.astype(np.float64))
        judge = Judge(x, threads) if is_scored else None
        for name in names:
            facts = measure(name, folder, threads)
            scores = judge.score(np.load(Path(folder) / "map.npy")) if judge else (facts["kl"], np.nan, np.nan)
            print(
                f"{name:16s}{facts['optimize']:11.1f}{facts['total']:13.1f}{facts['peak']:9.0f}"
                f"{scores[0]:9.4f}{scores[1]:7.3f}{scores[2]:8.4f}{facts['first']:13.1f}", flush=True,
            )  # fmt: skip


def measure(name: str, folder: str, threads: int) -> dict[str, float]:
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, str(threads))}
    command = [sys.executable, __file__, "--child", name, folder, str(threads)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{name} failed:\n{finished.stderr[-2000:]}")
    facts: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return facts


def run_child(name: str, folder: Path, threads: int) -> None:
    x, start = np.load(folder / "x.npy"), np.load(folder / "start.npy")
    run: Callable[..., tuple[Any, float, float]]
    run = {"gradproof": run_ours, "scikit-learn": run_scikit_learn, "intelex": run_scikit_learn}.get(name, run_open_tsne)
    few = np.random.default_rng(1).choice(len(x), min(4000, len(x)), replace=False)
    begin = time.perf_counter()
    run(name, x[few], start[few], threads, 20, 20)
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    embedding, optimize, divergence = run(name, x, start, threads, EARLY, LATE)
    total = time.perf_counter() - begin
    np.save(folder / "map.npy", np.asarray(embedding))
    print(json.dumps({"optimize": optimize, "total": total, "peak": peak(), "kl": divergence, "first": first}))


def peak() -> float:
    """Return the most memory that this process had at once, in MB.

    Linux counts the parent's memory in a child's ``ru_maxrss``, for it carries that over when the child starts its own program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_ours(name: str, x: np.ndarray, start: np.ndarray, threads: int, early: int, late: int) -> tuple[Any, float, float]:
    from gradproof.tsne import estimator

    seconds: list[float] = []
    optimize = estimator.optimize

    def timed(*arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        outcome = optimize(*arguments, **options)
        seconds.append(time.perf_counter() - begin)
        return outcome

    estimator.optimize = timed
    is_small = early < EARLY
    model = estimator.TSNE(
        perplexity=PERPLEXITY, init=start, early_exaggeration_iter=early, max_iter=early + late, n_jobs=threads, random_state=0,
        method="mesh" if is_small else "auto", search="approximate" if is_small else "auto",
    ).fit(x)  # fmt: skip
    estimator.optimize = optimize
    return model.embedding_, seconds[0], model.kl_divergence_


def run_open_tsne(name: str, x: np.ndarray, start: np.ndarray, threads: int, early: int, late: int) -> tuple[Any, float, float]:
    import openTSNE

    neighbors = "pynndescent" if importlib.util.find_spec("pynndescent") else "annoy"
    affinities = openTSNE.affinity.PerplexityBasedNN(x, perplexity=PERPLEXITY, method=neighbors, n_jobs=threads, random_state=0)
    begin = time.perf_counter()
    embedding = openTSNE.TSNEEmbedding(start, affinities, negative_gradient_method=name.split()[1], n_jobs=threads, random_state=0)
    embedding = embedding.optimize(early, exaggeration=12, momentum=0.8).optimize(late, exaggeration=1, momentum=0.8)
    return embedding, time.perf_counter() - begin, float(embedding.kl_divergence)


def run_scikit_learn(name: str, x: np.ndarray, start: np.ndarray, threads: int, early: int, late: int) -> tuple[Any, float, float]:
    # scikit-learn-intelex has the same estimator with kernels of its own.
    TSNE = importlib.import_module("sklearnex.manifold" if name == "intelex" else "sklearn.manifold").TSNE
    # Its early phase is always 250 iterations, and it takes at least as many in all.
    model = TSNE(
        perplexity=PERPLEXITY, init=start.astype(np.float32), max_iter=max(250, early + late), n_jobs=threads, random_state=0
    )
    if early < EARLY:
        x, start = x[:500], start[:500]
        model.set_params(init=start.astype(np.float32))
    embedding = model.fit_transform(x)
    return embedding, np.nan, float(model.kl_divergence_)


class Judge:
    """Scores maps of the same points: KL with exact neighbours, neighbours kept, trustworthiness."""

    def __init__(self, x: np.ndarray, threads: int) -> None:
        from gradproof.tsne.affinities import symmetric_affinities
        from gradproof.tsne.neighbors import NeighborIndex
        from gradproof.tsne.threads import Team

        self.x, self.threads = x, threads
        with Team(threads) as team:
            found = NeighborIndex(x, 1, team, 0).nearest(3 * PERPLEXITY, 1)
            self.near = found.indices[:, :10].copy()
            self.affinities = symmetric_affinities(found, [PERPLEXITY], team)

    def score(self, embedding: np.ndarray) -> tuple[float, float, float]:
        from gradproof.tsne.neighbors import NeighborIndex
        from gradproof.tsne.objective import Objective
        from gradproof.tsne.repulsion import ExactRepulsion
        from gradproof.tsne.threads import Team

        points = np.ascontiguousarray(embedding, dtype=np.float32)
        with Team(self.threads) as team:
            exact = ExactRepulsion(1.0, team)
            divergence = Objective(self.affinities, exact, team).divergence(points, exact.repulsion(points, np.empty_like(points)))
            there = NeighborIndex(points, 1, team, 0).nearest(10, 1).indices
        kept = float(np.mean([np.isin(a, b).mean() for a, b in zip(self.near, there, strict=True)]))
        return divergence, kept, self.trustworthiness(there)

    def trustworthiness(self, there: np.ndarray, size: int = 1000, k: int = 10) -> float:
        """Return 1 less the excess of the ranks, in the data, of neighbours on the map, over a sample of points."""
        rows = np.random.default_rng(0).choice(len(self.x), min(size, len(self.x)), replace=False)
        squares, excess = (self.x**2).sum(axis=1), 0.0
        for row in rows:
            far = squares - 2 * self.x @ self.x[row]
            ranks = np.array([np.count_nonzero(far < far[other]) for other in there[row]])
            excess += np.maximum(ranks - k, 0).sum()
        n = len(self.x)
        return 1 - 2 * excess / (len(rows) * k * (2 * n - 3 * k - 1))


if __name__ == "__main__":
    main()

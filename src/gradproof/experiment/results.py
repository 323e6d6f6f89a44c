"""What a run leaves behind: its arrays, its program, its page, and its figures in lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gradproof.errors import ReadError
from gradproof.experiment.outcome import Outcome
from gradproof.experiment.page import page

PAGE = "index.html"


def write_results(outcome: Outcome, folder: str | Path, command: str) -> Path:
    """Write a run's arrays, formula, program and page into a folder, and return the page; ``command`` is what makes it again.

    Raises: ReadError: a file cannot be written. UnsupportedError: matplotlib is not installed.
    """
    place = Path(folder)
    try:
        np.save(place / "scores.npy", outcome.scores)
        np.save(place / "labels.npy", outcome.split.held_out.labels)
        np.savez(place / "weights.npz", allow_pickle=False, **outcome.state.weights)
        if outcome.features is not None:
            np.save(place / "features.npy", outcome.features)
        if outcome.map is not None:
            np.save(place / "map.npy", outcome.map.points)
            np.save(place / "components.npy", outcome.map.inputs)
        (place / "network.txt").write_text(formula_line(outcome) + "\n", encoding="utf-8")
        outcome.network.training.save(place / "network.py")
        (place / PAGE).write_text(page(outcome, command), encoding="utf-8")
    except OSError as trouble:
        raise ReadError(
            f"the results cannot be written: {trouble.strerror}", where=str(place), remedy="Name another folder."
        ) from None
    return place / PAGE


def formula_line(outcome: Outcome) -> str:
    """Return the network's formula on one line."""
    return " ".join(outcome.plan.network.formula.split())


def summary(outcome: Outcome) -> list[str]:
    """Return the figures of a run, one a line."""
    lines = [
        f"top-{score.k} error {100 * score.optimistic:.2f}%{_ties(score.optimistic, score.pessimistic)}" for score in outcome.top_k
    ]
    epochs = len(outcome.state.history)
    lines.append(f"training: {epochs} epoch{'s' if epochs > 1 else ''} in {outcome.training_seconds:.1f} s")
    lines.append(f"gradient check: {outcome.gradient_error:.1e} from central differences")
    if outcome.pruned:
        pruned = outcome.pruned
        counts = ", ".join(f"{name} {before} -> {after}" for name, (before, after) in pruned.kernels.items())
        change = 100 * (pruned.errors[1] - pruned.errors[0])
        ratio = pruned.seconds[1] / pruned.seconds[0]
        lines.append(f"pruned: {counts}; top-1 error {change:+.2f} points, forward time x {ratio:.2f}")
    if outcome.map is not None:
        lines.append(f"map: KL divergence {outcome.map.divergence:.4f} in {outcome.map.seconds:.1f} s")
    return lines


def _ties(optimistic: float, pessimistic: float) -> str:
    return "" if optimistic == pessimistic else f" ({100 * pessimistic:.2f}% with every tie against it)"

"""``gradproof run``: a network from its formula to its map, as a file declares it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from gradproof.cli.output import write_file, write_standard_output
from gradproof.codegen.module import TARGETS
from gradproof.errors import GradproofError
from gradproof.experiment.fit import Epoch
from gradproof.experiment.page import page
from gradproof.experiment.pictures import require_pictures
from gradproof.experiment.plan import Plan, read_plan
from gradproof.experiment.run import CHECKPOINT, Outcome, run

_INTERRUPTED = 130


@click.command("run")
@click.argument("plan_file", metavar="PLAN.toml")
@click.option("--data", metavar="FILE.npz", help="Take these samples rather than those of the plan.")
@click.option("--target", type=click.Choice(TARGETS), help="The language of the program, rather than that of the plan.")
@click.option("--seed", type=click.IntRange(0), help="Another seed: other weights to begin with, other batches, another map.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of a run that was cut off.")
@click.option("-o", "--output", metavar="FOLDER", help="Where the page and all results go; by default beside the plan.")
def run_command(plan_file: str, data: str | None, target: str | None, seed: int | None, resume: bool, output: str | None) -> int:
    """Train a network that is written as one formula, prune it, score it, map what it learned, and write a page about it.

    Exit code: 0 if the run is finished; 130 if it was interrupted: --resume goes on.
    """
    require_pictures()
    where = Path(plan_file)
    plan, folder = _changed(read_plan(where), data, target, seed), Path(output) if output else where.with_suffix("")
    _make(folder)
    command = " ".join(["gradproof run", plan_file, *_options(data, target, seed)])
    start = Path.cwd() if data else where.parent
    try:
        with _Progress(plan) as report:
            outcome = run(plan, start, folder, resume=resume, report=report)
    except KeyboardInterrupt:
        is_kept = (folder / CHECKPOINT).exists()
        remedy = f"'{command} --resume' goes on from the last whole epoch." if is_kept else "Nothing was kept: no epoch was whole."
        click.echo(f"gradproof: interrupted. {remedy}", err=True)
        return _INTERRUPTED
    _write(outcome, folder, command)
    write_standard_output("\n".join(_summary(outcome, folder)) + "\n")
    return 0


def _changed(plan: Plan, data: str | None, target: str | None, seed: int | None) -> Plan:
    if data:
        plan = replace(plan, data=replace(plan.data, source=data))
    return replace(plan, target=target or plan.target, seed=plan.seed if seed is None else seed)


def _options(data: str | None, target: str | None, seed: int | None) -> list[str]:
    given = (("--data", data), ("--target", target), ("--seed", seed))
    return [f"{name} {value}" for name, value in given if value is not None]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise GradproofError(f"the folder cannot be made: {trouble.strerror}", where=str(folder), remedy="Name another.") from None


def _write(outcome: Outcome, folder: Path, command: str) -> None:
    np.save(folder / "scores.npy", outcome.scores)
    np.save(folder / "labels.npy", outcome.split.held_out.labels)
    np.savez(folder / "weights.npz", allow_pickle=False, **outcome.state.weights)
    if outcome.features is not None:
        np.save(folder / "features.npy", outcome.features)
    if outcome.map is not None:
        np.save(folder / "map.npy", outcome.map)
    write_file(str(folder / "network.txt"), " ".join(outcome.plan.network.formula.split()) + "\n")
    outcome.network.training.save(folder / "network.py")
    write_file(str(folder / "index.html"), page(outcome, command))


def _summary(outcome: Outcome, folder: Path) -> list[str]:
    lines = [
        f"top-{score.k} error {100 * score.optimistic:.2f}%{_ties(score.optimistic, score.pessimistic)}" for score in outcome.top_k
    ]
    lines.append(f"gradient check: {outcome.gradient_error:.1e} from central differences")
    if outcome.pruned:
        pruned = outcome.pruned
        counts = ", ".join(f"{name} {before} -> {after}" for name, (before, after) in pruned.kernels.items())
        change = 100 * (pruned.errors[1] - pruned.errors[0])
        lines.append(
            f"pruned: {counts}; top-1 error {change:+.2f} points, forward time x {pruned.seconds[1] / pruned.seconds[0]:.2f}"
        )
    if outcome.map_divergence is not None:
        lines.append(f"map: KL divergence {outcome.map_divergence:.4f} in {outcome.map_seconds:.1f} s")
    return [*lines, f"{outcome.seconds:.1f} s in all; the page is {folder / 'index.html'}"]


def _ties(optimistic: float, pessimistic: float) -> str:
    return "" if optimistic == pessimistic else f" ({100 * pessimistic:.2f}% with every tie against it)"


class _Progress:
    """A line for every epoch; on a terminal the current one stays in its place."""

    def __init__(self, plan: Plan) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._seconds: list[float] = []
        pruning = plan.pruning
        self._total = sum(phase.epochs for phase in plan.training) + (pruning.epochs + pruning.tuning_epochs if pruning else 0)
        self._done = 0

    def __enter__(self) -> _Progress:
        return self

    def __call__(self, epoch: Epoch, epochs: int) -> None:
        self._seconds.append(epoch.seconds)
        self._done += 1
        left = (self._total - self._done) * sum(self._seconds[-5:]) / len(self._seconds[-5:])
        text = (
            f"{epoch.phase:>10}  epoch {epoch.number:3d}/{epochs}  loss {epoch.loss:8.4f}  error {100 * epoch.error:6.2f}%"
            f"  {epoch.seconds:6.2f} s  about {left:.0f} s left"
        )
        is_last = epoch.number == epochs
        click.echo(f"\r{text}\033[K" if self._is_terminal else text, err=True, nl=is_last or not self._is_terminal)

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            click.echo("\r\033[K", nl=False, err=True)

"""``gradproof run``: a network from its formula to its map, as a file declares it."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace
from pathlib import Path

import click

from gradproof.cli.output import write_standard_output
from gradproof.codegen.module import TARGETS
from gradproof.errors import GradproofError
from gradproof.experiment import Plan, Progress, keep_freed_memory, read_plan, run, summary, write_results
from gradproof.experiment.outcome import CHECKPOINT
from gradproof.experiment.pictures import require_pictures

_INTERRUPTED = 130


@click.command("run")
@click.argument("plan_file", metavar="PLAN.toml")
@click.option("--data", metavar="FILE", help="Take the samples of this .npz or .csv file rather than those of the plan.")
@click.option("--target", type=click.Choice(TARGETS), help="The language of the program, rather than that of the plan.")
@click.option(
    "--seed", type=click.IntRange(0), help="Another seed: other weights to begin with, other batches, other samples held out."
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of a run that was cut off.")
@click.option("-o", "--output", metavar="FOLDER", help="Where the page and all results go; by default beside the plan.")
def run_command(plan_file: str, data: str | None, target: str | None, seed: int | None, resume: bool, output: str | None) -> int:
    """Train a network that is written as one formula, prune it, score it, map what it learned, and write a page about it.

    Exit code: 0 if the run is finished; 130 if it was interrupted: --resume goes on.
    """
    began = time.perf_counter()
    require_pictures()
    keep_freed_memory()
    where = Path(plan_file)
    plan, folder = _changed(read_plan(where), data, target, seed), Path(output) if output else where.with_suffix("")
    _make(folder)
    command = shlex.join(["gradproof", "run", plan_file, *_options(data, target, seed, output)])
    try:
        outcome = run(plan, folder, data_folder=Path() if data else where.parent, resume=resume, watch=Progress(plan))
        page = write_results(outcome, folder, command)
    except KeyboardInterrupt:
        is_kept = (folder / CHECKPOINT).exists()
        remedy = f"'{command} --resume' goes on from the last whole epoch." if is_kept else "Nothing was kept: no epoch was whole."
        click.echo(f"\ngradproof: interrupted. {remedy}", err=True)
        return _INTERRUPTED
    lines = [*summary(outcome), f"{time.perf_counter() - began:.1f} s in all; the page is {page}"]
    write_standard_output("\n".join(lines) + "\n")
    return 0


def _changed(plan: Plan, data: str | None, target: str | None, seed: int | None) -> Plan:
    if data:
        plan = replace(plan, data=replace(plan.data, source=data))
    return replace(plan, target=target or plan.target, seed=plan.seed if seed is None else seed)


def _options(data: str | None, target: str | None, seed: int | None, output: str | None) -> list[str]:
    given = (("--data", data), ("--target", target), ("--seed", seed), ("-o", output))
    return [word for name, value in given if value is not None for word in (name, str(value))]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as trouble:
        raise GradproofError(f"the folder cannot be made: {trouble.strerror}", where=str(folder), remedy="Name another.") from None

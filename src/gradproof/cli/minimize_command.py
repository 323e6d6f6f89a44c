"""``gradproof minimize``: the values of variables that make a formula least, with a certificate."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
import numpy as np

from gradproof.cli.array_output import check_array_destination, write_arrays
from gradproof.cli.data_files import read_data, read_path
from gradproof.cli.formula_input import FormulaCommand, formula_text
from gradproof.cli.output import check_destination, write_standard_output
from gradproof.errors import GradproofError
from gradproof.objective.minimization import Minimization, minimization_stopping
from gradproof.objective.outcome import Minimum
from gradproof.objective.solving import NAMED
from gradproof.solvers.plot import draw_history

_MOST_SHOWN = 12
_FELL_SHORT = 1
_INTERRUPTED = 130


@click.command("minimize", cls=FormulaCommand, context_settings={"ignore_unknown_options": True})
@click.argument("expression", metavar="FORMULA|@FILE|-")
@click.option("--over", required=True, metavar="VARS", help="The variables: x, or W,b.")
@click.option("--subject-to", "conditions", multiple=True, metavar="COND", help="A constraint: 'x >= 0', 'A*x = b'. Repeatable.")
@click.option(
    "--data", multiple=True, metavar="NAME=FILE", help="A file (.npy, .npz, .csv, .txt, .mtx, .parquet), or a number. Repeatable."
)
@click.option("--assume", multiple=True, metavar="DECL", help="A declaration for what no data tells: 'x: 5'. Repeatable.")
@click.option("--start", multiple=True, metavar="NAME=FILE", help="Where to begin; zero by default. Repeatable.")
@click.option("--tol", type=float, default=1e-6, show_default=True, metavar="T", help="What the certificate has to reach.")
@click.option("--max-seconds", type=float, metavar="S", help="Stop after so many seconds, with the best point so far.")
@click.option(
    "--max-iterations", type=click.IntRange(1), default=100_000, show_default=True, metavar="N", help="Stop after so many."
)
@click.option("--solver", type=click.Choice(NAMED), help="Take this solver rather than the one that fits.")
@click.option("--path", "path", metavar="NAME=VALUES", help="Solve for each value: 'lam=logspace(0,-3,50)'.")
@click.option("--explain", is_flag=True, help="Say how the formula was split, and which solver was taken and why.")
@click.option("--plot", metavar="FILE.svg", type=click.Path(), help="Write a picture of objective and certificate by iteration.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(),
    help="Write the minimizer (.npy, .npz, .csv, .tsv, .txt, .parquet); several to .npz.",
)
def minimize_command(
    expression: str,
    over: str,
    conditions: tuple[str, ...],
    data: tuple[str, ...],
    assume: tuple[str, ...],
    start: tuple[str, ...],
    tol: float,
    max_seconds: float | None,
    max_iterations: int,
    solver: str | None,
    path: str | None,
    explain: bool,
    plot: str | None,
    output: str | None,
) -> int:
    """Find the values of variables that make a formula least, under constraints, and prove how good they are.

    The gradient is derived; terms with a kink go to their proximal operators; the solver is chosen by structure and size.

    Exit code: 0 if the certificate is within the tolerance; 1 if it is not, with advice; 130 if it was interrupted.
    """
    if output:
        check_array_destination(output, len(over.split(",")))
    for file in (output, plot):
        if file:
            check_destination(file, [text.partition("=")[2] for text in (*data, *start)])
    values, wanted = read_data(data), read_path(path) if path else None
    if wanted is not None:
        values.setdefault(wanted[0], np.float64(wanted[1][0]))
    problem = Minimization(formula_text(expression), over, conditions, values, assume=assume, start=read_data(start), solver=solver)
    with _Progress(tol) as report:
        stopping = minimization_stopping(tol, np.inf if max_seconds is None else max_seconds, max_iterations, report)
        found, trouble = ([problem.solve(stopping)], None) if wanted is None else _along(problem.path(*wanted, stopping))
    _write(found, wanted, output, plot)
    lines = [*found[-1].explanation, ""] if explain else []
    lines += [str(found[0])] if wanted is None else _table(wanted[0], wanted[1], found)
    lines += _shown(found[-1], output) if wanted is None else []
    lines += [f"unbounded along: {found[-1].describe_direction()}"] if found[-1].reason == "unbounded" and not explain else []
    lines += [f"falls for ever along: {found[-1].describe_direction()}"] if found[-1].reason == "unattained" else []
    lines += [line for line in found[-1].explanation if line.startswith("infeasible:") and not explain]
    write_standard_output("\n".join(lines) + "\n")
    if isinstance(trouble, GradproofError):
        raise trouble
    if trouble is not None or found[-1].reason == "interrupted":
        return _INTERRUPTED
    return 0 if all(one.is_converged for one in found) else _FELL_SHORT


def _along(path: Iterator[Minimum]) -> tuple[list[Minimum], BaseException | None]:
    """Return what a path gave, and what ended it before its end: what was found until then is not lost."""
    found: list[Minimum] = []
    try:
        for one in path:
            found.append(one)
    except (GradproofError, KeyboardInterrupt) as trouble:
        if not found:
            raise
        return found, trouble
    return found, None


def _write(found: Sequence[Minimum], wanted: Any, output: str | None, plot: str | None) -> None:
    if output:
        names = list(found[0].values)
        arrays = {name: np.stack([one.values[name] for one in found]) if wanted else found[0].values[name] for name in names}
        if wanted is not None and output.lower().endswith(".npz"):
            arrays[wanted[0]] = wanted[1][: len(found)]
        write_arrays(output, arrays)
    if plot:
        last = found[-1].result
        draw_history({last.solver: last.history}, last.certificate.kind, last.certificate.tolerance, plot)


def _table(name: str, values: Any, found: Sequence[Minimum]) -> list[str]:
    lines = [f"{name:>12} {'objective':>14} {'certificate':>12} {'nonzeros':>9}  {found[0].certificate.kind}"]
    for value, one in zip(values, found, strict=False):
        nonzeros = sum(int(np.count_nonzero(entries)) for entries in one.values.values())
        row = f"{value:12.6g} {one.objective:14.9g} {one.certificate.value:12.3g} {nonzeros:9d}"
        lines.append(row if one.is_converged else f"{row}  {one.reason}")
    return lines


def _shown(found: Minimum, output: str | None) -> list[str]:
    if output or found.reason == "infeasible":
        return []
    lines = []
    for name, value in found.values.items():
        entries = np.asarray(value)
        if entries.size <= _MOST_SHOWN:
            with np.printoptions(precision=6, suppress=True):
                lines.append(f"{name} = {np.array2string(entries, separator=', ')}".replace("\n", " "))
        else:
            used = int(np.count_nonzero(entries))
            shape = " x ".join(map(str, entries.shape))
            lines.append(f"{name}: {shape}, {used} of {entries.size} entries other than zero (write it with -o)")
    return lines


class _Progress:
    """Iteration, objective and certificate on one line of a terminal."""

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._is_wanted = sys.stderr.isatty()
        self._has_shown = False

    def __enter__(self) -> _Progress:
        return self

    def __call__(self, iteration: int, objective: float, certificate: float) -> None:
        if self._is_wanted:
            self._has_shown = True
            click.echo(
                f"\r{iteration:8d}  objective {objective:.9g}  certificate {certificate:.2e} of {self._tolerance:.0e}\033[K",
                nl=False,
                err=True,
            )

    def __exit__(self, *_: object) -> None:
        if self._has_shown:
            click.echo("\r\033[K", nl=False, err=True)

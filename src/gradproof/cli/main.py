"""The command line: arguments, exit codes, where output goes."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradproof import __version__
from gradproof.checker.check import check_paths
from gradproof.checker.codes import CODES
from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import Report, Verdict
from gradproof.cli.paths import expand_paths
from gradproof.errors import GradproofError
from gradproof.report.github import to_github
from gradproof.report.html_report import to_html
from gradproof.report.json_report import to_json
from gradproof.report.selection import parse_codes, selected
from gradproof.report.terminal import print_report

#: Seconds before a progress bar appears.
_PATIENCE = 1.0
#: Codes of undecided equations that ``--strict`` does not mind: they are no claims.
_NO_CLAIM = frozenset({"U105"})


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradproof")
def cli() -> None:
    """Gradproof proofreads gradients, and proves them."""


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...|-")
@click.option("--output-format", type=click.Choice(["text", "json", "html", "github"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file instead of standard output.")
@click.option("--assume", multiple=True, metavar="DECL", help="Add what the text leaves out: 'W: k,d', 'x > 0' (repeatable).")
@click.option("--strict", is_flag=True, help="Also fail on undecided claims and unanswered parts.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also when equations are wrong.")
@click.option("--select", multiple=True, metavar="CODES", help="Report only these codes or families (R101, R).")
@click.option("--ignore", multiple=True, metavar="CODES", help="Leave these codes or families out.")
@click.option("--timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="Time for one equation.")
@click.option("--jobs", type=int, default=1, show_default=True, metavar="N", help="Worker processes.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the random instances.")
@click.option("--quiet", is_flag=True, help="Print faults and the last line alone.")
@click.option("--no-color", is_flag=True, help="Print without colour.")
@click.option("--statistics", is_flag=True, help="Count the codes.")
def check(
    paths: tuple[str, ...],
    output_format: str,
    output: str | None,
    assume: tuple[str, ...],
    strict: bool,
    exit_zero: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    timeout: float,
    jobs: int,
    seed: int,
    quiet: bool,
    no_color: bool,
    statistics: bool,
) -> None:
    """Check every equation of documents (.md, .txt, .tex, .ipynb; folders; - for standard input)."""
    options = CheckOptions(assume=assume, timeout=timeout, jobs=jobs, seed=seed)
    wanted, unwanted = parse_codes(select, "--select"), parse_codes(ignore, "--ignore")
    documents, notes = expand_paths(paths)
    for note in notes:
        click.echo(note, err=True)
    if output is not None and not Path(output).resolve().parent.is_dir():
        raise GradproofError("the folder of the output does not exist", where=output, remedy="Make it first.")
    stdin = _standard_input() if "-" in documents else None
    report = selected(_run(documents, options, stdin), wanted, unwanted)
    for file in report.files:
        if file.error:
            click.echo(file.error, err=True)
    _write(report, output_format, output, quiet=quiet, color=not no_color, statistics=statistics)
    sys.exit(exit_code(report, strict=strict, exit_zero=exit_zero))


@cli.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Say what a code means, with an example and what to do (all codes without CODE)."""
    if code is None:
        for entry in CODES.values():
            click.echo(f"{entry.code}  {entry.title}")
        return
    (found,) = parse_codes([code], "explain") or ("",)
    if found not in CODES:
        for entry in CODES.values():
            if entry.code.startswith(found):
                click.echo(f"{entry.code}  {entry.title}")
        return
    entry = CODES[found]
    click.echo(f"{entry.code}: {entry.title}\n\n{entry.meaning}\n\nExample: {entry.example}\n\n{entry.remedy}")


def exit_code(report: Report, *, strict: bool, exit_zero: bool) -> int:
    """Return 0, 1 (something is wrong) or 2 (a document could not be read); 2 outranks 1."""
    if any(file.error for file in report.files):
        return 2
    equations = [equation for file in report.files for equation in file.equations if not equation.suppressed]
    wrong = any(equation.verdict.is_fault for equation in equations)
    if strict:
        wrong = wrong or any(equation.verdict is Verdict.UNCHECKED and equation.code not in _NO_CLAIM for equation in equations)
        wrong = wrong or any(file.unanswered for file in report.files)
    return 1 if wrong and not exit_zero else 0


def _standard_input() -> str:
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise GradproofError("text in UTF-8 was expected", got="other bytes", where="-", remedy="Convert it.") from None


def _run(documents: list[str], options: CheckOptions, stdin: str | None) -> Report:
    if not sys.stderr.isatty():
        return check_paths(documents, options, None, stdin)
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=False) as progress:
        return check_paths(documents, options, _progress_callback(progress), stdin)


def _progress_callback(progress: Progress) -> Callable[[int, int], None]:
    start = time.monotonic()
    task = progress.add_task("checking", total=None, visible=False)

    def advance(done: int, total: int) -> None:
        if time.monotonic() - start > _PATIENCE:
            progress.update(task, completed=done, total=total or None, visible=True)

    return advance


def _write(report: Report, output_format: str, output: str | None, *, quiet: bool, color: bool, statistics: bool) -> None:
    if output_format == "text":
        _write_text(report, output, quiet=quiet, color=color, statistics=statistics)
        return
    text = {"json": to_json, "html": to_html, "github": to_github}[output_format](report)
    if output is None:
        sys.stdout.write(text)
    else:
        _write_file(output, text)


def _write_text(report: Report, output: str | None, *, quiet: bool, color: bool, statistics: bool) -> None:
    if output is None:
        console = Console(no_color=not color, highlight=False, markup=False, emoji=False)
        print_report(report, console, quiet=quiet, statistics=statistics)
        return
    with tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8") as buffer:
        console = Console(file=buffer, no_color=True, highlight=False, markup=False, emoji=False, width=120)
        print_report(report, console, quiet=quiet, statistics=statistics)
        buffer.seek(0)
        _write_file(output, buffer.read())


def _write_file(output: str, text: str) -> None:
    """Write a file whole or not at all."""
    folder = Path(output).resolve().parent
    handle, name = tempfile.mkstemp(dir=folder, prefix=".gradproof-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, output)
    except OSError as trouble:
        Path(name).unlink(missing_ok=True)
        raise GradproofError(f"the output cannot be written: {trouble.strerror}", where=output) from None


def main() -> NoReturn:
    """Run the command line; a failure is one clear line and exit code 2."""
    try:
        cli(standalone_mode=False)
        sys.exit(0)
    except click.ClickException as trouble:
        trouble.show()
        sys.exit(2)
    except GradproofError as trouble:
        click.echo(f"gradproof: {trouble.message()}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("gradproof: interrupted.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as trouble:
        if os.environ.get("GRADPROOF_DEBUG"):
            raise
        click.echo(f"gradproof: internal error: {type(trouble).__name__}: {trouble}. Please report it.", err=True)
        sys.exit(2)

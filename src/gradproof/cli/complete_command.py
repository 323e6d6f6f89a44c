"""``gradproof complete``: a sheet in, the same sheet with its open places answered out."""

from __future__ import annotations

import sys

import click

from gradproof.checker.options import CheckOptions
from gradproof.cli.output import allows_color, check_destination, write_file, write_standard_output
from gradproof.cli.progress import ProgressBar
from gradproof.completion.completion import Completion, complete_document
from gradproof.errors import GradproofError
from gradproof.printer.safe_text import neutralize, one_line
from gradproof.report.outcome import reported

_COLORS = {"+": "green", "-": "red", "@": "cyan"}


@click.command("complete")
@click.argument("sheet", metavar="SHEET|-", type=click.Path(allow_dash=True))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(), help="Write the completed sheet to FILE; default: standard output."
)
@click.option("--in-place", is_flag=True, help="Write the completed sheet over SHEET.")
@click.option("--dry-run", "--diff", "dry_run", is_flag=True, help="Write nothing; show what would change.")
@click.option("--steps", is_flag=True, help="Put the steps below every derivative that is filled in.")
@click.option("--correct", is_flag=True, help="Replace right sides that are refuted by the right ones, and mark what was changed.")
@click.option("--assume", multiple=True, metavar="DECL", help="Add what the text leaves out, such as 'W: k,d'. Repeatable.")
@click.option("--timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="Bound for one equation.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the random instances.")
@click.option("--quiet", "-q", is_flag=True, help="Show only what was left open.")
def complete_command(
    sheet: str,
    output: str | None,
    in_place: bool,
    dry_run: bool,
    steps: bool,
    correct: bool,
    assume: tuple[str, ...],
    timeout: float,
    seed: int,
    quiet: bool,
) -> int:
    """Answer every '= ?' of a sheet: a value, a derivative, an update, a proximal point.

    SHEET is a Markdown file (.md, .txt), a LaTeX file (.tex), a notebook (.ipynb), a web page (.html) with the source of its formulas, or
    '-' for Markdown on standard input. Every other byte stays as it is, and every answer is verified by the checker where it stands
    before it is written.

    Exit code: 0 if everything was filled in; 1 if something was left open; 2 if the sheet cannot be read.
    """
    target = _target(sheet, output, in_place)
    options = CheckOptions(assume=assume, timeout=timeout, seed=seed)
    text = _standard_input() if sheet == "-" else None
    with ProgressBar(is_wanted=not quiet, doing=("answering", "open places")) as report:
        completion = complete_document(sheet, text, options, wants_steps=steps, wants_corrections=correct, on_progress=report)
    if dry_run:
        _show_diff(completion)
    elif target is None:
        write_standard_output(completion.text)
    else:
        write_file(target, completion.text, newline="")
    _tell(completion, None if dry_run else target, quiet)
    return 0 if completion.is_whole else 1


def _target(sheet: str, output: str | None, in_place: bool) -> str | None:
    """Return the file to write, None for standard output.

    Raises: GradproofError: two targets are named, or the target is the sheet and that was not asked for.
    """
    if in_place:
        if output is not None or sheet == "-":
            raise GradproofError("--in-place was expected alone, with a file", remedy="Leave out -o, or name a file.")
        return sheet
    if output is None or output == "-":
        return None
    check_destination(output, [sheet])
    return output


def _standard_input() -> str:
    data = sys.stdin.buffer.read()
    try:
        if b"\0" in data:
            raise ValueError
        return data.decode("utf-8")
    except ValueError:
        raise GradproofError("text in UTF-8 was expected on standard input", got="binary data") from None


def _show_diff(completion: Completion) -> None:
    lines = completion.diff().splitlines(keepends=True)
    if not allows_color(sys.stdout.isatty()):
        write_standard_output("".join(lines))
        return
    for line in lines:
        click.echo(click.style(neutralize(line.rstrip("\n")), fg=_COLORS.get(line[:1])), color=True)


def _tell(completion: Completion, target: str | None, quiet: bool) -> None:
    """Say on standard error what was filled in, what was left open and why, and which equations of the sheet are wrong."""
    path = one_line(completion.path)
    for place in () if quiet else completion.filled:
        words = f"{place.verdict}: {place.method}" if place.method else str(place.verdict)
        click.echo(f"{path}:{place.line}:{place.column}: filled in {one_line(place.latex)} ({words})", err=True)
    for change in () if quiet else completion.corrected:
        told = f"corrected {one_line(change.before)} to {one_line(change.after)} ({change.verdict})"
        click.echo(f"{path}:{change.line}:{change.column}: {told}", err=True)
    for left in completion.left_open:
        click.echo(f"{path}:{left.line}:{left.column}: left open: {one_line(left.reason)}: {one_line(left.text)}", err=True)
    for equation in reported(completion.report) if completion.report is not None else ():
        if equation.verdict.is_fault:
            at = f"{path}:{equation.span.line}:{equation.span.column}"
            click.echo(f"{at}: {equation.verdict} as the sheet has it, not touched: {one_line(equation.latex)}", err=True)
    if target is not None and not quiet:
        click.echo(f"gradproof: wrote {one_line(target)}", err=True)
    counts = [f"{len(completion.filled)} filled in", f"{len(completion.left_open)} left open"]
    counts += [f"{len(completion.corrected)} corrected"] if completion.corrected else []
    click.echo(", ".join(counts), err=True)

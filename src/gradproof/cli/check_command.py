"""``gradproof check``: documents in, a report and an exit code out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from gradproof.checker.check import check_paths
from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import FileReport, Report
from gradproof.cli.output import allows_color, check_destination, write_file, write_standard_output
from gradproof.cli.paths import Target, expand
from gradproof.cli.progress import ProgressBar
from gradproof.printer.safe_text import one_line
from gradproof.report.github import render_github
from gradproof.report.html import render_html
from gradproof.report.json_report import render_json
from gradproof.report.outcome import exit_code
from gradproof.report.selection import select_codes
from gradproof.report.terminal import TerminalStyle, render_statistics, render_text, render_total

_RENDERERS: dict[str, Callable[[Report], str]] = {
    "json": render_json,
    "html": render_html,
    "github": render_github,
}


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a run is to be shown."""

    output_format: str
    output: str | None
    quiet: bool
    no_color: bool
    statistics: bool

    def terminal_style(self) -> TerminalStyle:
        """Return colours and width for standard output, plain and unfolded for a file or a pipe."""
        is_terminal = self.output is None and sys.stdout.isatty()
        return TerminalStyle(
            width=shutil.get_terminal_size().columns if is_terminal else None,
            color=not self.no_color and self.output is None and allows_color(is_terminal),
            unicode=not is_terminal or sys.stdout.encoding.lower().startswith("utf"),
            quiet=self.quiet,
            statistics=self.statistics,
        )


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...|-", type=click.Path(allow_dash=True))
@click.option(
    "--output-format", type=click.Choice(["text", *_RENDERERS]), default="text", show_default=True, help="Form of the report."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write the report to FILE.")
@click.option(
    "--assume", multiple=True, metavar="DECL", help="Add what the text leaves out, such as 'W: k,d' or 'x > 0'. Repeatable."
)
@click.option("--strict", is_flag=True, help="Unchecked claims and unanswered parts are faults too.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even if there are faults.")
@click.option("--select", multiple=True, metavar="CODES", help="Report only these codes or prefixes, such as R,M101.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Leave out these codes or prefixes.")
@click.option("--timeout", type=float, default=5.0, show_default=True, metavar="SECONDS", help="Bound for one equation.")
@click.option("--jobs", type=int, default=1, show_default=True, metavar="N", help="Number of worker processes.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the random instances.")
@click.option("--quiet", "-q", is_flag=True, help="Show only faults and the last line.")
@click.option("--no-color", is_flag=True, help="Use no colours.")
@click.option("--statistics", is_flag=True, help="Count the codes.")
def check_command(
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
) -> int:
    """Give every equation of the documents a verdict.

    PATH is a Markdown file (.md, .txt), a LaTeX file (.tex), a notebook (.ipynb), a folder of such files, a web page
    (.html, with the source of its formulas), or '-' for Markdown on standard input.

    Exit code: 0 if nothing is refuted, carried forward or malformed; 1 if something is; 2 if a file cannot be read.
    """
    options = CheckOptions(assume=assume, select=_codes(select), ignore=_codes(ignore), timeout=timeout, jobs=jobs, seed=seed)
    targets = expand(paths)
    output = None if output == "-" else output
    if output is not None:
        check_destination(output, [target.path for target in targets])
    report = select_codes(_checked(targets, options), options.select, options.ignore)
    _tell_errors(report)
    _show(report, Presentation(output_format, output, quiet, no_color, statistics))
    return exit_code(report, strict=strict, exit_zero=exit_zero)


def _checked(targets: Sequence[Target], options: CheckOptions) -> Report:
    """Check what can be checked, and put the rest in its place in the report with its error."""
    stdin, failures = _standard_input(targets)
    failures |= {target.path: target.error for target in targets if target.error}
    paths = [target.path for target in targets if target.path not in failures]
    with ProgressBar() as progress:
        report = check_paths(paths, options, progress, stdin)
    checked = iter(report.files)
    files = [
        FileReport(target.path, None, (), error=f"{target.path}: {failures[target.path]}")
        if target.path in failures
        else next(checked)
        for target in targets
    ]
    return Report(tuple(files), report.version, report.seed, report.seconds)


def _standard_input(targets: Sequence[Target]) -> tuple[str | None, dict[str, str]]:
    if not any(target.path == "-" for target in targets):
        return None, {}
    data = sys.stdin.buffer.read()
    try:
        if b"\0" in data:
            raise ValueError
        return data.decode("utf-8"), {}
    except ValueError:
        return None, {"-": "text in UTF-8 was expected on standard input, got binary data. Check what is piped in."}


def _show(report: Report, presentation: Presentation) -> None:
    style = presentation.terminal_style()
    if presentation.output_format == "text":
        text = render_text(report, style)
    else:
        text = _RENDERERS[presentation.output_format](report)
        if presentation.statistics:
            click.echo(render_statistics(report), err=True, nl=False)
    if presentation.output is None:
        write_standard_output(text)
        return
    write_file(presentation.output, text)
    if not presentation.quiet:
        click.echo(f"gradproof: wrote {one_line(presentation.output)}", err=True)
    write_standard_output(render_total(report))


def _tell_errors(report: Report) -> None:
    for file in report.files:
        if file.error:
            click.echo(f"gradproof: {one_line(file.error)}", err=True)


def _codes(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(code.strip() for text in texts for code in text.split(",") if code.strip())

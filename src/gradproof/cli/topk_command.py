"""``gradproof topk``: the top-k error of scores and labels in files."""

from __future__ import annotations

import json
from typing import Any, get_args

import click
import numpy as np
from scipy import sparse

from gradproof.cli.output import write_standard_output
from gradproof.cli.table_files import TEXT, read_table, with_whole_numbers
from gradproof.errors import ReadError
from gradproof.metrics.ranks import Ties
from gradproof.metrics.top_k import TopKError

#: What is counted unless something else is asked for, as far as there are so many classes.
_USUAL = (1, 5)


@click.command("topk")
@click.argument("scores", metavar="SCORES", type=click.Path())
@click.argument("labels", metavar="LABELS", type=click.Path())
@click.option("-k", "ks", type=int, multiple=True, metavar="K", help="How many guesses; 1 and 5 by default. Repeatable.")
@click.option(
    "--ties",
    type=click.Choice(list(get_args(Ties))),
    default="optimistic",
    show_default=True,
    help="What a tie with the true class counts as.",
)
@click.option("--sample-weight", metavar="FILE", type=click.Path(), help="A weight for every sample.")
@click.option("--per-class", is_flag=True, help="Show the error of every class too.")
@click.option("--threads", type=click.IntRange(1, 256), default=1, show_default=True, metavar="N", help="Number of threads.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the result.")
def topk_command(
    scores: str,
    labels: str,
    ks: tuple[int, ...],
    ties: Ties,
    sample_weight: str | None,
    per_class: bool,
    threads: int,
    output_format: str,
) -> int:
    """Tell the share of samples whose true class is not among the K classes with the highest scores.

    SCORES has a row for each sample and a column for each class; LABELS has the class numbers from 0, or zeros and ones
    in the shape of SCORES for several true classes. Both are .npy, .npz (FILE.npz:NAME), text (.csv, .tsv, .txt) or .parquet. A .npy
    file is read in blocks and may be larger than the memory.
    """
    table, truth = _read(scores, "scores"), _read(labels, "labels")
    if truth.ndim == 2 and truth.shape[1] == 1 and table.ndim == 2 and table.shape[1] != 1:
        truth = truth[:, 0]
    weights = None if sample_weight is None else _read(sample_weight, "sample_weight").ravel()
    counter = TopKError(ks or tuple(k for k in _USUAL if k == 1 or table.ndim != 2 or k <= table.shape[1]), ties=ties)
    counter.update(table, truth, sample_weight=weights, threads=threads)
    shown = _facts(counter, per_class)
    write_standard_output(json.dumps(shown, indent=2) + "\n" if output_format == "json" else _text(shown))
    return 0


def _read(path: str, name: str) -> Any:
    """Return the array in a file, a .npy file left on disk."""
    table = read_table(path, preferred=name)
    if sparse.issparse(table):
        raise ReadError("an array with all its entries was expected", got="a sparse matrix", where=path, remedy="Save it dense.")
    return with_whole_numbers(table) if path.lower().endswith(TEXT) else table


def _facts(counter: TopKError, per_class: bool) -> dict[str, Any]:
    errors = np.atleast_1d(counter.result())
    rows: list[dict[str, Any]] = [
        {"k": k, "error": float(error), "decided_by_ties": ties}
        for k, error, ties in zip(counter.k, errors, counter.decided_by_ties, strict=True)
    ]
    if per_class:
        for row, of_classes in zip(rows, counter.per_class(), strict=True):
            row["per_class"] = [None if np.isnan(value) else float(value) for value in of_classes]
    return {"samples": counter.samples, "classes": counter.classes, "ties": counter.ties, "errors": rows}


def _text(facts: dict[str, Any]) -> str:
    lines = [f"{facts['samples']} samples, {facts['classes']} classes"]
    for row in facts["errors"]:
        lines.append(f"top-{row['k']} error {row['error']:.6g}")
        if row["decided_by_ties"]:
            lines[-1] += f"  (ties decide {row['decided_by_ties']}: counted {facts['ties']})"
        for number, value in enumerate(row.get("per_class", [])):
            lines.append(f"  class {number}: " + ("no samples" if value is None else f"{value:.6g}"))
    return "\n".join(lines) + "\n"

"""``gradproof topk``: the top-k error of scores and labels in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import click
import numpy as np
import numpy.typing as npt

from gradproof.cli.output import write_standard_output
from gradproof.errors import DomainError, ReadError
from gradproof.metrics.ranks import Ties
from gradproof.metrics.top_k import TopKError


@click.command("topk")
@click.argument("scores", metavar="SCORES", type=click.Path())
@click.argument("labels", metavar="LABELS", type=click.Path())
@click.option(
    "-k", "ks", type=int, multiple=True, default=(1, 5), show_default=True, metavar="K", help="How many guesses. Repeatable."
)
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
    in the shape of SCORES for several true classes. Both are .npy, or text with commas (.csv). A .npy file is read in
    blocks and may be larger than the memory.
    """
    table, truth = read_array(scores), read_array(labels)
    if truth.ndim == 2 and truth.shape[1] == 1 and table.ndim == 2 and table.shape[1] != 1:
        truth = truth[:, 0]
    weights = None if sample_weight is None else read_array(sample_weight).ravel()
    counter = TopKError(ks, ties=ties)
    counter.update(table, truth, sample_weight=weights, threads=threads)
    shown = _facts(counter, per_class)
    write_standard_output(json.dumps(shown, indent=2) + "\n" if output_format == "json" else _text(shown))
    return 0


def read_array(path: str) -> npt.NDArray[Any]:
    """Return the array in a .npy file (left on disk) or a text file with commas.

    Raises: ReadError: there is no such file, or it holds no array.
    """
    file = Path(path)
    try:
        if file.suffix.lower() in (".csv", ".txt", ".tsv"):
            return _read_text(file)
        array: npt.NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as trouble:
        reason = getattr(trouble, "strerror", None) or str(trouble)
        raise ReadError(f"an array cannot be read: {reason}", where=path, remedy="Save it with numpy.save, or as .csv.") from None
    if not isinstance(array, np.ndarray):
        raise ReadError("one array was expected", got="an archive of several", where=path, remedy="Save it with numpy.save.")
    return array


def _read_text(file: Path) -> npt.NDArray[Any]:
    array = np.loadtxt(file, delimiter="\t" if file.suffix.lower() == ".tsv" else ",", ndmin=1)
    if array.size == 0:
        raise DomainError("numbers were expected", got="an empty file", where=str(file))
    # Class numbers are whole, and a text file does not say so.
    is_whole = bool(np.isfinite(array).all() and (array == np.round(array)).all())
    return array.astype(np.int64) if is_whole and float(np.abs(array).max()) < 2**53 else array


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

"""``gradproof tsne``: a map of the rows of a table in a file, and a picture of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from gradproof.cli.array_output import check_array_destination, write_arrays
from gradproof.cli.output import check_destination, write_file, write_standard_output
from gradproof.cli.table_files import read_labels, read_table
from gradproof.errors import GradproofError
from gradproof.tsne.estimator import TSNE
from gradproof.tsne.page import draw_page
from gradproof.tsne.plot import draw_map

INTERRUPTED = 130
_PICTURES = {".svg": draw_map, ".html": draw_page}


@click.command("tsne")
@click.argument("data", metavar="DATA", type=click.Path())
@click.option(
    "-o", "--output", required=True, metavar="FILE", type=click.Path(), help="Where the map goes: .npy, .npz, .csv or .parquet."
)
@click.option("--labels", metavar="FILE", type=click.Path(), help="A class for every row, for the picture: .npy, .npz or text.")
@click.option("--plot", metavar="FILE", type=click.Path(), help="A picture of the map: .svg, or .html with the rows' names.")
@click.option("--title", default="t-SNE map", show_default=True, help="The title of the picture.")
@click.option(
    "--perplexity", type=float, multiple=True, default=(30.0,), show_default=True, metavar="P",
    help="How many neighbours a point has, in effect. Repeatable, for several scales.",
)  # fmt: skip
@click.option("--n-neighbors", type=int, metavar="K", help="Instead, so many neighbours with equal shares.")
@click.option("--components", type=int, default=2, show_default=True, metavar="D", help="Dimensions of the map: 1, 2 or 3.")
@click.option(
    "--metric",
    type=click.Choice(["euclidean", "cosine", "precomputed"]),
    default="euclidean",
    show_default=True,
    help="The distance.",
)
@click.option(
    "--init", type=click.Choice(["pca", "spectral", "random"]), default="pca", show_default=True, help="The map to start from."
)
@click.option("--dof", default="1", show_default=True, metavar="V|learn", help="Degrees of freedom of the map's kernel.")
@click.option("--max-iter", type=int, default=750, show_default=True, metavar="N", help="Iterations in all.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="The same seed gives the same map.")
@click.option("--threads", type=click.IntRange(1, 1024), metavar="N", help="How many; all cores by default.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def tsne_command(
    data: str, output: str, labels: str | None, plot: str | None, title: str, perplexity: tuple[float, ...], n_neighbors: int | None,
    components: int, metric: Any, init: str, dof: str, max_iter: int, seed: int, threads: int | None, quiet: bool,
) -> int:  # fmt: skip
    """Lay out the rows of a table so that similar ones are near.

    DATA is .npy, .npz (with one table in it, or FILE.npz:NAME; a sparse matrix as SciPy saves it) or text with commas (.csv). Ctrl-C
    ends the run with the map so far.
    """
    _check_files(data, output, plot, labels)
    table = read_table(data)
    classes = None if labels is None else read_labels(labels)
    if classes is not None and len(classes) != table.shape[0]:
        raise GradproofError(f"a label for each of the {table.shape[0]} rows is needed", got=f"{len(classes)}", where=labels or "")
    model = TSNE(
        components, perplexity=perplexity, n_neighbors=n_neighbors, metric=metric, init=init, dof=_degrees(dof), max_iter=max_iter,
        random_state=seed, n_jobs=threads or -1, verbose=not quiet and sys.stderr.isatty(),
    )  # fmt: skip
    embedding = model.fit_transform(table)
    write_arrays(output, {"map": embedding})
    if plot is not None:
        write_file(plot, _PICTURES[Path(plot).suffix.lower()](embedding, classes, title))
    write_standard_output(_summary(model, embedding))
    return INTERRUPTED if model.stopping_reason_ == "interrupted" else 0


def _check_files(data: str, output: str, plot: str | None, labels: str | None) -> None:
    """Refuse destinations before an hour is spent on what cannot be written."""
    inputs = [path for path in (data, labels) if path is not None]
    check_array_destination(output)
    check_destination(output, inputs)
    if plot is not None:
        if Path(plot).suffix.lower() not in _PICTURES:
            raise GradproofError(
                "a name that ends in .svg or .html was expected", got=repr(plot), where="--plot", remedy="Rename it."
            )
        check_destination(plot, [*inputs, output])


def _degrees(text: str) -> Any:
    if text == "learn":
        return text
    try:
        return float(text)
    except ValueError:
        raise GradproofError("a number or 'learn' was expected", got=repr(text), where="--dof") from None


def _summary(model: TSNE, embedding: npt.NDArray[np.floating[Any]]) -> str:
    ended = {"interrupted": ", interrupted", "tol": ", converged"}.get(model.stopping_reason_, "")
    lines = [f"{len(embedding)} points, KL divergence {model.kl_divergence_:.4f} after {model.n_iter_} iterations{ended}"]
    if model.dof == "learn":
        lines.append(f"degrees of freedom {model.dof_:.3g}")
    lines.append(f"certificate: {model.certificate_}")
    return "\n".join(lines) + "\n"

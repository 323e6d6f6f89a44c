"""The pictures of a run as SVG, each with a title and its content in words (needs the extra 'plot')."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from gradproof.errors import UnsupportedError
from gradproof.experiment.fit import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_KERNELS = 64
_KERNELS_ACROSS = 16
_MOST_NUMBERED = 20


def require_pictures() -> None:
    """Raises UnsupportedError before any work is done where matplotlib is not installed."""
    _figure(1, 1)


def curves(history: Sequence[Epoch], watched: str = "held-out") -> str:
    """Return loss and error by epoch, the phases apart by dotted lines; ``watched`` says of which samples the error is."""
    figure = _figure(7, 5.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    numbers = np.arange(1, len(history) + 1)
    style: dict[str, Any] = {"marker": ".", "markersize": 5, "linewidth": 1.4}
    upper.plot(numbers, [max(epoch.loss, 1e-12) for epoch in history], color="#0072B2", **style)
    lower.plot(numbers, [100 * epoch.error for epoch in history], color="#D55E00", **style)
    # The names of the phases stand between the title and the curve, so that they cover no point of it.
    upper.set_title("mean loss over the batches", pad=30)
    upper.set_yscale("log")
    lower.set(title=f"top-1 error on the {watched} samples, %", xlabel="epoch", ylim=(0, None))
    for axes in (upper, lower):
        axes.grid(color="#e4e4e4", linewidth=0.8)
    starts = [place for place in range(len(history)) if not place or history[place].phase != history[place - 1].phase]
    are_narrow = any(end - start < len(history) / 8 for start, end in pairwise(starts))
    for number, place in enumerate(starts):
        for axes in (upper, lower):
            if place:
                axes.axvline(place + 0.5, color="gray", linewidth=0.8, linestyle=":")
        upper.annotate(
            history[place].phase, (place + 0.6, 1.0), xytext=(0, 15 if are_narrow and number % 2 else 3), textcoords="offset points",
            xycoords=("data", "axes fraction"), fontsize=9, color="#444444", va="bottom",
        )  # fmt: skip
    last = history[-1]
    words = f"{len(history)} epochs; the last one has loss {last.loss:.4g} and error {100 * last.error:.2f}%."
    return _svg(figure, "Loss and error by epoch", words)


def kernels(name: str, before: npt.NDArray[Any], after: npt.NDArray[Any] | None) -> str:
    """Return the kernels of a weight, along its first axis, before and after pruning.

    Of kernels with a height and a width the mean over their inputs is drawn; others are rows of a table.
    """
    grids = [("", _grid(before))] if after is None else [("before", _grid(before)), ("after", _grid(after))]
    widest, heights = max(grid.shape[1] for _, grid in grids), [grid.shape[0] for _, grid in grids]
    figure = _figure(8, sum(max(0.35, 7.4 * height / widest) + 0.35 for height in heights))
    scale = max(float(np.nanmax(np.abs(grid))) for _, grid in grids) or 1.0
    for (word, grid), axes in zip(grids, figure.subplots(len(grids), 1, squeeze=False, height_ratios=heights)[:, 0], strict=True):
        axes.imshow(grid, cmap="RdBu", vmin=-scale, vmax=scale, interpolation="nearest")
        axes.set_xlim(-0.5, widest - 0.5)
        count = len(after) if after is not None and word == "after" else len(before)
        axes.set_title(f"{name}: {count} kernels {word}".rstrip(), fontsize=11, loc="left")
        axes.set_axis_off()
    cut = f" The first {_MOST_KERNELS} are drawn." if len(before) > _MOST_KERNELS else ""
    words = f"{len(before)} kernels" + (f", {len(after)} after pruning." if after is not None else ".") + cut
    return _svg(figure, f"The kernels of {name}", f"{words} Blue is positive, red is negative.")


def _grid(weight: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return kernels side by side, NaN between them; those without height and width as the rows of one table."""
    shown = weight[:_MOST_KERNELS].astype(np.float64)
    if shown.ndim != 4:
        return np.asarray(shown.reshape(len(shown), -1))
    images = shown.mean(axis=1)
    height, width = images.shape[1:]
    across = min(_KERNELS_ACROSS, len(images))
    down = -(-len(images) // across)
    grid = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    for number, image in enumerate(images):
        top, left = number // across * (height + 1), number % across * (width + 1)
        grid[top : top + height, left : left + width] = image
    return grid


def confusion(counts: npt.NDArray[np.int64], names: Sequence[str]) -> str:
    """Return the confusion matrix: true classes down, classes that were taken across."""
    size = len(counts)
    has_numbers = size <= _MOST_NUMBERED
    figure = _figure(min(7.0, 2 + 0.45 * size), min(7.0, 1.7 + 0.45 * size))
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(size) if has_numbers else ():
        for column in range(size):
            if counts[row, column]:
                color = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=10, color=color)
    ticks = range(0, size, 1 if has_numbers else -(-size // _MOST_NUMBERED))
    short = [name if len(name) <= 12 else f"{name[:11]}…" for name in names]
    is_wide = max(map(len, short)) > 3
    axes.set(xlabel="taken for", ylabel="true class", xticks=ticks, yticks=ticks)
    axes.set_xticklabels([short[tick] for tick in ticks], rotation=45 if is_wide else 0, ha="right" if is_wide else "center")
    axes.set_yticklabels([short[tick] for tick in ticks])
    wrong = [(int(counts[i, j]), i, j) for i in range(size) for j in range(size) if i != j and counts[i, j]]
    worst = ", ".join(f"{names[i]} for {names[j]}: {count}" for count, i, j in sorted(wrong, reverse=True)[:5]) or "none"
    return _svg(
        figure, "Confusion matrix", f"{int(np.trace(counts))} of {int(counts.sum())} are right. Mistakes most often: {worst}."
    )


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UnsupportedError("matplotlib is needed for the page", where="run", remedy="Install gradproof[plot].") from None
    return Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure, title: str, words: str) -> str:
    """Return a figure as an SVG element that stands in a page, with its title and its content in words."""
    from matplotlib import rc_context

    stream = io.StringIO()
    # Letters stay letters: they can be searched and read aloud.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "gradproof"}):
        figure.savefig(stream, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    # Several pictures stand in one page: names inside of one must not be those of another.
    prefix = re.sub(r"\W+", "-", title.lower())
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    end = text.index(">")
    head = f'{text[:end]} role="img" aria-labelledby="{prefix}-title {prefix}-words">'
    named = f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-words">{escape(words)}</desc>'
    return f"{head}{named}{text[end + 1 :]}"

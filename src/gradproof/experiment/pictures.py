"""The pictures of a run as SVG, each with a title and its content in words (needs the extra 'plot')."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from gradproof.errors import UnsupportedError
from gradproof.experiment.fit import Epoch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_KERNELS = 64


def require_pictures() -> None:
    """Raises UnsupportedError before any work is done where matplotlib is not installed."""
    _figure(1, 1)


def curves(history: Sequence[Epoch]) -> str:
    """Return loss and held-out error by epoch, the phases apart."""
    figure = _figure(9, 3.2)
    left, right = figure.subplots(1, 2)
    numbers = np.arange(1, len(history) + 1)
    left.plot(numbers, [max(epoch.loss, 1e-12) for epoch in history], color="#0072B2")
    right.plot(numbers, [100 * epoch.error for epoch in history], color="#D55E00")
    left.set(title="mean loss over the batches", xlabel="epoch", yscale="log")
    right.set(title="top-1 error on held-out samples, %", xlabel="epoch", ylim=(0, None))
    for place in range(1, len(history)):
        if history[place].phase != history[place - 1].phase:
            for axes in (left, right):
                axes.axvline(place + 0.5, color="gray", linewidth=0.8, linestyle=":")
    last = history[-1]
    words = f"{len(history)} epochs; the last one has loss {last.loss:.4g} and error {100 * last.error:.2f}%."
    return _svg(figure, "Loss and error by epoch", words)


def kernels(name: str, before: npt.NDArray[Any], after: npt.NDArray[Any] | None) -> str:
    """Return the kernels of a weight (outputs, inputs, height, width) before and after pruning, the mean over their inputs."""
    rows = [("before", before)] if after is None else [("before", before), ("after", after)]
    columns = min(_MOST_KERNELS, max(len(kernel) for _, kernel in rows))
    figure = _figure(9, 0.8 * len(rows) * max(1, columns / 32) + 0.5)
    scale = float(np.abs(before).max()) or 1.0
    for place, axes in enumerate(np.atleast_1d(figure.subplots(len(rows), 1))):
        word, kernel = rows[place]
        shown = kernel[:_MOST_KERNELS].mean(axis=1) if kernel.ndim == 4 else kernel[:_MOST_KERNELS].reshape(-1, 1, 1)
        height, width = shown.shape[1:]
        strip = np.full((height, columns * (width + 1) - 1), np.nan)
        for number, image in enumerate(shown):
            strip[:, number * (width + 1) : number * (width + 1) + width] = image
        axes.imshow(strip, cmap="RdBu", vmin=-scale, vmax=scale, interpolation="nearest")
        axes.set_title(f"{len(kernel)} kernels {word}", fontsize=9, loc="left")
        axes.set_axis_off()
    words = f"{len(before)} kernels" + (f", {len(after)} after pruning." if after is not None else ".")
    return _svg(figure, f"The kernels of {name}", words)


def confusion(counts: npt.NDArray[np.int64]) -> str:
    """Return the confusion matrix: true classes down, classes that were taken across."""
    size = len(counts)
    figure = _figure(min(9.0, 2 + 0.45 * size), min(9.0, 1.5 + 0.42 * size))
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(size) if size <= 30 else ():
        for column in range(size):
            if counts[row, column]:
                color = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=8, color=color)
    axes.set(xlabel="taken for", ylabel="true class", xticks=range(size), yticks=range(size))
    wrong = [(int(counts[i, j]), i, j) for i in range(size) for j in range(size) if i != j and counts[i, j]]
    worst = ", ".join(f"{i} for {j}: {count}" for count, i, j in sorted(wrong, reverse=True)[:5]) or "none"
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

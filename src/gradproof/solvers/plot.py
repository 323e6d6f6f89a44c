"""A picture of how a solver came to its result (needs the extra 'plot')."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from gradproof.errors import UnsupportedError

_ROUNDING = 1e-12
#: Lines are told apart without colours, too.
_STYLES = ("-", "--", "-.", ":")
Columns = Mapping[str, npt.NDArray[np.floating[Any]]]


def draw_history(histories: Mapping[str, Columns], kind: str, tolerance: float, file: str | Path) -> None:
    """Write an SVG of the objective above its least value, and of the certificate, for each named history.

    The picture has a title and a description for readers who do not see it.
    Raises: UnsupportedError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError:
        raise UnsupportedError("matplotlib is needed", where="plot", remedy="Install gradproof[plot].") from None
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    objective, certificate = figure.subplots(1, 2)
    least = min(float(np.min(columns["objective"], initial=np.inf)) for columns in histories.values())
    # A logarithmic axis has no place for zero, and what is left below rounding is chance: both end at the floor.
    floor = _ROUNDING * max(1.0, abs(least)) if np.isfinite(least) else _ROUNDING
    for (name, columns), style in zip(histories.items(), cycle(_STYLES)):
        objective.plot(columns["iteration"], np.maximum(columns["objective"] - least, floor), style, label=name)
        size = np.where(columns["certificate"] > 0, columns["certificate"], np.nan)
        certificate.plot(columns["iteration"], size, style, label=name)
    certificate.axhline(tolerance, color="gray", linestyle=(0, (1, 3)), linewidth=1.2, label="tolerance")
    for axes, title in ((objective, "objective above the least"), (certificate, kind)):
        axes.set(title=title, xlabel="iteration", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.title.set_fontsize(9)
        axes.legend(fontsize=8)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    Path(file).write_text(_with_words(stream.getvalue(), describe(histories, kind, tolerance)), encoding="utf-8")


def describe(histories: Mapping[str, Columns], kind: str, tolerance: float) -> str:
    """Return in words what the picture shows."""
    parts = []
    for name, columns in histories.items():
        if columns["iteration"].size:
            last = int(columns["iteration"][-1])
            parts.append(
                f"{name}: {last} iterations, objective {columns['objective'][-1]:.6g}, {kind} {columns['certificate'][-1]:.3g}"
            )
    return "; ".join(parts) + f" (tolerance {tolerance:.3g})."


def _with_words(svg: str, words: str) -> str:
    start = svg.index("<svg")
    end = svg.index(">", start)
    head = f'{svg[:end]} role="img" aria-labelledby="title description">'
    title = '<title id="title">Objective and certificate by iteration</title>'
    return f'{head}\n {title}\n <desc id="description">{escape(words)}</desc>{svg[end + 1 :]}'

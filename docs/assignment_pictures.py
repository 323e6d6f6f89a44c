"""Draw the pictures of docs/assignment.md: ``python docs/assignment_pictures.py [FOLDER]`` (needs the extras 'plot' and 'scikit-learn')."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from gradproof import TSNE
from gradproof.tsne.plot import draw_map

#: Two colours that people with any colour vision tell apart, and a dash for each second line.
BLUE, ORANGE = "#0072B2", "#D55E00"


def losses() -> Figure:
    """Return the logarithmic and the squared loss, and their slopes, by the lead of the wrong class."""
    lead = np.linspace(-4, 8, 241)
    wrong = 1 / (1 + np.exp(-lead))
    figure = Figure(figsize=(8, 3), layout="constrained")
    loss, slope = figure.subplots(1, 2)
    loss.plot(lead, np.log1p(np.exp(lead)), color=BLUE, label="logarithmic")
    loss.plot(lead, wrong**2 / 2, color=ORANGE, linestyle="--", label="squared")
    loss.set(title="loss", xlabel="lead $u$ of the wrong class")
    slope.plot(lead, wrong, color=BLUE, label="logarithmic")
    slope.plot(lead, wrong**2 * (1 - wrong), color=ORANGE, linestyle="--", label="squared")
    slope.set(title="slope of the loss", xlabel="lead $u$ of the wrong class")
    for axes in (loss, slope):
        axes.legend(frameon=False)
    return figure


def valley() -> Figure:
    """Return the ways of plain descent and of momentum down a valley with the curvatures 1 and 100, each at its best setting."""
    curvatures = np.array([1.0, 100.0])
    figure = Figure(figsize=(8, 3), layout="constrained")
    for axes, title, eta, mu in zip(
        figure.subplots(1, 2, sharex=True, sharey=True),
        ("plain descent, 40 steps", "momentum, 40 steps"),
        (2 / 101, (2 / 11) ** 2),
        (0.0, (9 / 11) ** 2),
        strict=True,
    ):
        places = way(curvatures, eta, mu, 40)
        grid = np.meshgrid(np.linspace(-1.2, 1.2, 241), np.linspace(-0.45, 0.45, 241))
        axes.contour(
            *grid, np.sqrt(curvatures[0] * grid[0] ** 2 + curvatures[1] * grid[1] ** 2), 12, colors="#bbbbbb", linewidths=0.6
        )
        axes.plot(*places.T, color=BLUE, marker="o", markersize=2.5, linewidth=0.9)
        axes.plot(0, 0, marker="*", color=ORANGE, markersize=10)
        axes.set(title=title, xlabel="flat direction", ylabel="steep direction")
        axes.label_outer()
    return figure


def way(curvatures: np.ndarray, eta: float, mu: float, steps: int) -> np.ndarray:
    """Return the points of a descent that begins at equal heights in both directions, (steps + 1, 2)."""
    places, velocity = [1 / np.sqrt(curvatures)], np.zeros(2)
    for _ in range(steps):
        velocity = mu * velocity - eta * curvatures * places[-1]
        places.append(places[-1] + velocity)
    return np.array(places)


def tails() -> Figure:
    """Return the Gaussian and the heavy-tailed kernel by distance, with the places where they are a thousandth."""
    distance = np.geomspace(0.1, 60, 400)
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(distance, np.exp(-(distance**2)), color=BLUE, label="Gaussian")
    axes.plot(distance, 1 / (1 + distance**2), color=ORANGE, linestyle="--", label="heavier tail (t-SNE)")
    axes.axhline(1e-3, color="gray", linewidth=0.8)
    for place, color in ((np.sqrt(np.log(1000)), BLUE), (np.sqrt(999), ORANGE)):
        axes.plot(place, 1e-3, marker="o", color=color)
        axes.annotate(f"{place:.3g}", (place, 1e-3), textcoords="offset points", xytext=(6, 6), color=color)
    axes.set(xscale="log", yscale="log", ylim=(1e-4, 1.5), xlabel="distance on the map", ylabel="similarity")
    axes.legend(frameon=False, loc="lower left")
    return figure


PICTURES = {
    "assignment-losses": (
        losses,
        "Two losses and their slopes",
        "The logarithmic loss grows like a line and its slope tends to one; the squared loss levels off and its slope tends to zero.",
    ),
    "assignment-valley": (
        valley,
        "Two ways down a narrow valley",
        "After 40 steps plain descent still zigzags between the walls, far from the minimum; momentum has swung wide and arrived.",
    ),
    "assignment-tails": (
        tails,
        "Two kernels by distance",
        "At a similarity of a thousandth the Gaussian stands at distance 2.63, the heavier tail at 31.6.",
    ),
}


def picture(name: str) -> str:
    """Return a picture as SVG, with a title and a description for readers who do not see it."""
    draw, title, description = PICTURES[name]
    with mpl.rc_context({"svg.hashsalt": name, "axes.titlesize": 10, "font.size": 9}):
        stream = io.StringIO()
        draw().savefig(stream, format="svg", metadata={"Date": None})
    svg = stream.getvalue()
    start = svg.index("<svg")
    end = svg.index(">", start)
    words = f'<title id="title">{escape(title)}</title>\n <desc id="description">{escape(description)}</desc>'
    return f'{svg[:end]} role="img" aria-labelledby="title description">\n {words}{svg[end + 1 :]}'


def main(folder: Path) -> None:
    """Write all pictures into a folder, the map of the digits too."""
    for name in PICTURES:
        (folder / f"{name}.svg").write_text(picture(name), encoding="utf-8")
    images, labels = load_digits(return_X_y=True)
    places = TSNE(random_state=0).fit_transform(images)
    (folder / "tsne-digits.svg").write_text(draw_map(places, labels, "t-SNE map of the digits"), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

"""A picture of a map as SVG: a mark for every point, names at the classes' medians, a legend, and all of it in words."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.classes import PointClass, find_classes
from gradproof.tsne.inputs import read_points
from gradproof.tsne.plot_labels import label_places, shortened

Array = npt.NDArray[np.floating[Any]]

_SIZE = 900
_EDGE = 24
_LEGEND_WIDTH = 170
#: Height of the names on the map, in units of the picture.
NAME_SIZE = 24
_FONT = "font-family='system-ui, sans-serif'"


def draw_map(embedding: Any, labels: Any = None, title: str = "t-SNE map", has_legend: bool = True) -> str:
    """Return an SVG of a map, (n, 1), (n, 2) or (n, 3), with the classes by colour, shape, legend and names at their medians.

    Of three dimensions the first two are drawn; one dimension is drawn with its points spread in height.
    Raises: InputError: shapes that do not fit.
    """
    classes = find_classes(labels, len(embedding))
    places = picture_places(embedding)
    has_legend = has_legend and len(classes) > 1
    parts = [_opening(title, _describe(classes, len(places)), has_legend)]
    radius = float(np.clip(120 / np.sqrt(max(len(places), 1)), 0.9, 5.0))
    parts += [_points(each, places, radius) for each in classes]
    if len(classes) > 1:
        middles = np.array([np.median(places[each.rows], axis=0) for each in classes])
        names = [shortened(each.name) for each in classes]
        parts += [_name(name, place) for name, place in zip(names, label_places(names, middles, NAME_SIZE, _SIZE), strict=True)]
    if has_legend:
        parts.append(_legend(classes))
    return "\n".join([*parts, "</svg>", ""])


def picture_places(embedding: Any) -> Array:
    """Return the points' places in the picture, (n, 2)."""
    points = np.asarray(read_points(embedding), dtype=np.float64)
    if points.shape[1] == 1:
        # Multiples of the golden ratio fill the height evenly.
        points = np.column_stack([points[:, 0], np.arange(len(points)) * 0.6180339887498949 % 1 * np.ptp(points) / 4])
    points = points[:, :2]
    low, extent = points.min(axis=0), float(max(np.ptp(points, axis=0).max(), 1e-12))
    places = (points - low - np.ptp(points, axis=0) / 2) / extent * (_SIZE - 2 * _EDGE) + _SIZE / 2
    places[:, 1] = _SIZE - places[:, 1]
    return np.asarray(places)


def _describe(classes: list[PointClass], n: int) -> str:
    if len(classes) == 1:
        return f"A scatter plot of {n} points; near points are similar."
    sizes = ", ".join(f"{each.name} ({each.rows.size})" for each in classes)
    return f"A scatter plot of {n} points in {len(classes)} classes, with their sizes: {sizes}. Near points are similar."


def _opening(title: str, description: str, has_legend: bool) -> str:
    width = _SIZE + (_LEGEND_WIDTH if has_legend else 0)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {_SIZE}' role='img' aria-labelledby='map-title map-text'>\n"
        f"<title id='map-title'>{escape(title)}</title>\n<desc id='map-text'>{escape(description)}</desc>\n"
        f"<rect width='{width}' height='{_SIZE}' fill='white'/>"
    )


def _points(each: PointClass, places: Array, radius: float) -> str:
    """Return all points of a class as one path: a tenth of the size of an element for each."""
    outline = scaled(each.shape, radius)
    marks = "".join(f"M{x:.1f} {y:.1f}{outline}" for x, y in places[each.rows])
    return f"<path fill='{each.color}' fill-opacity='.75' d='{marks}'/>"


def scaled(shape: str, radius: float) -> str:
    """Return relative path commands with every number multiplied by the radius."""
    out: list[str] = []
    number = ""
    for sign in [*shape, " "]:
        if number and not (sign.isdigit() or (sign == "." and "." not in number)):
            value = f"{float(number) * radius:.2f}".rstrip("0").rstrip(".")
            out.append(value if value.startswith("-") or not out or out[-1].isalpha() else f" {value}")
            number = ""
        if sign.isdigit() or sign in ".-":
            number += sign
        elif sign != " ":
            out.append(sign)
    return "".join(out)


def _name(name: str, place: Array) -> str:
    return (
        f"<text class='name' x='{place[0]:.1f}' y='{place[1]:.1f}' {_FONT} font-size='{NAME_SIZE}' font-weight='600' text-anchor='middle' "
        f"dominant-baseline='central' stroke='white' stroke-width='5' paint-order='stroke' stroke-linejoin='round'>{escape(name)}</text>"
    )


def _legend(classes: list[PointClass]) -> str:
    step = min(28.0, (_SIZE - 2 * _EDGE) / len(classes))
    rows = []
    for number, each in enumerate(classes):
        y = _EDGE + step * (number + 0.5)
        rows.append(
            f"<path fill='{each.color}' d='M{_SIZE + 14} {y:.1f}{scaled(each.shape, 7)}'/>"
            f"<text x='{_SIZE + 30}' y='{y:.1f}' {_FONT} font-size='16' dominant-baseline='central'>{escape(shortened(each.name))}</text>"
        )
    return "\n".join(rows)

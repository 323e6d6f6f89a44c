"""A picture of a map: SVG, or one HTML page with the rows' names under the pointer. Nothing is loaded from anywhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof.tsne.classes import PointClass, find_classes
from gradproof.tsne.inputs import read_points

Array = npt.NDArray[np.floating[Any]]

_SIZE = 900
_EDGE = 24
_LEGEND_WIDTH = 150
_FONT = "font-family='system-ui, sans-serif'"


def draw_map(embedding: Any, labels: Any = None, title: str = "t-SNE map") -> str:
    """Return an SVG of a map, (n, 1), (n, 2) or (n, 3), with the classes by colour, shape, legend and names at their medians.

    Of three dimensions the first two are drawn; one dimension is drawn with its points spread in height.
    Raises: InputError: shapes that do not fit.
    """
    classes = find_classes(labels, len(embedding))
    places = _places(embedding)
    parts = [_opening(title, _describe(classes, len(places)), has_legend=len(classes) > 1)]
    radius = float(np.clip(120 / np.sqrt(max(len(places), 1)), 0.9, 5.0))
    parts += [_points(each, places, radius) for each in classes]
    if len(classes) > 1:
        parts += [_name(each, places) for each in classes]
        parts.append(_legend(classes))
    return "\n".join([*parts, "</svg>", ""])


def draw_page(embedding: Any, labels: Any = None, title: str = "t-SNE map") -> str:
    """Return an HTML page with the picture that names the row and class of the point under the pointer."""
    classes = find_classes(labels, len(embedding))
    places = np.round(_places(embedding), 1)
    codes = np.zeros(len(places), dtype=int)
    for number, each in enumerate(classes):
        codes[each.rows] = number
    # '<' is written as an escape: no name can end the script that holds it.
    facts = json.dumps(
        {"x": places[:, 0].tolist(), "y": places[:, 1].tolist(), "c": codes.tolist(), "names": [each.name for each in classes]},
        separators=(",", ":"),
    ).replace("<", "\\u003c")
    return _PAGE.format(title=escape(title), picture=draw_map(embedding, labels, title), facts=facts, script=_SCRIPT)


def _places(embedding: Any) -> Array:
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
    outline = _scaled(each.shape, radius)
    marks = "".join(f"M{x:.1f} {y:.1f}{outline}" for x, y in places[each.rows])
    return f"<path fill='{each.color}' fill-opacity='.75' d='{marks}'/>"


def _scaled(shape: str, radius: float) -> str:
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


def _name(each: PointClass, places: Array) -> str:
    x, y = np.median(places[each.rows], axis=0)
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {_FONT} font-size='22' font-weight='600' text-anchor='middle' dominant-baseline='central' "
        f"stroke='white' stroke-width='5' paint-order='stroke' stroke-linejoin='round'>{escape(each.name)}</text>"
    )


def _legend(classes: list[PointClass]) -> str:
    step = min(28.0, (_SIZE - 2 * _EDGE) / len(classes))
    rows = []
    for number, each in enumerate(classes):
        y = _EDGE + step * (number + 0.5)
        rows.append(
            f"<path fill='{each.color}' d='M{_SIZE + 14} {y:.1f}{_scaled(each.shape, 7)}'/>"
            f"<text x='{_SIZE + 30}' y='{y:.1f}' {_FONT} font-size='16' dominant-baseline='central'>{escape(each.name[:14])}</text>"
        )
    return "\n".join(rows)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; font-family: system-ui, sans-serif; background: white; color: #111; }}
svg {{ display: block; max-width: 100%; max-height: 100vh; margin: auto; }}
#tip {{ position: fixed; left: 8px; bottom: 8px; padding: 4px 8px; background: #111; color: white; border-radius: 4px; }}
#tip:empty {{ display: none; }}
</style>
</head>
<body>
{picture}
<div id="tip" aria-live="polite"></div>
<script type="application/json" id="facts">{facts}</script>
<script>{script}</script>
</body>
</html>
"""

_SCRIPT = """
const facts = JSON.parse(document.getElementById('facts').textContent);
const picture = document.querySelector('svg'), tip = document.getElementById('tip');
picture.addEventListener('pointermove', event => {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
  let best = 144, found = -1;
  for (let i = 0; i < facts.x.length; i++) {
    const dx = facts.x[i] - at.x, dy = facts.y[i] - at.y, square = dx * dx + dy * dy;
    if (square < best) { best = square; found = i; }
  }
  tip.textContent = found < 0 ? '' : 'row ' + found + (facts.names[facts.c[found]] ? ': ' + facts.names[facts.c[found]] : '');
});
picture.addEventListener('pointerleave', () => { tip.textContent = ''; });
"""

"""A map as one HTML page: the picture, a legend that stays legible at any width, and the row under the pointer. Nothing is loaded."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import numpy as np

from gradproof.tsne.classes import PointClass, find_classes
from gradproof.tsne.plot import draw_map, picture_places, scaled


def draw_page(embedding: Any, labels: Any = None, title: str = "t-SNE map") -> str:
    """Return an HTML page with the picture that names the row and class of the point under the pointer."""
    classes = find_classes(labels, len(embedding))
    places = np.round(picture_places(embedding), 1)
    codes = np.zeros(len(places), dtype=int)
    for number, each in enumerate(classes):
        codes[each.rows] = number
    # '<' is written as an escape: no name can end the script that holds it.
    facts = json.dumps(
        {"x": places[:, 0].tolist(), "y": places[:, 1].tolist(), "c": codes.tolist(), "names": [each.name for each in classes]},
        separators=(",", ":"),
    ).replace("<", "\\u003c")
    return _PAGE.format(
        title=escape(title), picture=draw_map(embedding, labels, title, has_legend=False), legend=_legend(classes),
        facts=facts, script=_SCRIPT,
    )  # fmt: skip


def _legend(classes: list[PointClass]) -> str:
    """Return a list of the classes with their signs and sizes, or nothing for a single class."""
    if len(classes) < 2:
        return ""
    rows = [
        f"<li><svg viewBox='-9 -9 18 18' aria-hidden='true'><path fill='{each.color}' d='M0 0{scaled(each.shape, 7)}'/></svg>"
        f"<span>{escape(each.name)} ({each.rows.size})</span></li>"
        for each in classes
    ]
    return "\n".join(["<ul aria-label='Classes'>", *rows, "</ul>"])


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; font-family: system-ui, sans-serif; background: white; color: #111; }}
svg {{ display: block; }}
main {{ display: flex; justify-content: center; align-items: flex-start; gap: 16px; }}
main > svg {{ flex: 0 1 auto; min-width: 0; width: min(100%, 100vh); }}
ul {{ list-style: none; margin: 24px 16px 0 0; padding: 0; font-size: 16px; }}
li {{ display: flex; align-items: center; gap: 8px; margin-bottom: 6px; overflow-wrap: anywhere; }}
li svg {{ flex: none; width: 18px; height: 18px; }}
@media (max-width: 700px) {{
  main {{ display: block; }}
  ul {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); margin: 8px 16px 40px; }}
  svg .name {{ font-size: 44px; stroke-width: 9px; }}
}}
#tip {{ position: fixed; left: 8px; bottom: 8px; padding: 4px 8px; background: #111; color: white; border-radius: 4px; }}
#tip:empty {{ display: none; }}
</style>
</head>
<body>
<main>
{picture}
{legend}
</main>
<div id="tip" aria-live="polite"></div>
<script type="application/json" id="facts">{facts}</script>
<script>{script}</script>
</body>
</html>
"""

_SCRIPT = """
const facts = JSON.parse(document.getElementById('facts').textContent);
const picture = document.querySelector('main > svg'), tip = document.getElementById('tip');
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

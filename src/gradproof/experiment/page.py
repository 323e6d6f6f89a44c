"""The page of a run: one self-contained HTML file, every number with the command that makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from shlex import quote
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gradproof.derivation.derivation import Derivation, derive
from gradproof.experiment import pictures
from gradproof.experiment.outcome import Outcome
from gradproof.printer.mathml import to_html
from gradproof.tsne.plot import draw_map


@dataclass(frozen=True)
class Line:
    """One line of the derivation: what it defines, in text and as mathematics."""

    left: str
    right: str
    formula: Markup


def page(outcome: Outcome, command: str) -> str:
    """Return the page of a run; ``command`` is the one that makes it again."""
    folder = files("gradproof.experiment") / "templates"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "run.html.j2").read_text(encoding="utf-8"))
    derivation = derive(outcome.network.formula, next(iter(outcome.plan.network.weights)))
    return template.render(
        outcome=outcome,
        plan=outcome.plan,
        command=command,
        statements=[part.strip() for part in outcome.plan.network.formula.split(";") if part.strip()],
        wrt=derivation.wrt.name,
        lines=_lines(derivation),
        style=Markup((folder / "run.css").read_text(encoding="utf-8")),
        curves=Markup(pictures.curves(outcome.state.history, "held-out" if outcome.split.validation is None else "validation")),
        kernels=[Markup(picture) for picture in _kernels(outcome)],
        confusion=Markup(pictures.confusion(outcome.confusion, _class_names(outcome))),
        map=Markup(_map(outcome)),
        percent=_percent,
        quote=quote,
    )


def _lines(derivation: Derivation) -> list[Line]:
    notation = derivation.notation
    whole = notation.short
    found = [
        Line(part.left.text, part.right.text, _math(f"{part.left.latex} = {part.right.latex}")) for part in notation.definitions
    ]
    left = rf"\frac{{\partial f}}{{\partial {derivation.wrt.name}}}"
    return [*found, Line(f"d/d{derivation.wrt.name}", whole.text, _math(f"{left} = {whole.latex}"))]


def _math(latex: str) -> Markup:
    return Markup(to_html(latex, display=True))


def _kernels(outcome: Outcome) -> list[str]:
    full, now = outcome.state.full, outcome.state.weights
    if outcome.plan.pruning is None:
        return [pictures.kernels(name, weight, None) for name, weight in now.items() if weight.ndim == 4]
    return [pictures.kernels(name, full[name], now[name]) for name in outcome.plan.pruning.kernels]


def _map(outcome: Outcome) -> str:
    if outcome.map is None:
        return ""
    labels, names = outcome.split.held_out.labels, outcome.split.names
    are_numbers = all(name.isdecimal() for name in names)
    return draw_map(outcome.map.points, labels if are_numbers else np.array(names)[labels], "Map of the held-out samples")


def _class_names(outcome: Outcome) -> list[str]:
    """Return a name for every score: classes that no sample has go by their numbers."""
    names = outcome.split.names
    return [*names, *(str(number) for number in range(len(names), len(outcome.confusion)))]


def _percent(share: Any) -> str:
    return f"{100 * float(share):.2f}%"

"""The page of a run: one self-contained HTML file, every number with the command that makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from shlex import quote
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gradproof.derivation.derivation import Derivation, derive
from gradproof.experiment import pictures
from gradproof.experiment.run import Outcome
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
        curves=Markup(pictures.curves(outcome.state.history)),
        kernels=[Markup(picture) for picture in _kernels(outcome)],
        confusion=Markup(pictures.confusion(outcome.confusion)),
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
    return [pictures.kernels(name, full[name], now[name]) for name in outcome.plan.pruning.kernels if full[name].ndim == 4]


def _map(outcome: Outcome) -> str:
    if outcome.map is None:
        return ""
    return draw_map(outcome.map, outcome.split.held_out.labels, "Map of the held-out samples")


def _percent(share: Any) -> str:
    return f"{100 * float(share):.2f}%"

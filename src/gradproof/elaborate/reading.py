"""Readings: what the text leaves open is read in every plausible way, one choice for each question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import product

#: Each question with its answers, the most usual first, and how an answer is told to a person.
ANSWERS: dict[str, dict[str, str]] = {
    "sigma": {
        "logistic": "σ is the logistic function 1/(1 + exp(-x))",
        "softmax": "σ is the softmax",
    },
    "log": {
        "natural": "log is the natural logarithm",
        "ten": "log is the logarithm to base 10",
        "two": "log is the logarithm to base 2",
    },
    "layout": {
        "denominator": "the gradient of a scalar has the shape of the variable",
        "numerator": "the gradient of a scalar is a row (numerator layout)",
    },
    "jacobian": {
        "outputs": "the rows of a Jacobian are the outputs",
        "inputs": "the rows of a Jacobian are the inputs",
    },
    "bars": {
        "norm": "|v| of a vector is its norm",
        "entries": "|v| of a vector is taken entry by entry",
    },
    "reach": {
        "product": "a derivative sign takes the whole product behind it",
        "factor": "a derivative sign takes the first factor behind it",
    },
    "sum_reach": {
        "sum": "a derivative sign takes the whole sum behind it",
        "term": "a derivative sign takes the first term behind it",
    },
    "named_reach": {
        "factor": "a gradient sign takes the function behind it alone",
        "product": "a gradient sign takes the whole product behind it",
    },
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to every question."""

    sigma: str = "logistic"
    log: str = "natural"
    layout: str = "denominator"
    jacobian: str = "outputs"
    bars: str = "norm"
    reach: str = "product"
    sum_reach: str = "sum"
    named_reach: str = "factor"

    def told(self, questions: frozenset[str]) -> tuple[str, ...]:
        """Return the answers to these questions in words."""
        return tuple(ANSWERS[entry.name][getattr(self, entry.name)] for entry in fields(self) if entry.name in questions)


def alternatives(first: Reading, questions: frozenset[str], settled: frozenset[str] = frozenset()) -> Iterator[Reading]:
    """Yield every reading that differs from the first in the open questions, the first one first."""
    names = sorted(questions - settled)
    choices = [_first_answer_first(name, getattr(first, name)) for name in names]
    for answers in product(*choices):
        yield replace(first, **dict(zip(names, answers, strict=True)))


def _first_answer_first(name: str, answer: str) -> list[str]:
    return [answer, *(other for other in ANSWERS[name] if other != answer)]

"""An answer to an open place, and what the methods that find answers are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gradproof.checker.sections import PlannedFormula
from gradproof.completion.notation import Notation
from gradproof.completion.numbers import Precision
from gradproof.completion.questions import Context, Question
from gradproof.elaborate.value import Value


@dataclass(frozen=True, slots=True)
class Answer:
    """A right side that may be filled in: ``latex``, and the number of further links that it has (``1/3 \\approx 0.333``).

    ``is_step`` tells that the place is a step of an algorithm, which is no claim; then
    ``proofs`` are the equations that have to hold for it, those of the gradient and the Hessian.
    """

    latex: str
    links: int = 0
    is_step: bool = False
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one of its contexts: the known side as a value, and how its answer is to be written.

    ``formulas`` and ``prose`` are those of its section.
    """

    question: Question
    context: Context
    formulas: tuple[PlannedFormula, ...]
    prose: str
    value: Value
    notation: Notation
    precision: Precision
    uses_decimals: bool

    @property
    def is_approximate(self) -> bool:
        """Whether the sign before the place asks for a decimal."""
        return self.question.place.relation in ("\\approx", "≈", "\\simeq", "\\doteq")


class Method(Protocol):
    """Finds answers of one kind, the best first; none where the question is of another kind."""

    def __call__(self, asked: Asked) -> Iterator[Answer]:
        """Yield the answers."""

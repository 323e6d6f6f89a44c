"""A claim in a narrower context: a letter may be a vector in one section of a document and a number in the next.

A claim that cannot be read with the evidence of its whole document is read once more with its own passage (the formulas under
the same heading), then alone. What the document declares in words holds everywhere. A narrower context knows less, so it may
show that a claim holds, and never that one fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradproof.checker.plan import PlannedFormula, Section, classify
from gradproof.elaborate.scope import Declared


@dataclass
class Neighbourhoods:
    """The narrower contexts of the formulas of a document, made when first asked for."""

    sections: Sequence[Section] = ()
    assumed: Mapping[str, Declared] = field(default_factory=dict)
    _passages: dict[tuple[int, int], dict[int, PlannedFormula]] = field(default_factory=dict)

    def narrower(self, planned: PlannedFormula) -> Iterator[tuple[str, PlannedFormula]]:
        """Yield the formula as it is classified in its passage, then alone, with the context in words."""
        place = next((n for n, section in enumerate(self.sections) if section.scope is planned.scope), None)
        if place is None:
            return
        section = self.sections[place]
        neighbours = [formula for formula in section.formulas if formula.passage == planned.passage]
        if 1 < len(neighbours) < len(section.formulas):
            key = (place, planned.passage)
            if key not in self._passages:
                self._passages[key] = self._classified(section, neighbours)
            yield "read with the formulas under the same heading", self._passages[key][planned.position]
        yield "read without the formulas around it", self._classified(section, [planned])[planned.position]

    def _classified(self, section: Section, formulas: Sequence[PlannedFormula]) -> dict[int, PlannedFormula]:
        """Classify some formulas of a section by themselves; what its words declare still holds."""
        narrow = Section(section.title)
        narrow.formulas = [
            replace(formula, scope=narrow.scope, sentences=[], conditions={}, assumptions=[], heads=[]) for formula in formulas
        ]
        classify(narrow, {**section.scope.declared, **self.assumed})
        return {formula.position: formula for formula in narrow.formulas}

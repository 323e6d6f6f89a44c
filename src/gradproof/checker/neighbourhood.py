"""A claim in a narrower context: a letter may be a vector in one section of a document and a number in the next.

A claim that cannot be read with the evidence of its whole document is read once more with its own passage (the formulas under the
same heading), then with its own formula, then alone. What the document declares in words holds everywhere; what it declares of a bold
letter does not hold of a plain one. A narrower context knows less, so it may show that a claim holds, and never that one fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradproof.checker.plan import classify
from gradproof.checker.sections import PlannedFormula, PlannedLink, Section
from gradproof.elaborate.scope import Declared
from gradproof.elaborate.survey import survey
from gradproof.reader.presentation import Chain

SAME_HEADING = "read with the formulas under the same heading"


@dataclass
class Neighbourhoods:
    """The narrower contexts of the formulas of a document, made when first asked for."""

    sections: Sequence[Section] = ()
    assumed: Mapping[str, Declared] = field(default_factory=dict)
    _passages: dict[tuple[int, int], dict[int, PlannedFormula]] = field(default_factory=dict)

    def narrower(self, planned: PlannedFormula, place: int) -> Iterator[tuple[str, PlannedFormula, PlannedLink]]:
        """Yield a link of a formula, by its place, as it is classified in each narrower context, with the context in words."""
        at = next((at for at, section in enumerate(self.sections) if section.scope is planned.scope), None)
        if at is None:
            return
        section = self.sections[at]
        neighbours = [formula for formula in section.formulas if formula.passage == planned.passage]
        if 1 < len(neighbours) < len(section.formulas):
            key = (at, planned.passage)
            if key not in self._passages:
                self._passages[key] = self._classified(section, neighbours)
            yield from _link(SAME_HEADING, self._passages[key][planned.position], place)
        links = [link for sentence in planned.sentences for link in sentence.links]
        if len(section.formulas) > 1:
            narrow = self._classified(section, [planned])[planned.position]
            yield from _link("read without the formulas around it", narrow, place)
        if len(links) > 1:
            tree = Chain(links[place].left, ((links[place].relation, links[place].right),), planned.tree.place)
            narrow = self._classified(section, [replace(planned, tree=tree)])[planned.position]
            yield from _link("read by itself", narrow, 0)

    def _classified(self, section: Section, formulas: Sequence[PlannedFormula]) -> dict[int, PlannedFormula]:
        """Classify some formulas of a section by themselves."""
        narrow = Section(section.title)
        narrow.formulas = [
            replace(formula, scope=narrow.scope, sentences=[], conditions={}, assumptions=[], heads=[], trouble=None)
            for formula in formulas
        ]
        bold = survey(formula.tree for formula in narrow.formulas).bold
        of_others = section.scope.survey.bold - bold - set(self.assumed)
        declared = {key: value for key, value in section.scope.declared.items() if key not in of_others}
        classify(narrow, {**declared, **self.assumed})
        return {formula.position: formula for formula in narrow.formulas}


def _link(words: str, planned: PlannedFormula, place: int) -> Iterator[tuple[str, PlannedFormula, PlannedLink]]:
    links = [link for sentence in planned.sentences for link in sentence.links]
    if planned.trouble is None and place < len(links):
        yield words, planned, links[place]

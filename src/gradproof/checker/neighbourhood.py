"""A claim in a narrower context: a letter may be a vector in one section of a document and a number in the next.

A claim that cannot be read with the evidence of its whole document is read once more with its own passage (the formulas under the same
heading), its part, its list item, its own formula, then alone. What the document declares in words holds everywhere; what it declares of
a bold letter does not hold of a plain one. A narrower context knows less, so it may show that a claim holds, and never that one fails:
unless all that the document defines of the claim's names stands under its own heading, for then nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradproof.checker.plan import classify
from gradproof.checker.sections import PlannedFormula, PlannedSentence, Section
from gradproof.checker.statements import mentions
from gradproof.elaborate.declared import declared_in
from gradproof.elaborate.scope import Declared
from gradproof.elaborate.survey import survey
from gradproof.reader.presentation import Chain

#: A context in words, the formula as it is classified there, the sentence and the place of the link in it.
Narrowed = tuple[str, PlannedFormula, PlannedSentence, int]
#: Claims of one document that are read again: one that can hardly be read at all is not worth more.
_MOST_CLAIMS = 1000
SAME_HEADING = "read with the formulas under the same heading"


@dataclass
class Neighbourhoods:
    """The narrower contexts of the formulas of a document, made when first asked for."""

    sections: Sequence[Section] = ()
    assumed: Mapping[str, Declared] = field(default_factory=dict)
    _asked: int = 0
    _passages: dict[tuple[int, int, str, bool], dict[int, PlannedFormula]] = field(default_factory=dict)

    def narrower(self, planned: PlannedFormula, place: int) -> Iterator[Narrowed]:
        """Yield a link of a formula, by its place, in each narrower context: the context in words, the formula, sentence and place."""
        at = next((at for at, section in enumerate(self.sections) if section.scope is planned.scope), None)
        if at is None or self._asked >= _MOST_CLAIMS:
            return
        self._asked += 1
        section = self.sections[at]
        neighbours = [formula for formula in section.formulas if formula.passage == planned.passage]
        if 1 < len(neighbours) < len(section.formulas):
            for is_own in (False, True):
                key = (at, planned.passage, "", is_own)
                if key not in self._passages:
                    self._passages[key] = self._classified(section, neighbours, is_own=is_own)
                yield from _link(SAME_HEADING, self._passages[key][planned.position], place)
        of_part = [formula for formula in neighbours if formula.part == planned.part] if planned.part else []
        of_item = [formula for formula in neighbours if formula.item == planned.item] if planned.item else []
        for words, name, companions in (("part", planned.part, of_part), ("item", str(planned.item), of_item)):
            for is_own in (False, True) if 1 < len(companions) < len(neighbours) else ():
                own = (at, planned.passage, f"{words} {name}", is_own)
                if own not in self._passages:
                    self._passages[own] = self._classified(section, companions, is_own=is_own)
                yield from _link(f"read with the formulas of the same {words}", self._passages[own][planned.position], place)
        links = [link for sentence in planned.sentences for link in sentence.links]
        if len(section.formulas) > 1:
            narrow = self._classified(section, [planned])[planned.position]
            yield from _link("read without the formulas around it", narrow, place)
        if len(links) > 1:
            tree = Chain(links[place].left, ((links[place].relation, links[place].right),), planned.tree.place)
            narrow = self._classified(section, [replace(planned, tree=tree)])[planned.position]
            yield from _link("read by itself", narrow, 0)

    def declares_otherwise(self, planned: PlannedFormula) -> bool:
        """Tell whether the formulas under a formula's heading declare one of its names otherwise than the document as a whole."""
        section = next((section for section in self.sections if section.scope is planned.scope), None)
        if section is None:
            return False
        here = declared_in([formula.tree for formula in section.formulas if formula.passage == planned.passage])
        whole = section.scope.declared
        changed = (key for key, value in here.items() if key in whole and not value.properties <= whole[key].properties)
        return any(mentions(planned.tree, key) for key in changed)

    def is_self_contained(self, planned: PlannedFormula, ranks: Mapping[str, int]) -> bool:
        """Tell whether all that the document defines of some names, with their numbers of axes, stands under the formula's own heading.

        What it defines elsewhere with another number of axes is another quantity of the same name.
        """
        section = next((section for section in self.sections if section.scope is planned.scope), None)
        if section is None:
            return False
        here = {formula.position for formula in section.formulas if formula.passage == planned.passage}
        tables = (section.scope.definitions, section.scope.functions)
        found = ((rank, entry) for name, rank in ranks.items() for table in tables for entry in table.get(name, ()))
        return all(entry.position in here or len(entry.axes) != rank for rank, entry in found)

    def _classified(
        self, section: Section, formulas: Sequence[PlannedFormula], *, is_own: bool = False
    ) -> dict[int, PlannedFormula]:
        """Classify some formulas of a section by themselves; ``is_own`` leaves out what formulas elsewhere say that a name is in."""
        narrow = Section(section.title)
        narrow.scope.rounded = section.scope.rounded
        narrow.formulas = [
            replace(formula, scope=narrow.scope, sentences=[], conditions={}, assumptions=[], heads=[], trouble=None)
            for formula in formulas
        ]
        bold = survey(formula.tree for formula in narrow.formulas).bold
        here = declared_in([formula.tree for formula in narrow.formulas])  # what is declared here is not what is declared elsewhere
        of_others = (section.scope.survey.bold - bold) | here.keys() - set(self.assumed)
        declared = {
            key: value
            for key, value in section.scope.declared.items()
            if key not in of_others and not (is_own and value.words == "membership")
        }
        classify(narrow, {**declared, **self.assumed})
        return {formula.position: formula for formula in narrow.formulas}


def _link(words: str, planned: PlannedFormula, place: int) -> Iterator[Narrowed]:
    if planned.trouble is not None:
        return
    for sentence in planned.sentences:
        if place < len(sentence.links):
            yield words, planned, sentence, place
            return
        place -= len(sentence.links)

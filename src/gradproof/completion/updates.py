"""Answers to steps of algorithms such as ``w_{t+1} = ?``: which method the words name, and what it steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from gradproof.checker.statements import source_of
from gradproof.completion.algorithms import METHODS, Partner, Situation, Step
from gradproof.completion.answer import Answer, Asked
from gradproof.completion.objectives import objective_of
from gradproof.completion.values import numeric_answers
from gradproof.elaborate.names import GREEK, base_name
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.trouble import Trouble
from gradproof.reader.parser import parse_formula
from gradproof.reader.presentation import Fenced, Infix, Name, Numeral, Scripted, Tree

_SENTENCE_END = re.compile(r"[.;?!]\s|\n|(?<!\w)\(\w{1,3}\)")
_METHODS = [(re.compile(words, re.IGNORECASE), method) for words, method in METHODS.items()]
_SETS = ("\\leftarrow", "\\gets", "←", ":=")


def update_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the right side of an update, where words say which method it is and the document has the objective."""
    found = _method(asked)
    if found is None:
        return
    naming, words, method = found
    step = _stepped(asked.context.known, asked.question.place.relation, asked.context.planned.source, asked.notation.text)
    if step is not None:
        partners = tuple(_partners(asked, step))
        for answer in method(Situation(asked, step, naming, words, partners, lambda name: objective_of(asked, name, words))):
            yield from _with_number(asked, step, answer)
            yield answer


def _with_number(asked: Asked, step: Step, answer: Answer) -> Iterator[Answer]:
    """Yield a step that is counted by a number, ``x_1``, with its value where the document gives what goes into it."""
    if not step.index.isdigit():
        return
    context = replace(asked.context, known=parse_formula(answer.latex))
    try:
        value, is_sure = context.value(Reading())
    except Trouble:
        return
    if is_sure:
        for number in numeric_answers(replace(asked, context=context, value=value)):
            yield replace(answer, latex=f"{answer.latex} = {number.latex}", links=1 + number.links)


def _method(asked: Asked) -> tuple[str, str, Callable[[Situation], Iterator[Answer]]] | None:
    """Return the words nearest to the place that name a method, all words around it, and the method."""
    before = asked.question.planned.before
    sentences = [part for part in _SENTENCE_END.split(before) if part.strip()]
    for words in (*reversed(sentences), asked.question.planned.section, *reversed(_SENTENCE_END.split(asked.prose))):
        for pattern, method in _METHODS:
            if pattern.search(words):
                return None if method is None else (words, f"{asked.prose} {before}", method)
    return None


# What is stepped ----------------------------------------------------------------------------------------------------------


def _stepped(tree: Tree, relation: str, source: str, text: str) -> Step | None:
    """Return what a left side steps: ``w_{t+1}`` steps ``w`` from ``w_t``, ``w_t`` from ``w_{t-1}``, ``w \\leftarrow`` from itself."""
    if isinstance(tree, Name):
        return Step(base_name(tree), source_of(tree, source)) if relation in _SETS else None
    if not isinstance(tree, Scripted) or (name := _name_below(tree.base)) is None:
        return None
    letter = source_of(tree.base, source).strip()
    if tree.sup is None and tree.sub is not None:
        return _indexed(name, letter, tree.sub, text, is_raised=False)
    if tree.sub is None and isinstance(tree.sup, Fenced) and tree.sup.body is not None:
        return _indexed(name, letter, tree.sup.body, text, is_raised=True)
    return None


def _name_below(tree: Tree) -> str | None:
    return base_name(tree) if isinstance(tree, Name) else None


def _indexed(name: str, letter: str, index: Tree, text: str, *, is_raised: bool) -> Step | None:
    """Return a step to ``t + 1`` from ``t``, or to ``t`` from ``t - 1`` where the document steps that way."""
    if isinstance(index, Infix) and index.operator == "+" and isinstance(index.right, Numeral) and index.right.text == "1":
        found = _counter(index.left)
        return None if found is None else Step(name, letter, found, f"{found}+1", is_raised)
    if isinstance(index, Numeral) and index.text.isdigit() and index.text != "0":
        step = Step(name, letter, str(int(index.text) - 1), index.text, is_raised)
        return step if "".join(step.now.split()) in "".join(text.split()) else None
    if (found := _counter(index)) is not None:
        step = Step(name, letter, f"{found}-1", found, is_raised)
        is_earlier = "".join(step.now.split()) in "".join(text.split())
        return step if is_earlier else None
    return None


def _counter(tree: Tree) -> str | None:
    """Return the letter that counts steps, as it is written: ``t``, ``\\tau``."""
    if not isinstance(tree, Name) or tree.accents or tree.primes:
        return None
    return tree.text if len(tree.text) == 1 else f"\\{tree.text}" if tree.text in GREEK else None


def _partners(asked: Asked, step: Step) -> Iterator[Partner]:
    """Yield the other quantities that the formulas of the section step, the nearest first."""
    here = asked.context.planned.position
    for planned in sorted(asked.formulas, key=lambda planned: abs(planned.position - here)):
        for sentence in planned.sentences:
            for link in sentence.links:
                relation = "\\leftarrow" if link.relation == "←" else link.relation
                other = _stepped(link.left, relation, planned.source, asked.notation.text)
                if other is not None and other.name != step.name:
                    right = source_of(link.right, planned.source)
                    yield Partner(other, "" if "\\begin{" in right else right)

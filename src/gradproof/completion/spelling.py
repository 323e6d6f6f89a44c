"""How a document writes its names: letters, fonts, accents, labels and the user's macros."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from gradproof.checker.sections import PlannedFormula
from gradproof.elaborate.names import base_name
from gradproof.elaborate.references import reference_of
from gradproof.reader.macros import Macro, MacroError, collect, expand
from gradproof.reader.presentation import Name, Scripted, Tree
from gradproof.reader.walk import subtrees

_ARGUMENT = r"\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\\[A-Za-z]+|[A-Za-z0-9])"


def spellings(formulas: Iterable[PlannedFormula]) -> dict[str, str]:
    """Return for each name of the algebra the LaTeX that the formulas write it with most often."""
    counts: dict[str, Counter[str]] = {}
    for planned in formulas:
        for node in subtrees(planned.tree):
            for key, text in _spelled(node, planned.source):
                counts.setdefault(key, Counter())[text] += 1
    return {key: max(found, key=lambda text: (found[text], -len(text))) for key, found in counts.items()}


def _spelled(node: Tree, source: str) -> Iterable[tuple[str, str]]:
    """Yield what a node shows of names: a letter, a letter with a label."""
    if isinstance(node, Name) and not node.primes:
        yield base_name(node), _text(node, source)
    if isinstance(node, Scripted):
        read = reference_of(node)
        base = node.base if isinstance(node.base, Name) else None
        if read is None or base is None:
            return
        reference = read[0]
        if not reference.subscripts and reference.key != base_name(base) and node.sub is not None and read[1].power is None:
            yield reference.key, _text(node, source).partition("^")[0].rstrip()
        elif reference.subscripts:
            yield reference.key, _text(base, source)
            if reference.numerals:
                yield reference.label_key, _text(node, source).partition("^")[0].rstrip()


def _text(node: Tree, source: str) -> str:
    return source[node.place.start : node.place.end].strip()


def macros_of(text: str) -> dict[str, Macro]:
    """Return the macros that a document defines."""
    found: dict[str, Macro] = {}
    collect(text, found)
    return found


def macro_uses(text: str, macros: Mapping[str, Macro]) -> dict[str, str]:
    """Return for each expansion of a macro as the document uses it how the document writes it."""
    found: dict[str, str] = {}
    bare = collect(text, {})
    for name, macro in macros.items():
        count = macro.arguments - (macro.default is not None)
        for match in re.finditer(rf"\\{re.escape(name)}(?![A-Za-z@])" + _ARGUMENT * count, bare):
            try:
                expansion = expand(match.group(), dict(macros)).strip()
            except MacroError:
                continue
            if expansion and len(match.group()) <= len(found.get(expansion, match.group())):
                found[expansion] = match.group()
    return found

"""How a document writes its names: letters, fonts, accents, labels and the user's macros."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gradproof.checker.sections import PlannedFormula
from gradproof.elaborate.names import base_name
from gradproof.elaborate.references import reference_of
from gradproof.reader.macros import Macro, MacroError, collect, expand
from gradproof.reader.presentation import Name, Scripted, Tree
from gradproof.reader.walk import subtrees

_ARGUMENT = r"\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\\[A-Za-z]+|[A-Za-z0-9])"


@dataclass(frozen=True, slots=True)
class Spellings:
    """How formulas write each name of the algebra: by itself (``alone``), and in front of subscripts (``indexed``).

    ``raised`` are the names whose number stands above (``x^{(i)}``), ``numbers`` has the letter of the first subscript,
    ``only_indexed`` are those that never stand alone.
    """

    alone: dict[str, str]
    indexed: dict[str, str]
    raised: frozenset[str]
    numbers: dict[str, str]
    only_indexed: frozenset[str]


def spellings(formulas: Iterable[PlannedFormula]) -> Spellings:
    """Return for each name how the formulas write it most often."""
    alone: dict[str, Counter[str]] = {}
    indexed: dict[str, Counter[str]] = {}
    raised: set[str] = set()
    numbers: dict[str, Counter[str]] = {}
    for planned in formulas:
        inner: set[int] = set()
        for node in subtrees(planned.tree):
            for key, text, is_indexed in _spelled(node, planned, inner):
                (indexed if is_indexed else alone).setdefault(key, Counter())[text] += 1
                if not is_indexed or not isinstance(node, Scripted):
                    continue
                if node.sub is None:
                    raised.add(key)
                letter = next((leaf.text for leaf in subtrees(node.sub or node.sup or node) if isinstance(leaf, Name)), "")
                if letter:
                    numbers.setdefault(key, Counter())[letter] += 1
    names = {key: _usual(found) for key, found in (indexed | alone).items()}
    return Spellings(
        names,
        {key: _usual(found) for key, found in indexed.items()},
        frozenset(raised),
        {key: _usual(found) for key, found in numbers.items()},
        frozenset(indexed.keys() - alone.keys()),
    )


def _usual(found: Counter[str]) -> str:
    return max(found, key=lambda text: (found[text], -len(text)))


def _spelled(node: Tree, planned: PlannedFormula, inner: set[int]) -> Iterator[tuple[str, str, bool]]:
    """Yield what a node shows of names: a letter, a letter with a label, a letter with subscripts; ``inner`` are letters seen as parts."""
    source = planned.source
    if isinstance(node, Name) and not node.primes and id(node) not in inner:
        yield base_name(node), _text(node, source), False
    if not isinstance(node, Scripted) or not isinstance(node.base, Name) or (read := reference_of(node)) is None:
        return
    reference, suffix = read
    if reference.subscripts:
        inner.add(id(node.base))
        key, subscripts = planned.scope.survey.key_of(reference)
        yield key if subscripts else reference.key, _text(node.base, source), True
        if reference.numerals:
            yield reference.label_key, _text(node, source).partition("^")[0].rstrip(), False
    elif reference.key != base_name(node.base) and node.sub is not None and suffix.power is None:
        inner.add(id(node.base))
        yield reference.key, _text(node, source).partition("^")[0].rstrip(), False


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

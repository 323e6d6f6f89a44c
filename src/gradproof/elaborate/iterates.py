"""Points of an algorithm: ``x_t`` beside the variable x of a function is a point, and no entry of x."""

from __future__ import annotations

from collections.abc import Iterable

from gradproof.elaborate.evidence import letters_in
from gradproof.elaborate.references import reference_of
from gradproof.reader.presentation import Adjacent, Chain, Fenced, Infix, Name, Scripted, Tree
from gradproof.reader.walk import subtrees


def iterates(forest: Iterable[Tree]) -> dict[str, set[str]]:
    """Return the variables of functions that an algorithm numbers too, with the letters that count its steps.

    With ``f(x) = x^2 - 2`` and ``x_{t+1} = x_t - f(x_t) / f'(x_t)`` the iterates are points, and no entries of x.
    """
    variables: set[str] = set()
    stepped: set[str] = set()
    letters: dict[str, set[str]] = {}
    for node in (node for tree in forest for node in subtrees(tree)):
        if isinstance(node, Chain) and isinstance(node.first, Adjacent) and len(node.first.items) == 2:
            fence = node.first.items[1]
            if isinstance(fence, Fenced) and isinstance(fence.body, Name):
                variables.add(fence.body.text)
        read = reference_of(node) if isinstance(node, Scripted) else None
        if read is None or not read[0].subscripts:
            continue
        key = read[0].key
        if len(read[0].subscripts) > 1:
            letters.setdefault(key, set()).add("")
        elif not read[0].numerals:
            letters.setdefault(key, set()).update(letters_in(read[0].subscripts[0]) or {""})
            if isinstance(read[0].subscripts[0], Infix) and read[0].subscripts[0].operator == "+":
                stepped.add(key)
    return {key: found for key, found in letters.items() if key in variables & stepped and len(found) == 1 and "" not in found}

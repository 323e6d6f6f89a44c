"""Every name that the language gives a meaning to: functions, layers, constants."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gradproof.expr.catalogue import BY_TEXT
from gradproof.formula.entry import Entry
from gradproof.formula.functions import (
    activations,
    constructions,
    differences,
    elementwise,
    matrices,
    penalties,
    reductions,
    vectors,
)
from gradproof.formula.layers import (
    adaptive,
    attention,
    convolution,
    cross_entropy,
    distances,
    linear,
    losses,
    lua,
    normalization,
    pooling,
    tsne,
)

_FAMILIES = (
    elementwise, activations, reductions, vectors, matrices, penalties, differences, constructions, convolution, pooling, adaptive,
    linear, losses, cross_entropy, distances, normalization, attention, tsne, lua,
)  # fmt: skip


def _by_name(entries: Iterable[Entry]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        for name in entry.names:
            assert name not in found, f"'{name}' means two functions"
            found[name] = entry
    return found


ENTRIES = _by_name(entry for family in _FAMILIES for entry in family.ENTRIES)
assert set(BY_TEXT) <= set(ENTRIES), f"the language lacks {set(BY_TEXT) - set(ENTRIES)}"

#: Greek letters and words that are functions before a parenthesis and quantities elsewhere.
ALSO_NAMES = frozenset(
    {"sigma", "Gamma", "step", "vector", "matrix", "logistic", "mod", "max", "min", "sum", "mean", "det", "tr", "var", "std"}
)


def is_function(name: str) -> bool:
    """Tell whether a name is one of a function."""
    return name in ENTRIES or name == "cases"


def nearest(name: str) -> str:
    """Return the function whose name is most like a name, or an empty string."""
    lowered = {entry.lower(): entry for entry in sorted(ENTRIES, key=str.islower)}
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""

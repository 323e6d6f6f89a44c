"""The evidence that formulas give of their symbols, and what follows from it: which name a reference means, and its rank."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradproof.elaborate.references import Reference, digits_of
from gradproof.reader.presentation import Infix, Name, Numeral, Tree
from gradproof.reader.walk import subtrees


@dataclass
class Survey:
    """The evidence: ``ranks`` by key, ``declared`` ranks that nothing may change, ``applied``, ``bare`` and ``subscripted`` uses,
    ``indices`` letters that were bound by a sum or stood in a subscript, ``sizes`` names that were the end of a sum,
    ``from_zero`` the axes (key, place) whose entries are numbered from 0, ``matrices`` the capital letters that are surely matrices,
    ``random`` those that stand for random variables, ``fewest`` the subscripts of a bold letter where it has the fewest,
    ``samples`` the letters under which a vector has numbered samples beside it: x and ``x_i``, by the name of the vector."""

    ranks: dict[str, int] = field(default_factory=dict)
    declared: dict[str, int] = field(default_factory=dict)
    scalars: set[str] = field(default_factory=set)
    applied: dict[str, int] = field(default_factory=dict)
    bare: dict[str, int] = field(default_factory=dict)
    indexed: dict[str, int] = field(default_factory=dict)
    subscripted: dict[str, int] = field(default_factory=dict)
    bold: set[str] = field(default_factory=set)
    indices: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    from_zero: set[tuple[str, int]] = field(default_factory=set)
    matrices: set[str] = field(default_factory=set)
    random: set[str] = field(default_factory=set)
    fewest: dict[str, int] = field(default_factory=dict)
    samples: dict[str, set[str]] = field(default_factory=dict)
    sample_letters: set[str] = field(default_factory=set)

    def rank(self, key: str) -> int:
        """Return the rank of a name."""
        return self.declared.get(key, self.ranks.get(key, 0))

    @property
    def has_matrices(self) -> bool:
        """Tell whether a name has two axes, or more."""
        return max((*self.ranks.values(), *self.declared.values()), default=0) >= 2

    def key_of(self, reference: Reference) -> tuple[str, tuple[Tree, ...]]:
        """Return the key that a reference means, and its subscripts: ``x_1`` is an entry only where x has axes.

        ``a_{ij}`` is the entry of the matrix A where there is one.
        """
        whole = self.matrix_of(reference)
        if whole:
            return whole, digits_of(reference.subscripts, 2)
        if self.is_sample(reference):
            return f"{reference.key}_of", reference.subscripts
        if reference.numerals and self.rank(reference.key) == 0:
            return reference.label_key, ()
        return reference.key, digits_of(reference.subscripts, self.rank(reference.key))

    def is_sample(self, reference: Reference) -> bool:
        """Tell whether a reference is a numbered sample of a vector: ``x_i`` beside x, where ``w^T x_i`` shows that it is no entry."""
        letters = self.samples.get(reference.key)
        if not letters or len(reference.subscripts) != 1:
            return False
        names = letters_in(reference.subscripts[0])
        return (bool(names) and names <= letters) or isinstance(reference.subscripts[0], Numeral)

    def matrix_of(self, reference: Reference) -> str:
        """Return the capital letter of the matrix that a small letter with two subscripts is an entry of, else nothing."""
        key = reference.key
        if reference.is_bold or len(key) != 1 or key.upper() not in self.matrices or key in self.declared:
            return ""
        return key.upper() if len(digits_of(reference.subscripts, 2)) == 2 else ""


def raise_rank(found: Survey, key: str, rank: int, subscripts: int) -> None:
    """Record that a name with that many subscripts still has ``rank`` axes left.

    Beyond its subscripts a small letter is at most a vector, a capital one at most a matrix: more axes come from evidence that
    contradicts itself, not from a tensor.
    """
    wanted = rank + subscripts
    most = max(found.indexed.get(key, 0), subscripts) + (2 if key[:1].isupper() else 1)
    if key not in found.scalars and found.ranks.get(key, 0) < wanted <= most:
        found.ranks[key] = wanted


def letters_in(subscript: Tree) -> set[str]:
    """Return the letters of a subscript: of ``k``, of ``k + 1``; none where it is made of other things too."""
    nodes = list(subtrees(subscript))
    if not all(isinstance(node, Name | Numeral | Infix) for node in nodes):
        return set()
    return {node.text for node in nodes if isinstance(node, Name)}

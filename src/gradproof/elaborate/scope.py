"""The symbol table of a scope: what each name of the document is, with its definitions in order."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction

from gradproof.elaborate.evidence import Survey
from gradproof.elaborate.sizes import Sizes, named_size
from gradproof.expr.node import Axis, Expr, Index, Symbol
from gradproof.reader.presentation import Tree


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name stands for: ``body`` over the free indices ``axes``; for a function, over ``parameters`` too.

    ``position`` is the place of the equation in the document, ``equation`` its id.
    """

    axes: tuple[Index, ...]
    body: Expr
    position: int
    equation: str
    parameters: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True)
class Declared:
    """What the document says of a name: the sizes of its axes (None where open), its properties, where it says so."""

    sizes: tuple[Expr | None, ...] | None
    properties: frozenset[str] = frozenset()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a recursion that the document states: the next member of a sequence and what it is made of."""

    position: int
    member: Tree
    made_of: Tree


@dataclass
class Scope:
    """The names of one stretch of a document.

    ``steps`` are recursions that make the next member, ``a_{t+1}`` of ``a_t``; ``members`` those that make a member, ``h_t`` of ``h_{t-1}``.
    ``given`` are decimals that are inputs, ``rounded`` those that are shown to be roundings (None: any may be one).
    """

    survey: Survey
    sizes: Sizes = field(default_factory=Sizes)
    declared: dict[str, Declared] = field(default_factory=dict)
    symbols: dict[str, list[tuple[int, Symbol]]] = field(default_factory=dict)
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    functions: dict[str, list[Definition]] = field(default_factory=dict)
    introduced: dict[str, int] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)
    members: dict[str, list[Step]] = field(default_factory=dict)
    given: set[Fraction] = field(default_factory=set)
    rounded: set[Fraction] | None = None

    def symbol(self, key: str, position: int = 0) -> Symbol:
        """Return the symbol that a name is at a position; it is made at its first use."""
        if key not in self.symbols:
            self.symbols[key] = [(0, self._made(key))]
        versions = self.symbols[key]
        place = bisect_right([start for start, _ in versions], position)
        return versions[max(place, 1) - 1][1]

    def renew(self, key: str, position: int) -> None:
        """From this position on a name is another symbol: its letter is used for something else."""
        made = self._made(key)
        if key in self.symbols:
            self.symbols[key] = [(s, v) for s, v in self.symbols[key] if s < position]
        self.symbols.setdefault(key, []).append((position, made))

    def _made(self, key: str) -> Symbol:
        declared = self.declared.get(key, Declared(None))
        rank = self.survey.rank(key) if declared.sizes is None else len(declared.sizes)
        if rank == 0:
            size = key in self.survey.sizes
            random = frozenset({"random"} if key in self.survey.random else ())
            return named_size(key) if size else Symbol(key, (), declared.properties | random)
        sizes = declared.sizes or (None,) * rank
        axes = tuple(
            Axis(self.sizes.unknown() if size is None else size, 0 if (key, place) in self.survey.from_zero else 1)
            for place, size in enumerate(sizes)
        )
        return Symbol(key, axes, declared.properties)

    def define(self, key: str, definition: Definition) -> None:
        """Add a definition of a name (or of a function, when it has parameters)."""
        table = self.functions if definition.parameters else self.definitions
        table.setdefault(key, []).append(definition)

    def definition(self, key: str, position: int) -> Definition | None:
        """Return the definition that holds at a position: the last one before it, else the first one after."""
        return _holding(self.definitions.get(key, []), position)

    def function(self, key: str, position: int, arity: int | None = None) -> Definition | None:
        """Return the definition of a function that holds at a position; ``H(X)`` and ``H(X, Y)`` are told apart by their ``arity``."""
        found = self.functions.get(key, [])
        return _holding([entry for entry in found if arity is None or len(entry.parameters) == arity], position)

    def is_known(self, key: str) -> bool:
        """Tell whether the document defines or declares a name."""
        return key in self.definitions or key in self.functions or key in self.declared


def _holding(found: list[Definition], position: int) -> Definition | None:
    if not found:
        return None
    place = bisect_right([definition.position for definition in found], position)
    return found[place - 1] if place else found[0]

"""What each name of a formula is: a variable, an index, a size, a part that was named before, a constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradproof.elaborate.scope import Declared
from gradproof.expr.node import Symbol
from gradproof.expr.walk import symbols
from gradproof.reader.plain.tree import (
    Big,
    Call,
    Infix,
    Name,
    Prefix,
    Slice,
    Statement,
    Subscripted,
    Tensor,
    Tree,
    parts,
    preorder,
)

#: Functions that a subscript may use on indices.
_WHOLE_FUNCTIONS = frozenset({"floor", "ceil", "mod", "modulo", "abs", "min", "max", "minimum", "maximum"})
_CONSTANTS = frozenset({"pi", "e", "eye"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known before the formula is read: declarations, and the shapes of the values that were given."""

    declared: Mapping[str, Declared] = field(default_factory=dict)
    given: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def sizes(self) -> frozenset[str]:
        """The names of sizes in the declarations."""
        found = (size for declared in self.declared.values() for size in declared.sizes or () if size is not None)
        return frozenset(symbol.name for size in found for symbol in symbols(size) if isinstance(symbol, Symbol))

    def knows(self, name: str) -> bool:
        """Tell whether a name was declared, is a size of a declaration, or was given a value."""
        return name in self.declared or name in self.given or name in self.sizes


@dataclass
class Scoping:
    """The names of a formula.

    ``letters`` has the free indices of each statement in order, ``uses`` what each name tree is ('index', 'part', 'variable',
    'constant'), ``variables`` the variables in order of appearance, ``sizes`` names that only measure axes, ``counts`` variables that
    nobody declared and that end a slice or a sum.
    """

    letters: list[tuple[str, ...]] = field(default_factory=list)
    uses: dict[Tree, str] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    sizes: set[str] = field(default_factory=set)
    counts: set[str] = field(default_factory=set)


def scoped(statements: Sequence[Statement], surroundings: Surroundings) -> Scoping:
    """Return what the names of a formula are."""
    found = Scoping()
    parts_before: set[str] = set()
    known_sizes = surroundings.sizes
    constants = _constants(statements, surroundings)
    for statement in statements:
        known = {*parts_before, *surroundings.declared, *surroundings.given, *known_sizes, *constants}
        letters = tuple(letter.text for letter in statement.letters) or _free_letters(statement.body, known)
        found.letters.append(letters)
        for tree, bound in _names(statement.body):
            name = tree.text
            if name in bound or name in letters:
                found.uses[tree] = "index"
            elif name in parts_before:
                found.uses[tree] = "part"
            elif name in constants:
                found.uses[tree] = "constant"
            else:
                found.uses[tree] = "variable"
                if name not in found.variables:
                    found.variables.append(name)
                if name in known_sizes and name not in surroundings.declared:
                    found.sizes.add(name)
        open_names = [name for name in found.variables if not surroundings.knows(name)]
        ends = _ends_of_axes(statement.body)
        found.sizes |= {name for name in open_names if name in ends}
        ends = {name for node in preorder(statement.body) for limit in _limits(node) for name in _names_below(limit)}
        found.counts |= {name for name in open_names if name in ends - found.sizes}
        if statement.name:
            parts_before.add(statement.name)
    return found


def _ends_of_axes(root: Tree) -> set[str]:
    """Return the names up to which an index runs that stands in subscripts: they are lengths of what has the subscripts."""
    subscripts = (part for node in preorder(root) if isinstance(node, Subscripted) for part in node.subscripts)
    reading = {name for part in subscripts if not isinstance(part, Slice) for name in _names_below(part)}
    ranges = [entry for node in preorder(root) if isinstance(node, Big | Tensor) for entry in node.ranges if entry.name in reading]
    return {name for entry in ranges if entry.upper is not None for name in _names_below(entry.upper)}


def _limits(node: Tree) -> list[Tree]:
    """Return the first and the last number of what a slice or the indices of a sum run over."""
    match node:
        case Slice(lower, upper):
            limits = [lower, upper]
        case Big(_, ranges) | Tensor(ranges):
            limits = [limit for entry in ranges for limit in (entry.lower, entry.upper)]
        case _:
            limits = []
    return [limit for limit in limits if limit is not None]


def _names_below(root: Tree) -> set[str]:
    return {node.text for node in preorder(root) if isinstance(node, Name)}


def _constants(statements: Sequence[Statement], surroundings: Surroundings) -> frozenset[str]:
    """``pi`` and ``eye`` unless they are declared; ``e`` where it only stands below powers."""
    found = set(_CONSTANTS)
    below: set[Tree] = set()
    for statement in statements:
        for node in preorder(statement.body):
            if isinstance(node, Infix) and node.operator == "^" and isinstance(node.left, Name) and node.left.text == "e":
                below.add(node.left)
            if isinstance(node, Name) and node.text == "e" and node not in below:
                found.discard("e")
            if isinstance(node, Subscripted) and isinstance(node.base, Name):
                found.discard(node.base.text)
    return frozenset(name for name in found if not surroundings.knows(name) and not any(s.name == name for s in statements))


def _names(root: Tree) -> Iterator[tuple[Name, frozenset[str]]]:
    """Yield the names of a tree from left to right, each with the indices that are bound around it."""
    stack: list[tuple[Tree, frozenset[str]]] = [(root, frozenset())]
    while stack:
        node, bound = stack.pop()
        if isinstance(node, Name):
            yield node, bound
            continue
        if isinstance(node, Big | Tensor):
            stack.extend(reversed(_with_bounds(node, bound)))
        else:
            stack.extend((part, bound) for part in reversed(parts(node)))


def _with_bounds(node: Big | Tensor, bound: frozenset[str]) -> list[tuple[Tree, frozenset[str]]]:
    """Return the parts of a binder with the indices that are bound around each: a limit sees the indices before it."""
    found: list[tuple[Tree, frozenset[str]]] = []
    for entry in node.ranges:
        found += [(limit, bound) for limit in (entry.lower, entry.upper) if limit is not None]
        bound |= {entry.name}
    inside = [node.body] if isinstance(node, Tensor) or node.condition is None else [node.condition, node.body]
    return [*found, *((part, bound) for part in inside)]


def _free_letters(root: Tree, known: set[str]) -> tuple[str, ...]:
    """Return the names in subscripts that nothing else explains, in order of appearance."""
    found: dict[str, None] = {}
    stack: list[tuple[Tree, frozenset[str], bool]] = [(root, frozenset(), False)]
    while stack:
        node, bound, inside = stack.pop()
        match node:
            case Name(text) if inside and text not in bound and text not in known:
                found.setdefault(text)
            case Subscripted(base, subscripts):
                stack.extend((part, bound, True) for part in reversed(subscripts))
                stack.append((base, bound, False))
            case Big() | Tensor():
                stack.extend((part, inner, inside) for part, inner in reversed(_with_bounds(node, bound)))
            case Infix() | Prefix():
                stack.extend((part, bound, inside) for part in reversed(parts(node)))
            case Call(function):
                stack.extend((part, bound, inside and function in _WHOLE_FUNCTIONS) for part in reversed(parts(node)))
            case _:
                stack.extend((part, bound, False) for part in reversed(parts(node)))
    return tuple(found)

"""What the parts of a formula say of each other's kinds, and what letters decide where they say too little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gradproof.elaborate.scope import Declared
from gradproof.errors import FormulaError
from gradproof.formula.conventions import RULE, preferences, usual
from gradproof.formula.entry import Arguments, Entry, matched
from gradproof.formula.inference import Inference, Tie
from gradproof.formula.kinds import (
    KINDS,
    LARGEST_RANK,
    MATRIX,
    NAMED,
    NOT_SCALAR,
    POWER,
    PRODUCT,
    QUOTIENT,
    SCALAR,
    TRANSPOSE,
    Broadcast,
    Relation,
    Table,
    describe,
    is_settled,
    of_rank,
    rank_of,
    told,
)
from gradproof.formula.scoping import Scoping, Surroundings
from gradproof.formula.vocabulary import ALSO_NAMES, ENTRIES, is_function, nearest
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tree import (
    Big,
    Bracket,
    Call,
    Cases,
    Comparison,
    Infix,
    Keyword,
    Listing,
    Name,
    Numeral,
    Postfix,
    Prefix,
    Range,
    Slice,
    Statement,
    Subscripted,
    Tensor,
    Tree,
    Whole,
    Word,
    parts,
)
from gradproof.reader.presentation import Place

#: Properties that only a square matrix has, and those that no scalar has.
OF_SQUARE = frozenset({"symmetric", "posdef", "orthogonal", "diagonal", "zerodiagonal"})
_OF_TENSOR = frozenset({"simplex", "onehot", "distribution", "stochastic"})

_REMEDIES = {
    "*": "Write x'*y for the inner product, x*y' for the outer one, x.*y entry by entry.",
    "/": "Write ./ to divide entry by entry, or *inv(...).",
    "^": "Write .^ for powers entry by entry.",
}


@dataclass
class Kinds:
    """The kind of every part of a formula, and what each call gives to its function."""

    of_tree: dict[Tree, int] = field(default_factory=dict)
    of_variable: dict[str, int] = field(default_factory=dict)
    calls: dict[Tree, tuple[Entry, Arguments]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def kinds_of(source: Source, statements: Sequence[Statement], scoping: Scoping, surroundings: Surroundings) -> Kinds:
    """Return the kind of each part.

    Raises: ShapeError: no kinds fit. FormulaError: an unknown function, or too many or too few arguments.
    """
    return _Evidence(source, scoping, surroundings).kinds(statements)


class _Evidence:
    def __init__(self, source: Source, scoping: Scoping, surroundings: Surroundings) -> None:
        self.source = source
        self.scoping = scoping
        self.surroundings = surroundings
        self.inference = Inference()
        self.places: dict[Tree, int] = {}
        self.constant: dict[Tree, bool] = {}
        self.variables: dict[str, int] = {}
        self.parts: dict[str, int] = {}
        self.found = Kinds()

    def kinds(self, statements: Sequence[Statement]) -> Kinds:
        for statement, letters in zip(statements, self.scoping.letters, strict=True):
            for node in self._postorder(statement.body):
                self.places[node] = self._enter(node)
                self.constant[node] = not isinstance(node, Name) and all(
                    self.constant.get(part, True) for part in self._parts(node)
                )
            whole = self._closed(statement, len(letters))
            if statement.name:
                self.parts[statement.name] = whole
        self.inference.settle()
        self._decide()
        self.found.of_tree = {node: self.inference.masks[place] for node, place in self.places.items()}
        self.found.of_variable = {name: self.inference.masks[place] for name, place in self.variables.items()}
        return self.found

    # The ties of a tree -----------------------------------------------------------------------------------------------

    def _parts(self, node: Tree) -> Sequence[Tree]:
        """The parts that are expressions: not the options of a function."""
        match node:
            case Call():
                return self._call(node)[1].tensors
            case Big(_, ranges, condition, body):
                limits = [limit for entry in ranges for limit in (entry.lower, entry.upper) if limit is not None]
                return [*limits, *([condition] if condition is not None else []), body]
            case Tensor(ranges, body):
                return [*(limit for entry in ranges for limit in (entry.lower, entry.upper) if limit is not None), body]
            case _:
                return parts(node)

    def _postorder(self, root: Tree) -> list[Tree]:
        found: list[Tree] = []
        stack = [root]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(self._parts(node))
        return found[::-1]

    def _call(self, node: Call) -> tuple[Entry, Arguments]:
        if node not in self.found.calls:
            entry = ENTRIES.get(node.function)
            if entry is None:
                raise self._unknown_function(node)
            self.found.calls[node] = (entry, matched(entry, node, self.source))
        return self.found.calls[node]

    def _unknown_function(self, node: Call) -> FormulaError:
        name = node.function
        if self.surroundings.knows(name) or name in self.parts:
            remedy = f"Write {name}*(...) for a product."
            return self.source.error(node.head, "a function was expected before '('", got=f"the variable '{name}'", remedy=remedy)
        near = nearest(name)
        remedy = f"Did you mean '{near}'?" if near else f"Write {name}*(...) if a product is meant."
        return self.source.error(node.head, "the name of a function was expected", got=f"'{name}'", remedy=remedy)

    def _enter(self, node: Tree) -> int:
        """Return the place of a node; its parts have theirs."""
        match node:
            case Numeral():
                return self.inference.place(SCALAR)
            case Name():
                return self._name(node)
            case Prefix(_, operand):
                return self.places[operand]
            case Postfix("!", operand):
                return self.places[operand]
            case Postfix(_, operand):
                return self._tied(node, node.place, TRANSPOSE, [operand], "a vector or a matrix was expected before a transpose")
            case Infix() | Comparison():
                return self._infix(node)
            case Call():
                return self._function(node)
            case Subscripted():
                return self._subscripted(node)
            case Bracket():
                return self._bracket(node)
            case Big() | Tensor():
                return self._bound(node)
            case Cases(values, conditions, otherwise):
                every = [*values, *conditions, otherwise]
                relation = Broadcast(tuple(self.constant[part] for part in every))
                return self._tied(node, node.place, relation, every, "cases of one shape were expected")
            case Whole() | Slice():
                return self.inference.place(SCALAR)  # it stands among subscripts alone, and is counted there
            case Word() | Listing() | Keyword() | Range():
                got = f"'{self.source.quote(node.place)}'"
                raise self.source.error(node.place, "one value was expected", got=got, remedy="Write a vector as [1, 2].")

    def _name(self, node: Name) -> int:
        use = self.scoping.uses[node]
        if use == "index":
            return self.inference.place(SCALAR)
        if use == "part":
            return self.parts[node.text]
        if use == "constant":
            return self.inference.place(MATRIX if node.text == "eye" else SCALAR)
        name = node.text
        if name not in self.variables:
            if is_function(name) and not self.surroundings.knows(name) and name not in ALSO_NAMES:
                remedy = f"Write {name}(...)."
                raise self.source.error(
                    node.place, "an argument was expected behind a function", got=f"'{name}' alone", remedy=remedy
                )
            self.variables[name] = self.inference.place(self._known(name, node.place))
        return self.variables[name]

    def _known(self, name: str, place: Place) -> int:
        """Return the kinds that declarations and values leave to a variable."""
        if name in self.scoping.sizes or name in self.scoping.counts:
            return SCALAR
        declared = self.surroundings.declared.get(name, Declared(None))
        shape = self.surroundings.given.get(name)
        ranks = {len(axes) for axes in (declared.sizes, shape) if axes is not None}
        if len(ranks) > 1:
            got = f"a value with {len(shape or ())}"
            remedy = "Change the declaration or the value."
            raise self.source.misfit(place, f"{name} was declared with {len(declared.sizes or ())} axes", got=got, remedy=remedy)
        if ranks:
            rank = ranks.pop()
            if rank > LARGEST_RANK:
                raise self.source.misfit(place, f"{name} with at most {LARGEST_RANK} axes was expected", got=str(rank))
            return of_rank(rank)
        if declared.properties & OF_SQUARE:
            return MATRIX
        return NAMED & NOT_SCALAR if declared.properties & _OF_TENSOR else NAMED

    def _infix(self, node: Infix | Comparison) -> int:
        pair = [node.left, node.right]
        relation: Relation
        if isinstance(node, Comparison) or node.operator in ("+", "-", ".*", "./", ".^", "and", "or"):
            relation = Broadcast((self.constant[node.left], self.constant[node.right]))
            return self._tied(node, node.sign, relation, pair, "operands of one shape were expected")
        if self._is_euler(node):
            return self.places[node.right]
        relation = {"*": PRODUCT, "/": QUOTIENT, "^": POWER}[node.operator]
        expected = {
            "*": "a product whose inner axes meet was expected",
            "/": "a division by a scalar was expected",
            "^": "a scalar or a square matrix to a scalar power was expected",
        }[node.operator]
        return self._tied(node, node.sign, relation, pair, expected, _REMEDIES[node.operator])

    def _is_euler(self, node: Infix) -> bool:
        return isinstance(node.left, Name) and node.left.text == "e" and self.scoping.uses[node.left] == "constant"

    def _function(self, node: Call) -> int:
        entry, arguments = self._call(node)
        arguments = replace(arguments, constant=tuple(self.constant[tree] for tree in arguments.tensors))
        self.found.calls[node] = (entry, arguments)
        relation = entry.relation(arguments)
        return self._tied(node, node.head, relation, list(arguments.tensors), f"{node.function} takes {told(relation)}")

    def _subscripted(self, node: Subscripted) -> int:
        taken = [subscript for subscript in node.subscripts if not isinstance(subscript, Whole | Slice)]
        ends = [end for part in node.subscripts if isinstance(part, Slice) for end in (part.lower, part.upper) if end is not None]
        for subscript in (*taken, *ends):
            self._fixed(subscript, SCALAR, "a scalar was expected as a subscript")
        count = len(node.subscripts)
        rows = tuple((kind, of_rank(rank_of(kind) - len(taken))) for kind in KINDS if rank_of(kind) >= count)
        relation = Table(rows, tuple(row for row in rows if rank_of(row[0]) == count))
        axes = "axis" if count == 1 else "axes"
        expected = f"something with {count} {axes} was expected before {count} subscript{'s' * (count > 1)}"
        return self._tied(node, node.place, relation, [node.base], expected)

    def _bracket(self, node: Bracket) -> int:
        entries = [cell for row in node.rows for cell in row]
        if not entries:
            raise self.source.error(node.place, "entries were expected between the brackets", got="none")
        if len(entries) == 1 and is_indicator(entries[0]):
            return self.places[entries[0]]
        inner = entries[0] if isinstance(entries[0], Bracket) and not is_scalar_bracket(entries[0]) else None
        if inner is not None and len(node.rows) == 1:
            kind = self.inference.masks[self.places[inner]]
            rank = rank_of(kind) + 1 if is_settled(kind) else 2
            if rank > LARGEST_RANK:
                raise self.source.misfit(node.place, f"at most {LARGEST_RANK} axes were expected", got=str(rank))
            for cell in entries:
                self._fixed(cell, kind, "rows of one shape were expected")
            return self.inference.place(of_rank(rank))
        for cell in entries:
            self._fixed(cell, SCALAR, "a scalar was expected as an entry")
        return self.inference.place(of_rank(1 if len(node.rows) == 1 else 2))

    def _bound(self, node: Big | Tensor) -> int:
        for entry in node.ranges:
            for limit in (entry.lower, entry.upper):
                if limit is not None:
                    self._fixed(limit, SCALAR, "a scalar was expected as a limit")
        if isinstance(node, Tensor):
            if len(node.ranges) > LARGEST_RANK:
                raise self.source.misfit(node.place, f"at most {LARGEST_RANK} axes were expected", got=str(len(node.ranges)))
            self._fixed(node.body, SCALAR, "a scalar was expected as an entry")
            return self.inference.place(of_rank(len(node.ranges)))
        if node.condition is not None:
            self._fixed(node.condition, SCALAR, "a condition on scalars was expected")
        return self.places[node.body]

    def _closed(self, statement: Statement, letters: int) -> int:
        """Return the place of a whole statement: its free indices are axes."""
        body = statement.body
        if not letters:
            return self.places[body]
        rows = tuple((kind, of_rank(rank_of(kind) + letters)) for kind in KINDS if rank_of(kind) + letters <= LARGEST_RANK)
        if not rows:
            raise self.source.misfit(body.place, f"at most {LARGEST_RANK} free indices were expected", got=str(letters))
        place = self.inference.place()
        complain = self._complaint(body.place, f"at most {LARGEST_RANK} axes were expected", "")
        self.inference.tie(Table(rows), [self.places[body], place], complain)
        return place

    def _tied(self, node: Tree, at: Place, relation: Relation, operands: list[Tree], expected: str, remedy: str = "") -> int:
        place = self.inference.place()
        self.inference.tie(relation, [*(self.places[part] for part in operands), place], self._complaint(at, expected, remedy))
        return place

    def _fixed(self, node: Tree, mask: int, expected: str) -> None:
        rows = tuple((kind,) for kind in KINDS if kind & mask)
        self.inference.tie(Table(rows), [self.places[node]], self._complaint(node.place, expected, ""))

    def _complaint(self, at: Place, expected: str, remedy: str) -> Callable[[tuple[int, ...]], Exception]:
        def complain(masks: tuple[int, ...]) -> Exception:
            operands = masks[:-1] if len(masks) > 1 else masks
            got = " and ".join(describe(mask) for mask in operands)
            hint = remedy or "Declare the shapes with --assume, or transpose one."
            return self.source.misfit(at, expected, got=got, remedy=hint)

        return complain

    # What is left open ------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Prefer what needs no second thought, then what the letters say."""
        inference = self.inference
        open_before = self._undecided()
        for group in (_is_firm, lambda tie: isinstance(tie.relation, Broadcast), self._is_division_or_power):
            inference.prefer(group)
        by_letter = self._undecided()
        if not inference.choose([(self.variables[name], usual(name)) for name in by_letter]):
            scalars = [(self.variables[name], MATRIX if usual(name) == MATRIX else SCALAR) for name in by_letter]
            if not inference.choose(scalars):
                for name in by_letter:
                    inference.decide(self.variables[name], preferences(name))
        for place in range(len(inference.masks)):
            if not is_settled(inference.masks[place]):
                inference.decide(place, KINDS)
        masks = self.inference.masks
        usually = [name for name in by_letter if masks[self.variables[name]] == usual(name)]
        self._tell([name for name in open_before if name not in usually], usually)

    def _is_division_or_power(self, tie: Tie) -> bool:
        """A divisor is a scalar where it can be one; so is what has a power. A vector rather has its entries raised than is none."""
        if tie.relation is POWER:
            return bool(self.inference.masks[tie.places[0]] & SCALAR)
        return tie.relation is QUOTIENT

    def _undecided(self) -> list[str]:
        return [name for name in self.variables if not is_settled(self.inference.masks[self.variables[name]])]

    def _tell(self, by_formula: list[str], by_letter: list[str]) -> None:
        for names, reason in ((by_formula, "by what stands beside them"), (by_letter, f"by their letters ({RULE})")):
            told = ", ".join(f"{name} is {describe(self.inference.masks[self.variables[name]])}" for name in names)
            if told:
                self.found.notes.append(f"{told}: {reason}")


def _is_firm(tie: Tie) -> bool:
    return not isinstance(tie.relation, Broadcast) and tie.relation not in (QUOTIENT, POWER)


def is_indicator(tree: Tree) -> bool:
    """Tell whether a tree is a condition."""
    return (
        isinstance(tree, Comparison)
        or (isinstance(tree, Infix) and tree.operator in ("and", "or"))
        or (isinstance(tree, Prefix) and tree.operator == "not")
    )


def is_scalar_bracket(tree: Bracket) -> bool:
    """Tell whether a bracket is an indicator, not a list of entries."""
    return len(tree.rows) == 1 and len(tree.rows[0]) == 1 and is_indicator(tree.rows[0][0])

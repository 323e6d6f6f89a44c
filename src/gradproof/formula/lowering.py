"""Syntax trees to tensor values: what each operator, name and subscript means once the kinds are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.elaborate.scope import Declared
from gradproof.elaborate.sizes import named_size
from gradproof.elaborate.trouble import Misfit
from gradproof.elaborate.value import Value, entry, freshened, mapped, scalar, transposed
from gradproof.expr import build
from gradproof.expr.node import Axis, Constant, Element, Expr, Index, Number, Piecewise, Symbol, fresh_index
from gradproof.expr.walk import substitute
from gradproof.formula import operators
from gradproof.formula.context import Context
from gradproof.formula.evidence import OF_SQUARE, Kinds, is_scalar_bracket
from gradproof.formula.functions.constructions import identity
from gradproof.formula.functions.elementwise import condition_of
from gradproof.formula.kinds import rank_of
from gradproof.formula.ranges import Ranges
from gradproof.formula.scoping import Scoping, Surroundings
from gradproof.formula.stages import StageBook, has_layers_within
from gradproof.reader.plain.descent import Descent, done, run
from gradproof.reader.plain.tree import (
    Big,
    Bracket,
    Call,
    Cases,
    Comparison,
    Infix,
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
)
from gradproof.reader.presentation import Place

_LETTERS = ("i", "j", "l", "u", "v", "w")
Environment = dict[str, Index]


@dataclass
class Lowering:
    """Gives meaning to the statements of a formula, one after the other."""

    context: Context
    scoping: Scoping
    surroundings: Surroundings
    kinds: Kinds
    symbols: dict[str, Symbol] = field(default_factory=dict)
    parts: dict[str, Value] = field(default_factory=dict)
    ranges: Ranges = field(init=False)
    stages: StageBook | None = None
    has_layers_within: bool = False

    def __post_init__(self) -> None:
        self.ranges = Ranges(self.context)

    def statement(self, statement: Statement, letters: tuple[str, ...]) -> Value:
        """Return the value of a statement; its free indices are its first axes."""
        self.ranges = Ranges(self.context)
        free = {letter: self.ranges.new(letter, statement.body.place) for letter in letters}
        value = run(self.value(statement.body, dict(free)))
        value = Value(value.body, (*free.values(), *value.axes), value.is_row and not free)
        limits = self.ranges.solution()
        if limits:
            axes = tuple(substitute(axis, limits) for axis in value.axes)
            value = Value(substitute(value.body, limits), axes, value.is_row)  # type: ignore[arg-type]
        if letters and not statement.letters:
            listed = ", ".join(letters)
            words = f"indices {listed} are the axes" if len(letters) > 1 else f"index {listed} is the axis"
            self.context.note(f"the free {words} of the result")
        if statement.name:
            if self.stages is not None:
                value = self.stages.named(value, statement.name, statement.body.place, letters)
            self.parts[statement.name] = value
        return value

    # Trees ------------------------------------------------------------------------------------------------------------

    def value(self, tree: Tree, around: Environment) -> Descent[Value]:
        """Return what a tree means; ``around`` has the indices that are bound around it."""
        match tree:
            case Numeral(text):
                return done(scalar(build.number(build.decimal(text).value)))
            case Name():
                return done(self._name(tree, around))
            case Prefix():
                return self._prefix(tree, around)
            case Postfix():
                return self._postfix(tree, around)
            case Infix("+" | "-"):
                return self._sum(tree, around)
            case Infix("*" | ".*"):
                return self._product(tree, around)
            case Infix() | Comparison():
                return self._infix(tree, around)
            case Call():
                return self._call(tree, around)
            case Subscripted():
                return self._subscripted(tree, around)
            case Bracket() if is_scalar_bracket(tree):
                return self.value(tree.rows[0][0], around)
            case Bracket():
                return self._bracket(tree, around)
            case Big() | Tensor():
                return self._bound(tree, around)
            case Cases():
                return self._cases(tree, around)
            case _:
                raise self.context.source.error(tree.place, "one value was expected")

    def _values(self, trees: Sequence[Tree], around: Environment) -> Descent[list[Value]]:
        found: list[Value] = []
        for tree in trees:
            found.append((yield self.value(tree, around)))
        return found

    # Names ------------------------------------------------------------------------------------------------------------

    def _name(self, tree: Name, around: Environment) -> Value:
        name = tree.text
        match self.scoping.uses[tree]:
            case "index":
                return scalar(around[name])
            case "part":
                return freshened(self.parts[name])
            case "constant":
                if name == "e":
                    self.context.note("e is Euler's number; --assume 'e:' makes it a variable")
                return identity(self.context) if name == "eye" else scalar(Constant(name))
            case _:
                return self._variable(name)

    def _variable(self, name: str) -> Value:
        if name in self.scoping.sizes:
            return scalar(named_size(name))
        if name not in self.symbols:
            self.symbols[name] = self._symbol(name)
        symbol = self.symbols[name]
        if not symbol.axes:
            return scalar(symbol)
        axes = tuple(self.context.sizes.axis_index(letter, axis) for letter, axis in zip(_LETTERS, symbol.axes, strict=False))
        return Value(Element(symbol, axes), axes)

    def _symbol(self, name: str) -> Symbol:
        declared = self.surroundings.declared.get(name, Declared(None))
        given = self.surroundings.given.get(name)
        rank = rank_of(self.kinds.of_variable[name])
        sizes: list[Expr | None] = list(declared.sizes or ())
        if not sizes:
            sizes = [build.number(size) for size in given] if given is not None else [None] * rank
        axes = [Axis(self.context.sizes.unknown() if size is None else size) for size in sizes]
        if declared.properties & OF_SQUARE and len(axes) >= 2:
            got = " x ".join(self.context.size_text(axis.size) for axis in axes)
            word = sorted(declared.properties & OF_SQUARE)[0]
            start = max(self.context.source.text.find(name), 0)
            place = Place(start, start + len(name))
            trouble = self.context.source.misfit(place, f"{name} was declared {word}, so a square matrix was expected", got=got)
            self.context.fit(axes[-2].size, axes[-1].size, trouble)
        if name in self.scoping.counts:
            self.context.note(f"{name} is a whole number: something is counted up to it")
            return Symbol(name, (), frozenset({"natural"}))
        return Symbol(name, tuple(axes), declared.properties)

    # Operators --------------------------------------------------------------------------------------------------------

    def _prefix(self, tree: Prefix, around: Environment) -> Descent[Value]:
        signs, operand = 0, tree
        while isinstance(operand, Prefix) and operand.operator in "+-":
            signs += operand.operator == "-"
            operand = operand.operand  # type: ignore[assignment]
        if operand is not tree:
            inner: Value = yield self.value(operand, around)
            return mapped(build.negate, inner) if signs % 2 else inner
        inner = yield self.value(tree.operand, around)
        condition = condition_of(self.context, inner, tree.operand)
        return mapped(lambda _: operators.negation(condition), inner)

    def _postfix(self, tree: Postfix, around: Environment) -> Descent[Value]:
        inner: Value = yield self.value(tree.operand, around)
        return mapped(lambda body: build.apply("factorial", body), inner) if tree.operator == "!" else transposed(inner)

    def _sum(self, tree: Infix, around: Environment) -> Descent[Value]:
        """Add the terms of a whole chain at once, so that a long sum takes linear time."""
        chain, signs = operators.chain(tree, ("+", "-"))
        terms: list[Value] = yield self._values(chain, around)
        return operators.added(self.context, terms, chain, signs)

    def _product(self, tree: Infix, around: Environment) -> Descent[Value]:
        chain, signs = operators.chain(tree, (tree.operator,))
        is_guarded = any(isinstance(factor, Bracket) and is_scalar_bracket(factor) for factor in chain)
        self.ranges.guards += is_guarded
        factors: list[Value] = yield self._values(chain, around)
        self.ranges.guards -= is_guarded
        if tree.operator == ".*":
            return operators.entrywise_product(self.context, factors, chain, signs[-1])
        return operators.multiplied(self.context, factors, chain, signs)

    def _infix(self, tree: Infix | Comparison, around: Environment) -> Descent[Value]:
        pair: list[Value] = yield self._values([tree.left, tree.right], around)
        if isinstance(tree, Comparison):
            return operators.compared(self.context, tree, pair)
        return operators.combined(self.context, tree, pair)

    def _cases(self, tree: Cases, around: Environment) -> Descent[Value]:
        trees = [*tree.conditions, *tree.values, tree.otherwise]
        values: list[Value] = yield self._values(trees, around)
        bodies, frame = self.context.aligned(values, trees, tree.place)
        count = len(tree.conditions)
        tests = tuple(condition_of(self.context, Value(bodies[at]), trees[at]) for at in range(count))
        return Value(Piecewise(tests, tuple(bodies[count:-1]), bodies[-1]), frame.axes, frame.is_row)

    def _call(self, tree: Call, around: Environment) -> Descent[Value]:
        function, arguments = self.kinds.calls[tree]
        values: list[Value] = yield self._values(arguments.tensors, around)
        if function.is_layer:
            self.has_layers_within |= has_layers_within(values)
            values = [self._set_apart(value, part) for value, part in zip(values, arguments.tensors, strict=True)]
        try:
            found = function.lower(self.context, arguments, tuple(values))
        except Misfit as trouble:
            raise self.context.source.misfit(
                tree.head, f"shapes that fit {tree.function} were expected", got=trouble.reason
            ) from None
        return self._set_apart(found, tree) if function.is_layer else found

    def _set_apart(self, value: Value, tree: Tree) -> Value:
        """Return a value as a stage that has the name of its outermost function, where stages are asked for."""
        if self.stages is None:
            return value
        return self.stages.set_apart(value, tree.function if isinstance(tree, Call) else "part", tree.place)

    # Subscripts and literals ------------------------------------------------------------------------------------------

    def _subscripted(self, tree: Subscripted, around: Environment) -> Descent[Value]:
        self.context.note("subscripts count from 1")
        base: Value = yield self.value(tree.base, around)
        if any(isinstance(part, Whole | Slice) for part in tree.subscripts):
            slice_: Value = yield self._slice(tree, base, around)
            return slice_
        subscripts: list[Value] = yield self._values(tree.subscripts, around)
        words = self.context.source.quote(tree.base.place)
        for axis, subscript, part in zip(base.axes, subscripts, tree.subscripts, strict=False):
            self._check_whole(subscript.body, part)
            self.ranges.access(axis, subscript.body, words, part.place)
        if isinstance(base.body, Element) and base.body.indices == base.axes and len(subscripts) == base.rank:
            return scalar(Element(base.body.symbol, tuple(subscript.body for subscript in subscripts)))
        return entry(base, tuple(subscript.body for subscript in subscripts))

    def _slice(self, tree: Subscripted, base: Value, around: Environment) -> Descent[Value]:
        """``X[i, :]`` keeps the second axis, ``x[2:4]`` three entries of the only one."""
        base = freshened(base)
        words = self.context.source.quote(tree.base.place)
        places: list[Expr] = list(base.axes)
        kept: list[Index] = []
        for place, (axis, part) in enumerate(zip(base.axes, tree.subscripts, strict=False)):
            if isinstance(part, Whole):
                kept.append(axis)
            elif isinstance(part, Slice):
                first: Expr = yield self._end(part.lower, axis.lower, axis, words, around)
                last: Expr = yield self._end(part.upper, axis.upper, axis, words, around)
                index = self._between(axis, first, last, part)
                kept.append(index)
                places[place] = build.subtract(build.add(first, index), build.ONE)
            else:
                places[place] = yield self._end(part, axis.lower, axis, words, around)
        kept += base.axes[len(tree.subscripts) :]
        return Value(entry(base, tuple(places)).body, tuple(kept))

    def _end(self, tree: Tree | None, usual: Expr, axis: Index, of: str, around: Environment) -> Descent[Expr]:
        """Return a subscript, or the usual one where it was left out."""
        if tree is None:
            return usual
        subscript: Value = yield self.value(tree, around)
        self._check_whole(subscript.body, tree)
        self.ranges.access(axis, subscript.body, of, tree.place)
        return subscript.body

    def _between(self, axis: Index, first: Expr, last: Expr, tree: Slice) -> Index:
        """Return the index of a slice, from 1."""
        size = build.add(build.subtract(last, first), build.ONE)
        if isinstance(size, Number) and size.value < 1:
            ends = f"{self.context.size_text(first)} to {self.context.size_text(last)}"
            remedy = "Both ends are taken: x[2:4] has three entries."
            raise self.context.source.error(
                tree.place, "a slice of one entry or more was expected", got=f"one from {ends}", remedy=remedy
            )
        return self.context.index(axis.name, size)

    def _check_whole(self, subscript: Expr, tree: Tree) -> None:
        if isinstance(subscript, Number) and subscript.value.denominator != 1:
            raise self.context.source.error(tree.place, "a whole number was expected as a subscript", got=str(subscript.value))

    def _bracket(self, tree: Bracket, around: Environment) -> Descent[Value]:
        rows: list[list[Value]] = []
        for row in tree.rows:
            rows.append((yield self._values(row, around)))
        return operators.literal(self.context, rows, tree)

    def _bound(self, tree: Big | Tensor, around: Environment) -> Descent[Value]:
        inner = dict(around)
        indices: list[Index] = []
        for item in tree.ranges:
            index: Index = yield self._index(item, inner)
            inner[item.name] = index
            indices.append(index)
        is_guarded = isinstance(tree, Big) and tree.condition is not None
        self.ranges.guards += is_guarded
        body: Value = yield self.value(tree.body, inner)
        self.ranges.guards -= is_guarded
        if isinstance(tree, Tensor):
            return Value(body.body, tuple(indices))
        condition: Expr | None = None
        if tree.condition is not None:
            test: Value = yield self.value(tree.condition, inner)
            condition = condition_of(self.context, test, tree.condition)
        return Value(build.reduce(tree.operation, indices, body.body, condition), body.axes, body.is_row)

    def _index(self, item: Range, around: Environment) -> Descent[Index]:
        if item.lower is None or item.upper is None:
            return self.ranges.new(item.name, item.place)
        lower: Value = yield self.value(item.lower, around)
        upper: Value = yield self.value(item.upper, around)
        return fresh_index(item.name, lower.body, upper.body)

"""Formulas in LaTeX: read and given their meaning as in a document of one formula."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from gradproof.elaborate.evidence import Survey
from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.reach import bound_by, with_wide_sums
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.references import Suffix, is_transpose, reference_of
from gradproof.elaborate.scope import Declared, Definition, Scope
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.survey import survey
from gradproof.elaborate.trouble import Misfit, Trouble
from gradproof.elaborate.value import Value
from gradproof.errors import GradproofError
from gradproof.expr.build import number
from gradproof.expr.node import Axis, Call, Element, Expr, Hole, Index, Number, Operator, Symbol, TensorEntry
from gradproof.expr.walk import free_symbols, postorder, substitute, transform
from gradproof.expr.walk import symbols as symbols_of
from gradproof.formula.counters import counters, told
from gradproof.formula.dimensions import Dimensions
from gradproof.formula.formula import Formula, Intermediate
from gradproof.formula.kinds import describe, of_rank
from gradproof.formula.scoping import Surroundings
from gradproof.formula.transcription import slices
from gradproof.reader.parser import parse_formula
from gradproof.reader.plain.source import Source
from gradproof.reader.presentation import Adjacent, Big, Chain, Listing, Name, Place, Scripted, Tree, Words
from gradproof.reader.presentation import Hole as HoleTree
from gradproof.reader.walk import subtrees

_EQUALITIES = frozenset({"=", ":=", "≡"})
_FENCES = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_DEEPEST = 16
#: Words behind which stands what the names of a formula mean.
_WHERE = frozenset({"where", "with"})
#: What a capital stands for by convention, with its rank, where nothing else is said of it: the identity matrix.
_CONVENTIONAL = {"I": 2}
#: What the name of a table has behind it whose rows are samples, ``x^{(i)}``.
_OF_SAMPLES = "_of"

#: A script in braces that no plain formula has: ``x_{i}``, ``x^{2}``; behind ``sum_`` and its kin stand ranges.
_BRACED = re.compile(r"(?<![A-Za-z])[A-Za-z]_\{|[A-Za-z0-9)\]]\^\{")

#: What a statement names, and its body.
Item = tuple[Name | Scripted | None, Tree]


def is_latex(text: str) -> bool:
    """Tell whether a text is LaTeX: plain formulas have neither commands nor dollar signs, nor braces behind letters and powers."""
    return "\\" in text or "$" in text or _BRACED.search(text) is not None


def read_latex(source: Source, surroundings: Surroundings) -> Formula:
    """Return the formula that LaTeX means; ``z = W x + b; \\ldots`` names a part.

    Raises: FormulaError: there is a hole, or a construct without a rule. ShapeError: the shapes do not fit.
    """
    return _Latex(source, surroundings).formula()


def statements_of(text: str) -> tuple[list[Item], int]:
    """Return the statements of a formula in LaTeX, what is explained behind it first, and where its places begin."""
    body, shift = _unfenced(text)
    return _statements(parse_formula(body)), shift


class _Latex:
    def __init__(self, source: Source, surroundings: Surroundings) -> None:
        self.source = source
        self.surroundings = surroundings
        self.body, self.shift = _unfenced(source.text)
        self._begin()

    def _begin(self) -> None:
        self.sizes = Dimensions()
        self.scope = Scope(Survey(), self.sizes)
        self.notes: list[str] = []
        self.parts: list[tuple[str, Value]] = []

    def formula(self) -> Formula:
        tree = parse_formula(self.body)
        known = frozenset({*self.surroundings.declared, *self.surroundings.given})
        statements = [(head, with_wide_sums(body, known)) for head, body in _statements(tree)]
        for sliced in slices(statements, self.surroundings):
            place = self._place(sliced.place)
            raise self.source.error(place, "a slice from one entry to another was expected", got=self.source.quote(place))
        self._check_holes(tree)
        try:
            value = self._attempted(statements)
            return self._finished(value, [body for _, body in statements])
        except Trouble as trouble:
            raise self._error(trouble) from None
        except RecursionError:
            raise self.source.error(Place(0, 0), "a formula that is nested less deeply was expected") from None

    def _attempted(self, statements: list[Item]) -> Value:
        """Read with the ranks that the looks of products suggest; without them where that does not fit."""
        trees = [body for _, body in statements]
        self._survey(trees, {})
        looks = {name: rank for tree in trees for name, rank in _suggested(tree).items() if self._is_open(name, rank)}
        if looks:
            self._begin()
            self._survey(trees, looks)
            try:
                value = self._read(statements)
            except Trouble:
                self._begin()
                self._survey(trees, {})
            else:
                self.notes += [
                    f"{name} is {describe(of_rank(rank))}: by its place in a product" for name, rank in sorted(looks.items())
                ]
                return value
        return self._read(statements)

    def _is_open(self, name: str, rank: int) -> bool:
        """Tell whether nothing else in the formula says that a name has as many axes, or that it has not."""
        found = self.scope.survey
        return found.rank(name) < rank and name not in found.declared and name not in found.sizes

    def _read(self, statements: list[Item]) -> Value:
        return [self._value(position, head, body) for position, (head, body) in enumerate(statements, start=1)][-1]

    def _check_holes(self, tree: Tree) -> None:
        for node in subtrees(tree):
            if isinstance(node, HoleTree):
                raise self.source.error(self._place(node.place), "mathematics that can be read was expected", got=node.reason)

    def _place(self, place: Place) -> Place:
        return Place(place.start + self.shift, place.end + self.shift)

    def _survey(self, trees: list[Tree], looks: Mapping[str, int]) -> None:
        declared: dict[str, Declared] = dict(self.surroundings.declared)
        for name, shape in self.surroundings.given.items():
            known = declared.get(name, Declared(None))
            sizes = known.sizes if known.sizes is not None else tuple(number(size) for size in shape)
            declared[name] = Declared(sizes, known.properties, known.words)
        declared.update(
            {f"{name}{_OF_SAMPLES}": known for name, known in declared.items() if f"{name}{_OF_SAMPLES}" not in declared}
        )
        ranks = {key: len(value.sizes) for key, value in declared.items() if value.sizes is not None}
        self.scope.survey = survey(trees, {**_CONVENTIONAL, **looks, **ranks})
        self.scope.survey.sizes |= self.surroundings.sizes
        self.scope.declared = declared

    def _value(self, position: int, head: Name | Scripted | None, tree: Tree) -> Value:
        """Return the value of a statement and enter what it names."""
        lowering = Lowering(self.scope, Reading(), position)
        lowering.announce([tree])
        value = lowering.value(tree)
        self._make_square(value.body)
        self.sizes.settle()
        for letter in sorted(lowering.free.keys() & _bound_letters(tree)):
            lowering.note(
                f"{letter} stands outside of its sum too, as an axis of the result: parentheses would put it under the sum"
            )
        read = reference_of(head) if head is not None else None
        order = [subscript.text for subscript in read[0].subscripts if isinstance(subscript, Name)] if read is not None else []
        letters = sorted(lowering.free, key=lambda letter: order.index(letter) if letter in order else len(order))
        whole = Value(value.body, (*(lowering.free[letter] for letter in letters), *value.axes), value.is_row)
        self.notes += [note for note in lowering.notes if note not in self.notes]
        self.notes += [note for note in lowering.reading.told(frozenset(lowering.questions)) if note not in self.notes]
        if read is not None:
            key = read[0].label_key if read[0].numerals else read[0].key
            self.scope.survey.declared[key] = whole.rank
            self.scope.define(key, Definition(whole.axes, whole.body, position, key))
            self.parts.append((key, whole))
        return whole

    def _make_square(self, body: Expr) -> None:
        """Inverses and determinants are of square matrices."""
        for node in postorder(body):
            if isinstance(node, TensorEntry) and node.function in ("inverse", "det", "logdet"):
                self.sizes.unify(extent(node.bound[0]), extent(node.bound[1]), f"the matrix of {node.function}")

    def _opened(self, root: Expr, position: int) -> Expr:
        """Put in the parts that were named before."""

        def change(node: Expr) -> Expr:
            symbol = node.symbol if isinstance(node, Element) else node
            if not isinstance(symbol, Symbol):
                return node
            definition = self.scope.definition(symbol.name, position - 1)
            if definition is None:
                return node
            indices = node.indices if isinstance(node, Element) else ()
            if len(indices) != len(definition.axes):
                return node
            for mine, other in zip(symbol.axes, definition.axes, strict=True):
                self.sizes.unify(mine.size, Axis(other.upper).size, f"the sizes of {symbol.name}")
            return substitute(definition.body, dict(zip(definition.axes, indices, strict=True)))

        return transform(root, change)

    def _finished(self, value: Value, trees: list[Tree]) -> Formula:
        for _ in range(_DEEPEST if self.parts else 0):
            opened = Value(self._opened(value.body, len(trees)), value.axes, value.is_row)
            if opened.body is value.body:
                break
            value = opened
        parts = self.parts[:-1] if self.parts and self.parts[-1][1].axes == value.axes else self.parts
        roots = [*value.axes, value.body, *(axis for _, part in parts for axis in part.axes), *(part.body for _, part in parts)]
        names = {symbol.name for root in roots for symbol in symbols_of(root)} | set(self.surroundings.sizes)
        solution: Mapping[Expr, Expr] = self.sizes.solution(roots, names)
        body = transform(substitute(value.body, solution), _exact)
        self._check_readable(body)
        counted = counters(body)
        self.notes += told(counted)
        short: dict[Any, Expr] = {**_without_suffixes(substitute(body, counted), [name for name, _ in parts]), **counted}
        body = substitute(body, short)
        return Formula(
            text=self.source.text,
            value=body,
            axes=_axes(value, solution),
            symbols=_symbols(body, trees),
            intermediates=tuple(_intermediate(name, part, solution, short) for name, part in parts),
            notes=tuple(self.notes),
        )

    def _check_readable(self, body: Expr) -> None:
        """Refuse what has no value: holes, unknown functions, derivatives and expectations."""
        start = Place(self.shift, self.shift)
        for node in postorder(body):
            if isinstance(node, Call):
                raise self.source.error(start, "functions that are known were expected", got=f"'{node.function}'")
            if isinstance(node, Hole):
                raise self.source.error(start, "mathematics that can be read was expected", got=node.reason)
            if isinstance(node, Operator) and node.kind != "integral":
                raise self.source.error(start, "a formula that has a value was expected", got=f"the operator '{node.kind}'")

    def _error(self, trouble: Trouble) -> GradproofError:
        place = Place(self.shift, self.shift)
        if isinstance(trouble, Misfit):
            return self.source.misfit(place, "shapes that fit were expected", got=trouble.reason, remedy="Declare the shapes.")
        return self.source.error(place, "a formula that can be read was expected", got=trouble.reason)


def _unfenced(text: str) -> tuple[str, int]:
    """Return what stands between dollar signs or brackets, and where that begins."""
    inner = text.strip()
    shift = text.find(inner)
    for opening, closing in _FENCES:
        if len(inner) > len(opening) + len(closing) and inner.startswith(opening) and inner.endswith(closing):
            return inner[len(opening) : -len(closing)], shift + len(opening)
    return inner, shift


def _statements(tree: Tree) -> list[Item]:
    """Split ``z = W x + b; ...`` into what is named and what it is; of a chain the last side counts."""
    items = _definitions_first(tree.items) if isinstance(tree, Listing) else (tree,)
    found: list[Item] = []
    for item in items:
        if isinstance(item, Chain) and item.first is not None and item.links[0][0] in _EQUALITIES:
            head = item.first if isinstance(item.first, Name | Scripted) else None
            found.append((head, item.links[-1][1]))
        else:
            found.append((None, item))
    return found


def _bound_letters(root: Tree) -> set[str]:
    """Return the letters that the sums of a tree bind."""
    return {letter for node in subtrees(root) if isinstance(node, Big) for letter in bound_by(node)}


def _definitions_first(items: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """Put what stands behind 'where' before what it explains."""
    for place, item in enumerate(items):
        if (
            isinstance(item, Adjacent)
            and len(item.items) == 2
            and isinstance(item.items[0], Words)
            and item.items[0].text in _WHERE
        ):
            return (item.items[1], *items[place + 1 :], *items[:place])
    return items


def _intermediate(name: str, part: Value, solution: Mapping[Expr, Expr], short: Mapping[Any, Expr]) -> Intermediate:
    named = short.get(Symbol(name), Symbol(name))
    assert isinstance(named, Symbol)
    return Intermediate(named.name, substitute(transform(substitute(part.body, solution), _exact), short), _axes(part, solution))


def _without_suffixes(body: Expr, parts: Sequence[str]) -> dict[Expr, Expr]:
    """Return the tables of samples, the rows ``x^{(i)}``, with the names that they have in the formula: x, where nothing else is called so."""
    found = [*symbols_of(body), *map(Symbol, parts)]
    names = {symbol.name for symbol in found}
    whole = {symbol: symbol.name.removesuffix(_OF_SAMPLES) for symbol in found if symbol.name.endswith(_OF_SAMPLES)}
    return {symbol: Symbol(name, symbol.axes, symbol.properties) for symbol, name in whole.items() if name not in names}


def _exact(node: Expr) -> Expr:
    """A decimal that is typed stands for itself."""
    return Number(node.value) if isinstance(node, Number) and node.ulp is not None else node


def _axes(value: Value, solution: Mapping[Expr, Expr]) -> tuple[Index, ...]:
    return tuple(index for axis in value.axes if isinstance(index := substitute(axis, solution), Index))


def _symbols(body: Expr, trees: list[Tree]) -> tuple[Symbol, ...]:
    """Return the variables in order of appearance; a symbol that only measures an axis is none."""
    found: dict[str, Symbol] = {}
    free = free_symbols(body)
    for node in postorder(body):
        symbol = node.symbol if isinstance(node, Element) else node
        if isinstance(symbol, Symbol) and "size" not in symbol.properties and symbol in free:
            found.setdefault(symbol.name, symbol)
    order: dict[str, None] = {}
    for tree in trees:
        for part in subtrees(tree):
            read = reference_of(part) if isinstance(part, Name | Scripted) else None
            for name in (read[0].label_key, read[0].key) if read is not None else ():
                order.setdefault(name)
    return tuple(found[name] for name in (*order, *sorted(set(found) - set(order))) if name in found)


def _capital(tree: Tree) -> str:
    """Return the key of what is named like a matrix: ``W``, ``W_1``, ``W_{out}``; nothing for an entry and for what is transposed."""
    read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
    if read is None or read[1] != Suffix() or (read[0].subscripts and not read[0].numerals):
        return ""
    key = read[0].label_key if read[0].numerals else read[0].key
    letter = tree.base if isinstance(tree, Scripted) else tree
    return key if isinstance(letter, Name) and len(letter.text) == 1 and letter.text.isupper() else ""


def _suggested(root: Tree) -> dict[str, int]:
    """Return ranks that the looks of products suggest: ``W`` in ``W x`` is a matrix, ``x`` in ``w^T x_i`` has vectors as entries."""
    found: dict[str, int] = {}
    for node in subtrees(root):
        if not isinstance(node, Adjacent):
            continue
        for left, right in pairwise(node.items):
            if not isinstance(right, Name | Scripted):
                continue
            matrix = _capital(left)
            if matrix:
                found[matrix] = 2
            read = reference_of(right)
            if (
                isinstance(left, Scripted)
                and is_transpose(left.sup)
                and left.sub is None
                and read is not None
                and read[0].subscripts
            ):
                found[read[0].key] = len(read[0].subscripts) + 1
    return found

"""Presentation trees to tensor values, under one reading: the dispatch over tree kinds, names and scripts.

Products, large operators, derivatives, probability and conditions have files of their own; each takes the ``Lowering``.
"""

from __future__ import annotations

from fractions import Fraction

from gradproof.elaborate import applications, bigs, conditions, derivatives, probability, products
from gradproof.elaborate.ellipsis import GUESSED, SETTLED
from gradproof.elaborate.names import spoken
from gradproof.elaborate.reach import WIDENED
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.references import Reference, is_transpose, reference_of
from gradproof.elaborate.scope import Scope
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.trouble import Misfit, Unreadable
from gradproof.elaborate.value import (
    Value,
    dot,
    elementwise,
    entry,
    freshened,
    identity,
    inverse,
    literal,
    mapped,
    matrix_power,
    renamed,
    scalar,
    shape_text,
    tensor_scalar,
    transposed,
)
from gradproof.expr import build
from gradproof.expr.node import Axis, Call, Constant, Element, Expr, Index, Iverson, Number, Piecewise, Symbol
from gradproof.reader.presentation import (
    Accented,
    Adjacent,
    Annotated,
    Big,
    Cases,
    Chain,
    Fenced,
    Grid,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Postfix,
    Prefix,
    Root,
    Rows,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.presentation import (
    Fraction as FractionTree,
)
from gradproof.reader.walk import subtrees

_PRODUCT_SIGNS = frozenset({"*", "⊙", "⊘", "/", "∘", "⊗"})
_SUM_SIGNS = frozenset({"+", "-"})


class Lowering:
    """Gives meaning to the trees of one link of one formula.

    ``indices`` are the letters that are bound at this place, ``free`` those that the whole link leaves free.
    ``questions`` collects which open questions of the reading were asked, ``notes`` what else a reader should be told.
    """

    def __init__(self, scope: Scope, reading: Reading, position: int) -> None:
        self.scope = scope
        self.reading = reading
        self.position = position
        self.indices: dict[str, Index] = {}
        self.free: dict[str, Index] = {}
        self.subscript_letters: set[str] = set()
        self.trees: list[Tree] = []
        self.questions: set[str] = set()
        self.notes: list[str] = []

    def announce(self, trees: list[Tree]) -> None:
        """Tell which trees are going to be read, so that letters in subscripts are known to be indices."""
        self.trees.extend(trees)
        for tree in trees:
            for node in subtrees(tree):
                read = reference_of(node) if isinstance(node, Scripted) else None
                for subscript in read[0].subscripts if read else ():
                    self.subscript_letters.update(leaf.text for leaf in subtrees(subscript) if isinstance(leaf, Name))
        for tree in trees:
            for node in subtrees(tree):
                self.subscript_letters.update(self._compared_with_index(node))

    def _compared_with_index(self, node: Tree) -> list[str]:
        """Return the letter that is compared with a subscript and is one elsewhere: c of ``[j = c]`` beside ``z_c``."""
        match node:
            case Chain(Name(left, _, "italic"), (("=" | "≠", Name(right, _, "italic")),)):
                pairs = ((left, right), (right, left))
                return [
                    letter for letter, other in pairs if other in self.subscript_letters and letter in self.scope.survey.indices
                ]
            case _:
                return []

    def answer(self, question: str) -> str:
        """Return how the reading answers a question, and note that it was asked."""
        self.questions.add(question)
        return str(getattr(self.reading, question))

    def note(self, words: str) -> None:
        """Add to what a reader is told about how the formula was read."""
        if words not in self.notes:
            self.notes.append(words)

    def scalar(self, tree: Tree, what: str) -> Expr:
        """Return the body of a tree that has to be a scalar."""
        value = self.value(tree)
        if value.rank:
            raise Misfit("M102", f"{what} has to be a scalar", is_certain=False)
        return value.body

    def value(self, tree: Tree) -> Value:
        """Return what a tree means, or raise ``Trouble``."""
        match tree:
            case Numeral(text):
                return scalar(self._number(text))
            case Name():
                return self.name(tree)
            case Scripted():
                return self.scripted(tree)
            case Adjacent(items):
                return products.adjacent(self, items)
            case Infix(operator) if operator in _SUM_SIGNS:
                return self._sum(tree)
            case Infix(operator) if operator in _PRODUCT_SIGNS:
                return products.infix(self, tree)
            case Prefix(operator, operand) if operator in _SUM_SIGNS:
                inner = self.value(operand)
                return mapped(build.negate, inner) if operator == "-" else inner
            case Postfix("!", operand):
                return scalar(build.apply("factorial", self.scalar(operand, "the argument of a factorial")))
            case FractionTree():
                return derivatives.fraction(self, tree)
            case Root(radicand, degree):
                return self._root(radicand, degree)
            case Fenced():
                return self._fenced(tree)
            case Big():
                return bigs.big(self, tree)
            case Grid(rows, fence):
                return self._grid(rows, fence)
            case Cases(rows):
                return self._cases(rows)
            case Annotated(body, note):
                if isinstance(note, Words) and note.text in (SETTLED, GUESSED, WIDENED):
                    self.note(note.text)
                return self.value(body)
            case Hole(text, reason):
                raise Unreadable("U101" if reason == "ellipsis" else "U102", reason, hint=text)
            case Chain() | Listing() | Words() | Rows() | Accented() | Infix() | Prefix() | Postfix():
                raise Unreadable("U110", f"no rule for {_told(tree)} at this place")

    def _number(self, text: str) -> Number:
        """Return a printed number; a decimal is exact where the document gives it as an input, and nowhere shows it to be a rounding."""
        number = build.decimal(text)
        scope = self.scope
        is_exact = number.value in scope.given or (scope.rounded is not None and number.value not in scope.rounded)
        return Number(number.value) if number.ulp is not None and is_exact else number

    # Names -----------------------------------------------------------------------------------------------------

    def name(self, tree: Name) -> Value:
        """Return what a name without scripts means."""
        if tree.text in self.indices and not tree.accents and not tree.primes:
            return scalar(self.indices[tree.text])
        if constant := self._constant(tree):
            return constant
        read = reference_of(tree)
        if read is None:
            raise Unreadable("U110", f"no rule for the sign '{spoken(tree.text)}' alone")
        return self.quantity(read[0])

    def _constant(self, tree: Name) -> Value | None:
        survey, key = self.scope.survey, tree.text
        if tree.font == "bold" and key in ("0", "1"):
            if key == "0":
                return scalar(build.ZERO)
            return Value(build.ONE, (self.scope.sizes.index("i"),))
        if key == "pi" and not (self.scope.is_known(key) or key in survey.indexed or key in survey.applied):
            return scalar(Constant("pi"))
        if key == "infty":
            return scalar(Constant("infinity"))
        if key == "e" and not tree.accents and not tree.primes and self._is_euler():
            self.note("e is Euler's number")
            return scalar(Constant("e"))
        if key == "I" and not self.scope.is_known(key) and key not in survey.indexed and survey.has_matrices:
            self.note("I is the identity matrix")
            return identity(self.scope.sizes)
        return None

    def _is_euler(self) -> bool:
        survey = self.scope.survey
        named = self.scope.is_known("e") or "e" in survey.indexed or "e" in survey.applied or "e" in survey.indices
        return not named and survey.rank("e") == 0 and "e" not in self.scope.introduced

    def quantity(self, reference: Reference) -> Value:
        """Return the value of a quantity of the document at its subscripts."""
        key, subscripts = self.scope.survey.key_of(reference)
        if not subscripts and key in self.scope.survey.indices and self._is_free_letter(key):
            return scalar(self.free_index(key, None))
        if key == "delta" and len(subscripts) == 2 and not self.scope.is_known(key):
            return self._kronecker(subscripts)
        definition = self.scope.function(key, self.position)
        if definition is not None and not subscripts and not self.scope.survey.rank(key):
            if any(parameter.axes for parameter in definition.parameters):
                return freshened(Value(definition.body, definition.axes))
            return scalar(Call(key, tuple(definition.parameters), (0,) * len(definition.parameters)))
        symbol = self.scope.symbol(key, self.position)
        if not symbol.axes:
            if subscripts:
                raise Misfit("M102", f"{spoken(key)} is a scalar, yet it has a subscript", is_certain=False)
            return scalar(symbol)
        return self.element(symbol, subscripts)

    def _kronecker(self, subscripts: tuple[Tree, ...]) -> Value:
        """``\\delta_{ij}`` is 1 where the two subscripts are equal, else 0."""
        self.note("δ with two subscripts is Kronecker's delta")
        axis = Axis(self.scope.sizes.unknown())
        left, right = (self.subscript(tree, axis) for tree in subscripts)
        for place in (left, right):
            self.scope.sizes.access(axis, place, "δ")
        return scalar(build.delta(left, right))

    def _is_free_letter(self, key: str) -> bool:
        return key in self.subscript_letters and not self.scope.is_known(key) and key not in self.scope.survey.sizes

    def element(self, symbol: Symbol, subscripts: tuple[Tree, ...]) -> Value:
        """Return entries of a tensor symbol: axes without a subscript stay axes."""
        if len(subscripts) > len(symbol.axes):
            words = f"{spoken(symbol.name)} has {len(symbol.axes)} axes, yet {len(subscripts)} subscripts"
            raise Misfit("M102", words, is_certain=False)
        places: list[Expr] = []
        for axis, subscript in zip(symbol.axes, subscripts, strict=False):
            place = self.subscript(subscript, axis)
            self.scope.sizes.access(axis, place, spoken(symbol.name))
            places.append(place)
        rest = tuple(self.scope.sizes.axis_index("i", axis) for axis in symbol.axes[len(subscripts) :])
        return Value(Element(symbol, (*places, *rest)), rest)

    def subscript(self, tree: Tree, axis: Axis) -> Expr:
        """Return the integer that a subscript means."""
        if isinstance(tree, Name) and tree.text not in self.indices:
            key = tree.text
            if not (self.scope.is_known(key) or key in self.scope.survey.sizes) or self.scope.survey.rank(key):
                return self.free_index(key, axis)
        return self.scalar(tree, "a subscript")

    def free_index(self, letter: str, axis: Axis | None) -> Index:
        """Return the free index of the link with this letter."""
        if letter not in self.free:
            self.free[letter] = self.scope.sizes.index(letter, origin=axis.origin if axis is not None else 1)
        return self.indices.get(letter, self.free[letter])

    # Scripts and powers ----------------------------------------------------------------------------------------

    def scripted(self, tree: Scripted) -> Value:
        """Return what a base with scripts means."""
        special = applications.scripted_function(self, tree) or probability.scripted(self, tree)
        if special is not None:
            return special
        if isinstance(tree.base, Fenced) and tree.base.opening in "‖|" and tree.base.body is not None:
            return self._norm(tree.base, tree.sub, tree.sup)
        read = reference_of(tree)
        if read is not None:
            reference, suffix = read
            if reference.key == "e" and suffix.power is not None and not self.scope.is_known("e"):
                return mapped(lambda body: build.apply("exp", body), self.value(suffix.power))
            base = self.quantity(reference) if reference.subscripts else self._base(tree, reference)
            if suffix.is_transpose:
                return transposed(base)
            return base if suffix.power is None else self.power(base, suffix.power)
        if tree.sub is not None:
            return self._entry_of_expression(tree)
        if tree.sup is None:
            raise Unreadable("U110", "no rule for a prime at this place")
        base = self.value(tree.base)
        return transposed(base) if is_transpose(tree.sup) else self.power(base, tree.sup)

    def _base(self, tree: Scripted, reference: Reference) -> Value:
        return self.name(tree.base) if isinstance(tree.base, Name) and tree.sub is None else self.quantity(reference)

    def _entry_of_expression(self, tree: Scripted) -> Value:
        """``(A x)_i``: an entry of a value."""
        from_value = freshened(self.value(tree.base))
        reference = reference_of(Scripted(Name("x", tree.place), tree.sub, None, tree.place))
        subscripts = reference[0].subscripts if reference is not None else ()
        if not subscripts or len(subscripts) > from_value.rank:
            raise Unreadable("U110", "no rule for this subscript of an expression")
        mapping: list[Expr] = []
        for axis, subscript in zip(from_value.axes, subscripts, strict=False):
            shape = Axis(extent(axis), int(axis.lower.value) if isinstance(axis.lower, Number) else 1)
            place = self.subscript(subscript, shape)
            self.scope.sizes.access(shape, place, "the expression")
            mapping.append(place)
        chosen = entry(from_value, tuple(mapping))
        return chosen if tree.sup is None else self.power(chosen, tree.sup)

    def power(self, base: Value, exponent: Tree) -> Value:
        """Return a power: of a scalar, of a square matrix, else of every entry."""
        if isinstance(exponent, Name | Scripted) and is_transpose(exponent):
            return transposed(base)
        if isinstance(exponent, Prefix) and exponent.operator == "-" and is_transpose(exponent.operand) and base.rank == 2:
            return transposed(inverse(base))
        if isinstance(exponent, Prefix) and exponent.operator == "∘":
            count = self.scalar(exponent.operand, "an exponent")
            return mapped(lambda body: build.power(body, count), base)
        amount = self.scalar(exponent, "an exponent")
        if base.rank == 0:
            return scalar(build.power(base.body, amount))
        if base.rank == 2 and isinstance(amount, Number) and amount.value.denominator == 1:
            times = int(amount.value)
            if times != 0 and abs(times) <= 12:
                return matrix_power(base, times, self.scope.sizes)
        self.note("the power of a vector is taken entry by entry")
        return mapped(lambda body: build.power(body, amount), base)

    def _root(self, radicand: Tree, degree: Tree | None) -> Value:
        inner = self.value(radicand)
        if degree is None:
            return mapped(build.square_root, inner)
        order = self.scalar(degree, "the degree of a root")
        return mapped(lambda body: build.power(body, build.divide(build.ONE, order)), inner)

    # Sums, fences, matrices -------------------------------------------------------------------------------------

    def _sum(self, tree: Infix) -> Value:
        """Add the terms from left to right; the left spine is walked, so that a long sum needs no recursion."""
        terms: list[tuple[str, Tree]] = []
        node: Tree = tree
        while isinstance(node, Infix) and node.operator in _SUM_SIGNS:
            terms.append((node.operator, node.right))
            node = node.left
        if derivatives.takes_sum(self, node, [term for _, term in terms]):
            return derivatives.of_sum(self, node, terms[::-1])
        values = [("+", self.value(node)), *((sign, self.value(term)) for sign, term in reversed(terms))]
        if all(value.rank == 0 for _, value in values):
            pairs = [(Fraction(1 if sign == "+" else -1), value.body) for sign, value in values]
            return scalar(build.weighted_sum(pairs))
        result = values[0][1]
        for sign, value in values[1:]:
            operation = build.add if sign == "+" else build.subtract
            result = self._added(operation, result, value)
        return result

    def _added(self, operation: object, left: Value, right: Value) -> Value:
        assert callable(operation)
        if {left.rank, right.rank} == {1, 2}:
            return self._row_broadcast(operation, left, right)
        return elementwise(operation, left, freshened(right), self.scope.sizes, "a sum")

    def _row_broadcast(self, operation: object, left: Value, right: Value) -> Value:
        """A matrix plus a vector: the vector is added to every row, as in a batch of samples."""
        assert callable(operation)
        matrix, vector = (left, right) if left.rank == 2 else (right, left)
        row = Value(vector.body, vector.axes)
        self.scope.sizes.unify(extent(matrix.axes[1]), extent(row.axes[0]), "a vector added to the rows of a matrix")
        moved = renamed(row, (matrix.axes[1],))
        self.note("a vector added to a matrix is added to every row")
        bodies = (matrix.body, moved.body) if left.rank == 2 else (moved.body, matrix.body)
        return Value(operation(*bodies), matrix.axes)

    def _fenced(self, tree: Fenced) -> Value:
        if tree.body is None:
            raise Unreadable("U110", "no rule for an empty pair of parentheses")
        match tree.opening:
            case "|" | "‖":
                return self._norm(tree, None, None)
            case "⌊" | "⌈":
                name = "floor" if tree.opening == "⌊" else "ceil"
                return mapped(lambda body: build.apply(name, body), self.value(tree.body))
            case "[" if isinstance(tree.body, Chain):
                return conditions.indicator(self, tree.body)
            case "⟨" if isinstance(tree.body, Listing) and len(tree.body.items) == 2:
                left, right = (self.value(item) for item in tree.body.items)
                return dot(left, right, self.scope.sizes)
            case "(" | "[" if isinstance(tree.body, Listing) and set(tree.body.separators) == {","}:
                cells = [self.scalar(item, "an entry of a vector") for item in tree.body.items]
                return literal([[cell] for cell in cells], self.scope.sizes)
            case _:
                return self.value(tree.body)

    def _norm(self, tree: Fenced, sub: Tree | None, sup: Tree | None) -> Value:
        assert tree.body is not None
        inner = self.value(tree.body)
        order = _norm_order(sub)
        if inner.rank == 0:
            result = scalar(build.apply("abs", inner.body))
        elif tree.opening == "|" and inner.rank == 1 and sub is sup is None and self.answer("bars") == "entries":
            return mapped(lambda body: build.apply("abs", body), inner)
        elif tree.opening == "|" and inner.rank == 2 and sub is None:
            result = tensor_scalar("det", inner)
        elif order in ("2", "F", "") and inner.rank <= 2:
            if inner.rank == 2 and order == "2":
                self.note("the norm of a matrix is the Frobenius norm")
            return self._euclidean(inner, sup)
        elif order == "1" and inner.rank == 1:
            result = scalar(build.sum_over(list(inner.axes), build.apply("abs", inner.body)))
        elif order == "0":
            result = scalar(build.sum_over(list(inner.axes), Iverson(build.compare("!=", inner.body, build.ZERO))))
        elif order == "*" and inner.rank == 2:
            result = tensor_scalar("nuclear_norm", inner)
        elif order == "2,1" and inner.rank == 2:
            result = scalar(build.sum_over([inner.axes[0]], self._euclidean(Value(inner.body, (inner.axes[1],)), None).body))
        elif order == "infty" and inner.rank == 1:
            result = tensor_scalar("norminf", inner)
        else:
            raise Unreadable("U110", f"no rule for this norm of {shape_text(inner)}")
        return result if sup is None else self.power(result, sup)

    def _euclidean(self, inner: Value, sup: Tree | None) -> Value:
        squares = scalar(build.sum_over(list(inner.axes), build.power(inner.body, build.TWO)))
        if isinstance(sup, Numeral) and sup.text == "2":
            return squares
        norm = scalar(build.square_root(squares.body))
        return norm if sup is None else self.power(norm, sup)

    def _grid(self, rows: tuple[tuple[Tree, ...], ...], fence: str) -> Value:
        if len({len(row) for row in rows}) != 1:
            raise Misfit("M102", "the rows of a matrix have different lengths", is_certain=True)
        cells = [[self.scalar(cell, "an entry of a matrix") for cell in row] for row in rows]
        value = literal(cells, self.scope.sizes)
        return tensor_scalar("det", value) if fence == "|" and value.rank == 2 else value

    def _cases(self, rows: tuple[tuple[Tree, Tree | None], ...]) -> Value:
        tests: list[Expr] = []
        values: list[Expr] = []
        otherwise: Expr | None = None
        for body, test in rows:
            branch = self.scalar(body, "a case")
            condition = None if test is None else conditions.case_condition(self, test)
            if condition is None:
                otherwise = branch
                break
            tests.append(condition)
            values.append(branch)
        if otherwise is None:
            tests, values, otherwise = tests[:-1], values[:-1], values[-1]
        return scalar(Piecewise(tuple(tests), tuple(values), otherwise) if tests else otherwise)


def _norm_order(sub: Tree | None) -> str:
    match sub:
        case None:
            return ""
        case Numeral(text) | Name(text):
            return text
        case Listing((Numeral("2"), Numeral("1")), _):
            return "2,1"
        case _:
            return "?"


def _told(tree: Tree) -> str:
    names = {"Listing": "a list", "Chain": "a relation", "Words": "words", "Rows": "several rows"}
    return names.get(type(tree).__name__, f"'{getattr(tree, 'operator', type(tree).__name__)}'")

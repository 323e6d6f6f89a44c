"""A formula in LaTeX as the tree of the same formula in plain text: layers and their options, ``where``, guarded subscripts, extremes.

The elaboration of documents reads mathematics by its looks and knows the functions of the catalogue. What a typed formula may have
besides (``\\operatorname{conv2d}(X, K, \\mathrm{padding}=1)``) has its meaning in the plain language alone, so it is read there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradproof.elaborate.applications import FUNCTION_LETTERS
from gradproof.elaborate.names import base_name
from gradproof.elaborate.references import digits_of, index_subscripts, is_symbolic, is_transpose, reference_of
from gradproof.elaborate.trouble import Unreadable
from gradproof.expr.catalogue import BY_TEXT
from gradproof.formula.scoping import Surroundings
from gradproof.formula.vocabulary import is_function
from gradproof.reader import presentation as shown
from gradproof.reader.plain import tree as plain
from gradproof.reader.presentation import Place
from gradproof.reader.walk import subtrees

_RELATIONS = {"=": "=", "≡": "=", "≠": "!=", "<": "<", ">": ">", "≤": "<=", "≥": ">="}
_OPERATORS = {"+": "+", "-": "-", "*": "*", "/": "/", "⊙": ".*", "∘": ".*", "⊘": "./", "∧": "and", "∨": "or"}
_REDUCTIONS = {"sum": "sum", "prod": "prod", "max": "max", "min": "min", "sup": "max", "inf": "min"}
_NORMS = {"1": "norm1", "2": "norm2", "F": "normF", "infty": "norminf", "0": "norm0", "*": "norm_nuc"}
_FENCES = {"|": "abs", "‖": "norm2", "⌊": "floor", "⌈": "ceil"}
_AND = frozenset({",", ";"})

#: What a statement names, the letters of its indices, and its body.
Item = tuple[shown.Name | shown.Scripted | None, shown.Tree]


def transcribed(items: Sequence[Item], surroundings: Surroundings, shift: int) -> list[plain.Statement]:
    """Return the statements of a formula in LaTeX as those of a plain one; places are moved by ``shift``.

    Raises: Unreadable: something has no counterpart in the plain language.
    """
    return [_Transcription(surroundings, shift).statement(head, body) for head, body in items]


def slices(items: Sequence[Item], surroundings: Surroundings) -> list[shown.Scripted]:
    """Return the tensors with slices as subscripts, ``x_{2:4}``; of a name that nobody declared it may be a whole sequence that is meant."""
    nodes = (node for _, body in items for node in subtrees(body) if isinstance(node, shown.Scripted))
    return [node for node in nodes if _is_sliced(node) and surroundings.knows(base_name(node.base))]  # type: ignore[arg-type]


def _is_sliced(tree: shown.Scripted) -> bool:
    marks = tree.sub.items if isinstance(tree.sub, shown.Listing) else (tree.sub,)
    is_cut = isinstance(tree.sub, shown.Listing) and ":" in tree.sub.separators
    return isinstance(tree.base, shown.Name) and (is_cut or any(_is_colon(mark) for mark in marks))


def _is_colon(tree: shown.Tree | None) -> bool:
    return isinstance(tree, shown.Name) and tree.text == ":"


def speaks_plain(items: Sequence[Item], surroundings: Surroundings) -> bool:
    """Tell whether a formula has a function, an option or a slice in it that only the plain language knows."""
    if slices(items, surroundings):
        return True
    words = (node for _, body in items for node in subtrees(body) if isinstance(node, shown.Name) and node.font == "roman")
    return any(is_function(word.text) and word.text not in BY_TEXT for word in words)


@dataclass(frozen=True, slots=True)
class _Transcription:
    surroundings: Surroundings
    shift: int

    def statement(self, head: shown.Name | shown.Scripted | None, body: shown.Tree) -> plain.Statement:
        place = self._place(body)
        if head is None:
            return plain.Statement("", (), self.tree(body), place)
        read = reference_of(head)
        if read is None:
            raise Unreadable("U110", "no rule for the name of this part")
        reference, letters = read[0], []
        if reference.numerals:
            return plain.Statement(reference.label_key, (), self.tree(body), self._place(head))
        for subscript in reference.subscripts:
            if not isinstance(subscript, shown.Name):
                raise Unreadable("U110", "no rule for the subscripts of this part")
            letters.append(plain.Name(subscript.text, self._place(subscript)))
        return plain.Statement(reference.key, tuple(letters), self.tree(body), self._place(head))

    def _place(self, tree: shown.Tree) -> Place:
        return Place(tree.place.start + self.shift, tree.place.end + self.shift)

    def tree(self, tree: shown.Tree) -> plain.Tree:
        """Return the plain tree of a part."""
        place = self._place(tree)
        match tree:
            case shown.Numeral(text):
                return plain.Numeral(text, place)
            case shown.Name():
                return self._name(tree)
            case shown.Scripted():
                return self._scripted(tree)
            case shown.Adjacent(items):
                return self._adjacent(items)
            case shown.Infix(operator, left, right) if operator in _OPERATORS:
                sign = Place(left.place.end + self.shift, right.place.start + self.shift)
                return plain.Infix(_OPERATORS[operator], self.tree(left), self.tree(right), sign, place)
            case shown.Prefix("+" | "-" as operator, operand):
                return plain.Prefix(operator, self.tree(operand), place)
            case shown.Prefix("¬", operand):
                return plain.Prefix("not", self.condition(operand), place)
            case shown.Postfix("!", operand):
                return plain.Postfix("!", self.tree(operand), place)
            case shown.Fraction(above, below, _, True):
                sign = Place(below.place.start + self.shift, below.place.start + self.shift)
                return plain.Infix("/", self.tree(above), self.tree(below), sign, place)
            case shown.Root(radicand, None):
                return self._call("sqrt", (self.tree(radicand),), place)
            case shown.Fenced():
                return self._fenced(tree)
            case shown.Big():
                return self._big(tree)
            case shown.Grid(rows, _):
                return plain.Bracket(tuple(tuple(self.tree(cell) for cell in row) for row in rows), place)
            case shown.Cases(rows):
                return self._cases(rows, place)
            case shown.Chain():
                return self.condition(tree)
            case shown.Annotated(body, _):
                return self.tree(body)
            case _:
                raise Unreadable("U110", f"no rule for {type(tree).__name__.lower()} at this place")

    def _call(self, function: str, arguments: tuple[plain.Tree, ...], place: Place) -> plain.Call:
        return plain.Call(function, arguments, (), place, place)

    # Names and scripts ------------------------------------------------------------------------------------------------

    def _name(self, tree: shown.Name) -> plain.Tree:
        place, name = self._place(tree), base_name(tree)
        if self.surroundings.knows(name):
            return plain.Name(name, place)
        if not is_symbolic(tree) or not name.replace("_", "a").isalnum():
            raise Unreadable("U110", f"no rule for the sign '{tree.text}' alone")
        if tree.font == "bold" and tree.text == "1":
            return self._call("vector", (plain.Numeral("1", place),), place)
        if tree.font == "bold" and tree.text == "0":
            return plain.Numeral("0", place)
        return plain.Name("eye" if name == "I" else name, place)

    def _is_constant(self, tree: shown.Name) -> bool:
        """Tell whether a name is a vector of ones or zeros, or the identity."""
        is_spelled = tree.text in ("0", "1") if tree.font == "bold" else tree.text == "I"
        return is_spelled and not self.surroundings.knows(base_name(tree))

    def _scripted(self, tree: shown.Scripted) -> plain.Tree:
        place = self._place(tree)
        base: plain.Tree
        if isinstance(tree.base, shown.Fenced) and tree.base.opening in "‖|" and tree.sub is not None:
            return self._raised(self._norm(tree.base, tree.sub), tree.sup, place)
        if _is_sliced(tree) and isinstance(tree.base, shown.Name) and tree.sub is not None:
            base = plain.Subscripted(self._name(tree.base), tuple(self._sliced(tree.sub)), place)
            return self._raised(base, tree.sup, place)
        read = None if isinstance(tree.base, shown.Name) and self._is_constant(tree.base) else reference_of(tree)
        if read is None:
            return self._with_scripts(self.tree(tree.base), tree, place)
        reference, suffix = read
        base = plain.Name(reference.key, place)
        if reference.subscripts:
            base = self._entry(reference.key, reference.label_key, reference.numerals, reference.subscripts, place)
        if suffix.is_transpose:
            return plain.Postfix("'", base, place)
        return self._raised(base, suffix.power, place)

    def _entry(self, key: str, label: str, has_numerals: bool, subscripts: tuple[shown.Tree, ...], place: Place) -> plain.Tree:
        if has_numerals and (self.surroundings.knows(label) or not self.surroundings.knows(key)):
            return plain.Name(label, place)
        declared = self.surroundings.declared.get(key)
        rank = len(declared.sizes) if declared is not None and declared.sizes is not None else 0
        parts = tuple(self.tree(part) for part in digits_of(subscripts, rank))
        return plain.Subscripted(plain.Name(key, place), parts, place)

    def _sliced(self, sub: shown.Tree) -> Iterator[plain.Tree]:
        """Yield the subscripts of a slice: ``2:4``, ``:`` for a whole axis, or one place."""
        items, separators = (sub.items, sub.separators) if isinstance(sub, shown.Listing) else ((sub,), ())
        first = 0
        for last in [place for place, separator in enumerate(separators) if separator != ":"] + [len(items) - 1]:
            group, first = items[first : last + 1], last + 1
            place = Place(group[0].place.start + self.shift, group[-1].place.end + self.shift)
            if len(group) > 2:
                raise Unreadable("U110", "no rule for a slice with a step")
            if len(group) == 2:
                lower, upper = (None if isinstance(end, shown.Hole) and not end.text else self.tree(end) for end in group)
                yield plain.Slice(lower, upper, place)
            else:
                yield plain.Whole(place) if _is_colon(group[0]) else self.tree(group[0])

    def _with_scripts(self, base: plain.Tree, tree: shown.Scripted, place: Place) -> plain.Tree:
        """Put the scripts of a tree behind a base that is no name."""
        if tree.sub is not None:
            subscripts = index_subscripts(tree.sub)
            if subscripts is None:
                raise Unreadable("U110", "no rule for this subscript")
            base = plain.Subscripted(base, tuple(self.tree(part) for part in subscripts), place)
        return self._raised(base, tree.sup, place)

    def _raised(self, base: plain.Tree, power: shown.Tree | None, place: Place) -> plain.Tree:
        if power is None:
            return base
        if is_transpose(power):
            return plain.Postfix("'", base, place)
        sign, operator = self._place(power), "^"
        if isinstance(power, shown.Prefix) and power.operator == "∘":
            power, operator = power.operand, ".^"
        return plain.Infix(operator, base, self.tree(power), sign, place)

    def _norm(self, fence: shown.Fenced, sub: shown.Tree) -> plain.Tree:
        kind = _NORMS.get(sub.text) if isinstance(sub, shown.Name | shown.Numeral) else None
        if kind is None or fence.body is None:
            raise Unreadable("U110", "no rule for this norm")
        return self._call(kind, (self.tree(fence.body),), self._place(fence))

    def _fenced(self, tree: shown.Fenced) -> plain.Tree:
        if tree.body is None:
            raise Unreadable("U110", "nothing stands between the brackets")
        if tree.opening in _FENCES:
            return self._call(_FENCES[tree.opening], (self.tree(tree.body),), self._place(tree))
        if tree.opening == "[" and _is_condition(tree.body):
            return self._indicator(tree)
        return self.tree(tree.body)

    def _indicator(self, tree: shown.Fenced) -> plain.Tree:
        assert tree.body is not None
        return plain.Bracket(((self.condition(tree.body),),), self._place(tree))

    # Products and functions -------------------------------------------------------------------------------------------

    def _adjacent(self, items: tuple[shown.Tree, ...]) -> plain.Tree:
        factors: list[plain.Tree] = []
        place = 0
        while place < len(items):
            factor, place = self._factor(items, place)
            factors.append(factor)
        product = factors[0]
        for factor in factors[1:]:
            sign = Place(factor.place.start, factor.place.start)
            product = plain.Infix("*", product, factor, sign, Place(product.place.start, factor.place.end))
        return product

    def _factor(self, items: tuple[shown.Tree, ...], at: int) -> tuple[plain.Tree, int]:
        """Return the factor that begins at a place, and where the next one begins."""
        head = items[at]
        if at + 1 == len(items) or not isinstance(head, shown.Name):
            return self.tree(head), at + 1
        behind = items[at + 1]
        fence = behind.base if isinstance(behind, shown.Scripted) else behind
        if not isinstance(fence, shown.Fenced) or fence.body is None:
            if head.font == "roman" and is_function(head.text):
                return self._call(head.text, (self.tree(behind),), self._place(head)), at + 2
            return self.tree(head), at + 1
        if head.font == "blackboard" and head.text == "1":
            called: plain.Tree = self._indicator(fence)
        elif fence.opening == "(" and is_function(head.text) and not self.surroundings.knows(base_name(head)):
            called = self._function(head, fence)
        elif self._looks_like_function(head):
            raise Unreadable("U103", f"the function {head.text} is not defined")
        else:
            return self.tree(head), at + 1
        if isinstance(behind, shown.Scripted):
            called = self._with_scripts(called, behind, self._place(behind))
        return called, at + 2

    def _looks_like_function(self, head: shown.Name) -> bool:
        is_word = head.font == "roman" and len(head.text) > 1
        return (is_word or head.text in FUNCTION_LETTERS) and not self.surroundings.knows(base_name(head))

    def _function(self, head: shown.Name, fence: shown.Fenced) -> plain.Tree:
        assert fence.body is not None
        is_list = isinstance(fence.body, shown.Listing) and set(fence.body.separators) <= _AND
        items = fence.body.items if is_list and isinstance(fence.body, shown.Listing) else (fence.body,)
        arguments: list[plain.Tree] = []
        keywords: list[plain.Keyword] = []
        for item in items:
            option = self._option(item)
            if option is None:
                arguments.append(self.tree(item))
            else:
                keywords.append(option)
        whole = Place(head.place.start + self.shift, fence.place.end + self.shift)
        return plain.Call(head.text, tuple(arguments), tuple(keywords), self._place(head), whole)

    def _option(self, tree: shown.Tree) -> plain.Keyword | None:
        """``\\mathrm{stride}=(2, 1)`` is a named argument."""
        match tree:
            case shown.Chain(shown.Name(name, _, "roman"), (("=", value),)) if len(name) > 1 or not is_function(name):
                return plain.Keyword(name, self._option_value(value), self._place(tree))
            case _:
                return None

    def _option_value(self, tree: shown.Tree) -> plain.Tree:
        match tree:
            case shown.Fenced("(" | "[", _, shown.Listing(items)):
                return plain.Listing(tuple(self.tree(item) for item in items), self._place(tree))
            case shown.Name(text, _, "roman"):
                return plain.Name(text, self._place(tree))
            case _:
                return self.tree(tree)

    # Conditions, large operators, cases ---------------------------------------------------------------------------------

    def condition(self, tree: shown.Tree) -> plain.Tree:
        """Return what a condition states; a chain of relations and a list of conditions are joined by 'and'."""
        place = self._place(tree)
        match tree:
            case shown.Chain(first, links) if first is not None:
                return self._joined([self._compared(*link, place) for link in _linked(first, links)], place)
            case shown.Listing(items, separators) if set(separators) <= _AND:
                return self._joined([self.condition(item) for item in items], place)
            case shown.Fenced(_, _, body) if body is not None:
                return self.condition(body)
            case shown.Infix("∧" | "∨" as operator, left, right):
                return plain.Infix(_OPERATORS[operator], self.condition(left), self.condition(right), place, place)
            case shown.Prefix("¬", operand):
                return plain.Prefix("not", self.condition(operand), place)
            case shown.Adjacent(items):
                return self._joined([self.condition(item) for item in items if not isinstance(item, shown.Words)], place)
            case _:
                raise Unreadable("U110", "no rule for this condition")

    def _compared(self, left: shown.Tree, relation: str, right: shown.Tree, place: Place) -> plain.Tree:
        if relation not in _RELATIONS:
            raise Unreadable("U110", f"no rule for the condition '{relation}'")
        return plain.Comparison(_RELATIONS[relation], self.tree(left), self.tree(right), place, place)

    def _joined(self, tests: list[plain.Tree], place: Place) -> plain.Tree:
        if not tests:
            raise Unreadable("U110", "no rule for this condition")
        joined = tests[0]
        for test in tests[1:]:
            joined = plain.Infix("and", joined, test, place, place)
        return joined

    def _big(self, tree: shown.Big) -> plain.Tree:
        if tree.sub is None and tree.body is not None and is_function(tree.operator):
            word = shown.Name(tree.operator, Place(tree.place.start, tree.body.place.start), "roman")
            rest = tree.body.items if isinstance(tree.body, shown.Adjacent) else (tree.body,)
            return self._adjacent((word, *rest))  # argmax(x) is a function there
        if tree.operator not in _REDUCTIONS or tree.body is None or tree.sub is None:
            raise Unreadable("U110", f"no rule for the operator '{tree.operator}'")
        ranges, tests = self._ranges(tree.sub, tree.sup)
        place = self._place(tree)
        condition = self._joined(tests, place) if tests else None
        return plain.Big(_REDUCTIONS[tree.operator], tuple(ranges), condition, self.tree(tree.body), place)

    def _ranges(self, sub: shown.Tree, sup: shown.Tree | None) -> tuple[list[plain.Range], list[plain.Tree]]:
        """Return the indices below a large operator with their limits, and the conditions on them."""
        ranges: list[plain.Range] = []
        tests: list[plain.Tree] = []
        items = sub.items if isinstance(sub, shown.Listing | shown.Adjacent) else (sub,)
        bound: set[str] = set()
        for item in items:
            made = self._range(item, sup)
            if made is not None and made.name not in bound:
                ranges.append(made)
                bound.add(made.name)
            else:
                tests.append(self.condition(item))
        return ranges, tests

    def _range(self, item: shown.Tree, sup: shown.Tree | None) -> plain.Range | None:
        place = self._place(item)
        match item:
            case shown.Name(text):
                return plain.Range(text, None, None, place)
            case shown.Chain(shown.Name(text), (("=", lower),)) if sup is not None:
                return plain.Range(text, self.tree(lower), self.tree(sup), place)
            case shown.Chain(first, (("≤", shown.Name(text)), ("≤", last))) if first is not None:
                return plain.Range(text, self.tree(first), self.tree(last), place)
            case _:
                return None

    def _cases(self, rows: tuple[tuple[shown.Tree, shown.Tree | None], ...], place: Place) -> plain.Tree:
        values = [self.tree(value) for value, _ in rows]
        conditions = [condition for _, condition in rows[:-1]]
        if any(condition is None for condition in conditions) or len(rows) < 2:
            raise Unreadable("U110", "no rule for these cases")
        tests = tuple(self.condition(condition) for condition in conditions if condition is not None)
        return plain.Cases(tuple(values[:-1]), tests, values[-1], place)


def _is_condition(tree: shown.Tree) -> bool:
    return isinstance(tree, shown.Chain) or (isinstance(tree, shown.Listing) and any(map(_is_condition, tree.items)))


def _linked(first: shown.Tree, links: tuple[tuple[str, shown.Tree], ...]) -> list[tuple[shown.Tree, str, shown.Tree]]:
    """Return the pairs of a chain of relations."""
    pairs: list[tuple[shown.Tree, str, shown.Tree]] = []
    for relation, right in links:
        pairs.append((first, relation, right))
        first = right
    return pairs

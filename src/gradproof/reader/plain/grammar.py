"""The grammar of plain-text formulas: a Pratt parser to syntax trees, without recursion on Python's stack.

Levels, loosest first:

    statements   ``z = W*x + b; q[i, j] = ...; body``
    or, and, not
    comparison   ``= == != < <= > >=``; a chain holds where all its links do
    sum          ``+ -``
    product      ``* / .* ./`` and things side by side; a sign before a factor; ``sum_k`` and its kin take a product
    power        ``^ .^`` from the right, and ``' .T !`` from the left: ``A^2'`` is the transpose of ``A^2``
    factor       a number, a name, a call ``f(x)``, an entry ``x[i]``, parentheses, a literal ``[1, 2; 3, 4]``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradproof.errors import FormulaError
from gradproof.reader.plain import binders
from gradproof.reader.plain.binding import AND, COMPARISON, NOT, OR, PRODUCT, SUM
from gradproof.reader.plain.descent import Descent, run
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tokens import Token, tokenize
from gradproof.reader.plain.tree import (
    Bracket,
    Call,
    Comparison,
    Infix,
    Keyword,
    Listing,
    Name,
    Numeral,
    Postfix,
    Prefix,
    Slice,
    Statement,
    Subscripted,
    Tree,
    Whole,
    Word,
)
from gradproof.reader.presentation import Place

_POWERS = {
    "or": OR, "and": AND, "=": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON,
    ">=": COMPARISON, "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, ".*": PRODUCT, "./": PRODUCT,
}  # fmt: skip
_RAISING = frozenset({"^", ".^"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_SENTENCE = frozenset({"if", "otherwise"})


def read_plain(source: Source, is_function: Callable[[str], bool]) -> tuple[Statement, ...]:
    """Return the statements of a text, the formula itself last.

    Args:   is_function: tells whether a name is one of a function: ``exp (x)`` is a call, ``a (b + c)`` a product.
    Raises: FormulaError: the text is no formula; the error points to the place.
    """
    return Grammar(source, is_function).statements()


class Grammar:
    """The state of one parse: the tokens, and the place in them."""

    def __init__(self, source: Source, is_function: Callable[[str], bool]) -> None:
        self.source = source
        self.is_function = is_function
        self.tokens = tokenize(source)
        self.at = 0
        self.open: list[Token] = []
        self.bound: list[str] = []

    # Tokens -----------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The token to be read."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """Read one token; the last one stays."""
        token = self.tokens[self.at]
        self.at += token.kind != "stop"
        return token

    def sees(self, *signs: str) -> bool:
        """Tell whether the next token is one of these signs."""
        return self.next.kind == "sign" and self.next.text in signs

    def expect(self, sign: str, expected: str) -> Token:
        """Read a sign that has to stand here."""
        if self.sees(sign):
            return self.take()
        raise self.unexpected(expected)

    def unexpected(self, expected: str) -> FormulaError:
        """Return the error that something else was expected than the next token."""
        token = self.next
        if token.kind == "stop" and self.open:
            token = self.open[-1]
            closing = _CLOSING[token.text]
            words = f"a '{closing}' that closes this '{token.text}' was expected"
            return self.source.error(token.place, words, got="the end of the text", remedy=f"Add '{closing}'.")
        got = "the end of the text" if token.kind == "stop" else f"'{self.source.quote(token.place)}'"
        if token.kind == "sign" and token.text in ")]}":
            if not self.open:
                return self.source.error(token.place, f"no '{token.text}' was expected here: nothing is open", remedy="Remove it.")
            if _CLOSING[self.open[-1].text] != token.text:
                expected = f"'{_CLOSING[self.open[-1].text]}' was expected"
        return self.source.error(token.place, expected, got=got)

    def since(self, start: int) -> Place:
        """Return the place from an offset to the last token read."""
        return Place(start, self.tokens[self.at - 1].end if self.at else start)

    # Statements -------------------------------------------------------------------------------------------------------

    def statements(self) -> tuple[Statement, ...]:
        """Read all."""
        found: list[Statement] = []
        while self.next.kind != "stop":
            found.append(self._statement())
            if self.next.kind != "stop":
                self.expect(";", "an operator or the end of the formula was expected")
                while self.sees(";"):
                    self.take()
        if not found:
            raise self.source.error(Place(0, 0), "a formula was expected", got="an empty text", remedy="Write one, such as 'x^2'.")
        return tuple(found)

    def _statement(self) -> Statement:
        start = self.at
        head = self._definiendum()
        if head is None:
            self.at = start
            body = run(self.expression(OR))
            return Statement("", (), body, Place(body.place.start, body.place.start))
        name, letters = head
        body = run(self.expression(OR))
        return Statement(name.text, letters, body, name.place)

    def _definiendum(self) -> tuple[Token, tuple[Name, ...]] | None:
        """Read ``name =`` or ``name[i, j] =``, or return None where that does not stand here."""
        if self.next.kind != "name":
            return None
        name = self.take()
        letters: list[Name] = []
        if self.sees("["):
            self.take()
            while self.next.kind == "name":
                token = self.take()
                letters.append(Name(token.text, token.place))
                if not self.sees(","):
                    break
                self.take()
            if not self.sees("]"):
                return None
            self.take()
        is_definition = self.sees("=") and self.source.text[self.next.start : self.next.end] != "=="
        if not is_definition:
            return None
        self.take()
        return name, tuple(letters)

    # Operators --------------------------------------------------------------------------------------------------------

    def expression(self, power: int) -> Descent[Tree]:
        """Read what binds at least as strongly as ``power``."""
        left: Tree = yield self.operand(power)
        links: list[Tree] = []
        while True:
            operator, sign = self._infix()
            if operator is None or _POWERS[operator] < power:
                return _joined(left, links)
            if sign is not None:
                self.take()
            mark = sign if sign is not None else Place(self.next.start, self.next.start)
            strength = _POWERS[operator]
            right: Tree = yield self.expression(strength + 1)
            if strength == COMPARISON:
                before = links[-1].right if links and isinstance(links[-1], Comparison) else left
                links.append(Comparison(operator, before, right, mark, Place(before.place.start, right.place.end)))
                continue
            whole = _joined(left, links)
            left, links = Infix(operator, whole, right, mark, Place(whole.place.start, right.place.end)), []

    def _infix(self) -> tuple[str | None, Place | None]:
        """Return the operator that comes next and its place, which is None for things side by side."""
        token = self.next
        if token.kind == "sign" and token.text in _POWERS:
            return token.text, token.place
        if token.kind == "name" and token.text not in _SENTENCE:
            return "*", None
        if token.kind == "sign" and token.text in "([" and token.text:
            return "*", None
        return None, None

    def operand(self, power: int) -> Descent[Tree]:
        """Read a sign with what it stands before, or a factor with its powers."""
        start = self.next.start
        if self.sees("not"):
            self.take()
            inner: Tree = yield self.expression(NOT)
            return Prefix("not", inner, self.since(start))
        if self.sees("-", "+"):
            sign = self.take().text
            inner = yield self.operand(power)
            return Prefix(sign, inner, self.since(start))
        raised: Tree = yield self.raised()
        return raised

    def raised(self) -> Descent[Tree]:
        """Read a factor with its powers and marks."""
        base: Tree = yield self.factor()
        while True:
            start = base.place.start
            if self.sees("'", "!"):
                operator = self.take().text
                base = Postfix(operator, base, self.since(start))
            elif self.sees(*_RAISING):
                sign = self.take()
                if self._is_transpose():
                    self.take()
                    base = Postfix("'", base, self.since(start))
                    continue
                exponent: Tree = yield self.exponent()
                base = Infix(sign.text, base, exponent, sign.place, self.since(start))
            else:
                return base

    def _is_transpose(self) -> bool:
        """``A^T``: the letter T alone as an exponent, and ``A^⊤``."""
        if self.sees("'"):
            return True
        token = self.next
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return token.kind == "name" and token.text == "T" and not (after.text in "([" and after.text and not after.spaced)

    def exponent(self) -> Descent[Tree]:
        """Read an exponent: a sign, a factor, and the powers that stand on it."""
        start = self.next.start
        if self.sees("-", "+"):
            sign = self.take().text
            inner: Tree = yield self.exponent()
            return Prefix(sign, inner, self.since(start))
        base: Tree = yield self.factor()
        if self.sees(*_RAISING):
            token = self.take()
            above: Tree = yield self.exponent()
            return Infix(token.text, base, above, token.place, self.since(start))
        return base

    # Factors ----------------------------------------------------------------------------------------------------------

    def factor(self) -> Descent[Tree]:
        """Read one thing with its subscripts."""
        token = self.next
        base: Tree
        if token.kind == "number":
            self.take()
            return Numeral(token.text, token.place)
        if token.kind == "word":
            self.take()
            return Word(token.text, token.place)
        if token.kind == "name":
            base = yield self.named()
        elif self.sees("(", "{"):
            base = yield self.parenthesis()
        elif self.sees("["):
            base = yield self.bracket()
        else:
            raise self.unexpected("a number, a name or '(' was expected")
        while self.sees("[") and not self.next.spaced:
            subscripts: tuple[Tree, ...] = yield self.subscripts()
            base = Subscripted(base, subscripts, self.since(token.start))
        return base

    def named(self) -> Descent[Tree]:
        """Read what begins with a name: a large operator, a call, or the name alone."""
        token = self.take()
        operation, letters = binders.split_operator(self, token)
        part: Tree
        if operation:
            part = yield binders.large_operator(self, token, operation, letters)
            return part
        is_call = self.sees("(") and (not self.next.spaced or self.is_function(token.text))
        if is_call:
            part = yield self.call(token)
            return part
        if token.text == "sqrt" and self.source.text[token.start] == "√":
            inner: Tree = yield self.factor()
            return Call("sqrt", (inner,), (), token.place, self.since(token.start))
        return binders.entry_below(self, token) or Name(token.text, token.place)

    def call(self, name: Token) -> Descent[Tree]:
        """Read the arguments of a function."""
        self.enter()
        whole: Tree
        if name.text == "cases":
            whole = yield binders.cases(self, name)
            return whole
        if name.text in binders.OPERATIONS and binders.is_range(self):
            whole = yield binders.bounded(self, name)
            return whole
        arguments: list[Tree] = []
        keywords: list[Keyword] = []
        while not self.sees(")"):
            argument: Tree = yield self.argument()
            if isinstance(argument, Keyword):
                keywords.append(argument)
            elif keywords:
                remedy = "Put the arguments without a name first."
                raise self.source.error(argument.place, "an argument with a name was expected after one", remedy=remedy)
            else:
                arguments.append(argument)
            if not self.sees(","):
                break
            self.take()
        self.leave(")", "',' or ')' was expected")
        return Call(name.text, tuple(arguments), tuple(keywords), name.place, self.since(name.start))

    def argument(self) -> Descent[Tree]:
        """Read an argument: ``x``, ``stride=2``, ``i=1..n -> x[i]``."""
        start = self.next.start
        argument: Tree
        if binders.is_range(self):
            argument = yield binders.tensor(self)
            return argument
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.next.kind == "name" and after.text == "=" and self.source.text[after.start : after.end] == "=":
            name = self.take()
            self.take()
            value: Tree = yield self.expression(OR)
            return Keyword(name.text, value, self.since(start))
        argument = yield self.expression(OR)
        return argument

    def parenthesis(self) -> Descent[Tree]:
        """Read ``(x)``, or ``(2, 3)``."""
        start = self.next.start
        opening = self.enter()
        items: list[Tree] = [(yield self.expression(OR))]
        while self.sees(","):
            self.take()
            if not self.sees(_CLOSING[opening.text]):
                items.append((yield self.expression(OR)))
        self.leave(_CLOSING[opening.text], f"an operator or '{_CLOSING[opening.text]}' was expected")
        whole = self.since(start)
        return replace(items[0], place=whole) if len(items) == 1 else Listing(tuple(items), whole)

    def subscripts(self) -> Descent[tuple[Tree, ...]]:
        """Read ``[i, j + 1]`` or ``[i, :]`` behind something."""
        self.enter()
        found: list[Tree] = []
        while not found or self.sees(","):
            if found:
                self.take()
            part: Tree = yield self.subscript()
            found.append(part)
        self.leave("]", "',' or ']' was expected")
        return tuple(found)

    def subscript(self) -> Descent[Tree]:
        """Read ``i``, ``:``, ``2:4``, ``2:`` or ``:4``."""
        start = self.next.start
        lower: Tree | None = None
        if not self.sees(":"):
            lower = yield self.expression(SUM)
            if not self.sees(":"):
                return lower
        self.take()
        upper: Tree | None = None
        if not self.sees(",", "]"):
            upper = yield self.expression(SUM)
        if self.sees(":"):
            remedy = "A slice takes every entry from one to another: x[2:4]."
            raise self.source.error(self.next.place, "no step was expected in a slice", remedy=remedy)
        place = self.since(start)
        return Whole(place) if lower is None and upper is None else Slice(lower, upper, place)

    def bracket(self) -> Descent[Tree]:
        """Read ``[1, 2; 3, 4]``, ``[[1, 2], [3, 4]]`` or ``[x > 0]``."""
        start = self.next.start
        self.enter()
        rows: list[list[Tree]] = [[]]
        while not self.sees("]"):
            rows[-1].append((yield self.expression(OR)))
            if self.sees(","):
                self.take()
            elif self.sees(";"):
                self.take()
                rows.append([])
            else:
                break
        self.leave("]", "',' or ';' or ']' was expected")
        if not rows[-1] and len(rows) > 1:
            rows.pop()
        return Bracket(tuple(tuple(row) for row in rows), self.since(start))

    def enter(self) -> Token:
        """Read an opening sign."""
        token = self.take()
        self.open.append(token)
        return token

    def leave(self, sign: str, expected: str) -> None:
        """Read the closing sign."""
        self.expect(sign, expected)
        self.open.pop()


def _joined(left: Tree, links: list[Tree]) -> Tree:
    """Return a chain of comparisons as their conjunction."""
    if not links:
        return left
    whole = links[0]
    for link in links[1:]:
        sign = Place(link.place.start, link.place.start)
        whole = Infix("and", whole, link, sign, Place(whole.place.start, link.place.end))
    return whole

"""A Pratt parser from LaTeX mathematics to presentation trees. It never fails: what it cannot read becomes a hole.

Levels, loosest first: rows, lists, relations, sums, products (adjacency, product signs and '/' from left to right; the right side of a
product sign takes adjacent factors along, the right side of '/' one factor), signs, scripts.
"""

from __future__ import annotations

from dataclasses import replace

from gradproof.reader import environments, operators
from gradproof.reader.presentation import (
    Adjacent,
    Chain,
    Fenced,
    Hole,
    Infix,
    Listing,
    Name,
    Numeral,
    Place,
    Postfix,
    Prefix,
    Rows,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.tokens import Token, tokenize
from gradproof.reader.vocabulary import (
    BARS,
    CLOSING,
    PRODUCT_OPERATORS,
    RELATIONS,
    SUM_OPERATORS,
    SUPERSCRIPTS,
)

_DEPTH = 60


def parse_formula(source: str) -> Tree:
    """Return the presentation tree of a formula."""
    parser = Parser(source)
    return parser.rows(frozenset())


class Parser:
    """The state of one parse: a place in the token list, the open bars, the depth."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.place = 0
        self.depth = 0
        self.bars: list[str] = []
        self.fences = 0

    # Tokens ------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The token to be read."""
        return self.tokens[self.place]

    def peek(self, ahead: int = 1) -> Token:
        """Return a later token."""
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Read one token."""
        token = self.tokens[self.place]
        if token.kind != "end":
            self.place += 1
        return token

    def span(self, start: int) -> Place:
        """Return the place from an offset to the last token read."""
        last = self.tokens[self.place - 1].end if self.place else start
        return Place(start, max(start, last))

    def hole(self, start: int, reason: str) -> Hole:
        """Return a hole from an offset to the last token read."""
        place = self.span(start)
        return Hole(self.source[place.start : place.end], reason, place)

    # Rows and lists ------------------------------------------------------------------------------------------------

    def rows(self, stops: frozenset[str]) -> Tree:
        """Read rows up to a stop; a row that begins with a relation or a sign goes on with the row before it."""
        start = self.next.start
        found: list[Tree] = []
        while True:
            while self.next.kind == "newline" or self.next.text == "&":
                self.take()
            if self.next.kind == "end" or self.next.text in stops:
                break
            row = self.listing(stops | {"\\\\"})
            if row is not None:
                operators.append_row(found, row)
            if self.next.kind != "newline" and self.next.kind != "end" and self.next.text not in stops:
                found.append(self._skip_one())
        if not found:
            return Hole("", "an empty formula", Place(start, start))
        return found[0] if len(found) == 1 else Rows(tuple(found), self.span(start))

    def _skip_one(self) -> Hole:
        token = self.take()
        return self.hole(token.start, f"'{token.text}' stands where nothing can be read")

    def listing(self, stops: frozenset[str]) -> Tree | None:
        """Read items between commas, semicolons, colons and separating bars."""
        start = self.next.start
        items: list[Tree] = []
        separators: list[str] = []
        while True:
            item = self._item(stops)
            if item is not None:
                items.append(item)
                if len(separators) < len(items) - 1:
                    separators.append(",")
            mark = self._separator(stops)
            if mark is None:
                break
            if items and mark and len(separators) == len(items) - 1:
                separators.append(mark)
        if not items:
            return None
        if len(items) == 1:
            return items[0]
        return Listing(tuple(items), tuple(separators[: len(items) - 1]), self.span(start))

    def _separator(self, stops: frozenset[str]) -> str | None:
        token = self.next
        if token.text in stops or token.kind in ("end", "newline"):
            return None
        if token.text in (",", ";", ":"):
            self.take()
            return token.text
        if token.text == "." and token.kind == "char":
            self.take()
            return ""
        if token.kind == "gap":
            self.take()
            return ","
        if token.text == "\\mid" or (token.text in BARS and not self.bars):
            self.take()
            return "|" if token.text == "\\mid" else BARS[token.text]
        return None

    def _item(self, stops: frozenset[str]) -> Tree | None:
        """Read a relation chain, with the words that stand before, in and behind it."""
        start = self.next.start
        found: list[Tree] = []
        while not self._at_end(stops):
            before = self.place
            tree = operators.words(self) if operators.is_words(self) else self.chain(stops)
            if tree is not None:
                found.append(tree)
            if self.place == before or not (operators.is_words(self) or isinstance(tree, Words)):
                break
        if not found:
            return None
        return found[0] if len(found) == 1 else Adjacent(tuple(found), self.span(start))

    def _at_end(self, stops: frozenset[str]) -> bool:
        token = self.next
        while token.text == "&":
            self.take()
            token = self.next
        return token.kind in ("end", "newline") or token.text in stops

    # Relations, sums, products ---------------------------------------------------------------------------------------

    def chain(self, stops: frozenset[str]) -> Tree | None:
        """Read things linked by relations."""
        start = self.next.start
        first = None if operators.relation_ahead(self) else self.sum(stops)
        links: list[tuple[str, Tree]] = []
        notes: list[str] = []
        while True:
            while self.next.text == "&" or (self.next.kind == "gap" and operators.relation_after_gap(self)):
                self.take()
            relation = operators.take_relation(self)
            if relation is None:
                break
            while self.next.text == "&":
                self.take()
            right = self.sum(stops)
            if right is None:
                right = Hole("", "nothing stands behind the relation", self.span(self.next.start))
            links.append((relation[0], right))
            notes.append(relation[1])
        if not links:
            return first
        return Chain(first, tuple(links), self.span(start), tuple(notes) if any(notes) else ())

    def sum(self, stops: frozenset[str]) -> Tree | None:
        """Read terms between plus and minus."""
        start = self.next.start
        left: Tree | None
        if self.next.text in SUM_OPERATORS or self.next.text in ("\\neg", "\\lnot", "¬"):
            sign = self.take()
            operand = self.product(stops)
            if operand is None:
                return Name(sign.text, Place(sign.start, sign.end), "roman")
            left = Prefix(SUM_OPERATORS.get(sign.text, "¬"), operand, self.span(start))
        else:
            left = self.product(stops)
        while left is not None:
            self._skip_alignment(SUM_OPERATORS)
            if self.next.text not in SUM_OPERATORS:
                break
            sign = self.take()
            while self.next.text == "&":
                self.take()
            right = self._signed_product(stops)
            if right is None:
                right = Hole("", "nothing stands behind the sign", Place(sign.end, sign.end))
            left = Infix(SUM_OPERATORS[sign.text], left, right, self.span(start), sign.text)
        return left

    def _signed_product(self, stops: frozenset[str]) -> Tree | None:
        if self.next.text in ("-", "+", "−"):
            sign = self.take()
            operand = self.product(stops)
            return None if operand is None else Prefix(SUM_OPERATORS[sign.text], operand, self.span(sign.start))
        return self.product(stops)

    def _skip_alignment(self, table: dict[str, str]) -> None:
        while self.next.text == "&" and self.peek().text in table:
            self.take()
        while self.next.kind == "gap" and self.peek().text in table:
            self.take()

    def product(self, stops: frozenset[str]) -> Tree | None:
        """Read factors side by side and between product signs."""
        start = self.next.start
        left = self._run(stops)
        while left is not None:
            self._skip_alignment(PRODUCT_OPERATORS)
            token = self.next
            if token.text == ".*" or (token.text == "\\cdot" and self.peek().text in ("*", "\\ast")):
                self.take()
                if token.text != ".*":
                    self.take()
                right = self._operand(stops, "⊙")
                left = Infix("⊙", left, right, self.span(start), token.text)
            elif token.text in PRODUCT_OPERATORS and token.text not in stops:
                self.take()
                operator = PRODUCT_OPERATORS[token.text]
                right = self._operand(stops, operator)
                left = Infix(operator, left, right, self.span(start), token.text)
            elif (more := self._run(stops)) is not None:
                left = Adjacent((left, *(more.items if isinstance(more, Adjacent) else (more,))), self.span(start))
            else:
                break
        return left

    def _operand(self, stops: frozenset[str], operator: str) -> Tree:
        start = self.next.start
        if self.next.text in ("-", "+", "−"):
            sign = self.take()
            operand = self.factor(stops) or Hole("", "nothing stands behind the sign", Place(sign.end, sign.end))
            return Prefix(SUM_OPERATORS[sign.text], operand, self.span(start))
        found = self._divisor(stops) if operator == "/" else self._run(stops)
        return found or Hole("", "nothing stands behind the operator", Place(start, start))

    def _divisor(self, stops: frozenset[str]) -> Tree | None:
        start = self.next.start
        factor = self.factor(stops)
        named = isinstance(factor, Name) and (factor.font == "roman" or len(factor.text) > 1)
        if factor is not None and self.next.text in ("(", "\\left") and isinstance(factor, Name | Scripted):
            fence = self.factor(stops)
            if fence is not None:
                return Adjacent((factor, fence), self.span(start))
        if named and factor is not None and (argument := self.factor(stops)) is not None:
            return Adjacent((factor, argument), self.span(start))
        return factor

    def _run(self, stops: frozenset[str]) -> Tree | None:
        """Read factors with nothing between them."""
        start = self.next.start
        items: list[Tree] = []
        while True:
            if items and self.next.kind == "gap" and operators.is_spacing(self):
                self.take()
                continue
            factor = self.factor(stops)
            if factor is None:
                break
            items.append(factor)
        if not items:
            return None
        return items[0] if len(items) == 1 else Adjacent(tuple(items), self.span(start))

    # Factors -----------------------------------------------------------------------------------------------------

    def factor(self, stops: frozenset[str]) -> Tree | None:
        """Read one thing with its scripts and marks, or return None where none starts."""
        token = self.next
        if self._starts_nothing(token, stops):
            return None
        if self.depth >= _DEPTH:
            return operators.too_deep(self)
        self.depth += 1
        try:
            tree = operators.primary(self, stops)
            return None if tree is None else self._marked(tree, token.start, stops)
        finally:
            self.depth -= 1

    def _starts_nothing(self, token: Token, stops: frozenset[str]) -> bool:
        if token.kind in ("end", "newline", "gap") or token.text in stops or token.text in CLOSING:
            return True
        if token.text in ("\\cdot", "·") and operators.is_placeholder(self):
            return False
        if token.text in RELATIONS or token.text in PRODUCT_OPERATORS or token.text in SUM_OPERATORS:
            return True
        if token.text in (",", ";", ":", "&", "}", "\\right", "\\mid", ".*", ".", "\\not", "\\overset", "\\stackrel"):
            return not (token.text == "\\overset" and not operators.relation_ahead(self))
        if token.kind == "environment" and token.text.startswith("\\end"):
            return True
        if operators.is_words(self):
            return True
        return token.text in BARS and self._is_closing_or_separating(token)

    def _is_closing_or_separating(self, token: Token) -> bool:
        """A bar closes an open one, opens a pair, or (with no partner before the fence ends) separates."""
        bar = BARS[token.text]
        previous = self.tokens[self.place - 1] if self.place else None
        opened_here = previous is None or previous.text in BARS or not operators.ends_operand(previous)
        if self.bars and self.bars[-1] == bar:
            return not opened_here or self.peek().text in ("^", "_")
        if self.peek().text == "_" and not opened_here:
            return False
        return not operators.has_partner(self, bar)

    def _marked(self, tree: Tree, start: int, stops: frozenset[str]) -> Tree:
        """Read primes, scripts and '!' behind a thing."""
        sub: Tree | None = None
        sup: Tree | None = None
        primes = 0
        while True:
            token = self.next
            if token.text in ("'", "’", "′") and sup is None:
                self.take()
                primes += 1
            elif token.text == "_" and sub is None:
                self.take()
                sub = self.argument()
            elif token.text == "^" and sup is None:
                self.take()
                sup = self.argument()
                if isinstance(sup, Name) and sup.text == "prime":
                    sup, primes = None, primes + 1
            elif token.text in SUPERSCRIPTS and sup is None:
                self.take()
                sign = SUPERSCRIPTS[token.text]
                place = Place(token.start, token.end)
                sup = Numeral(sign, place) if sign.isdigit() else Name(sign, place)
            elif token.text == "!":
                self.take()
                tree = Postfix("!", self._scripted(tree, sub, sup, primes, start), self.span(start))
                sub, sup, primes = None, None, 0
            else:
                return self._scripted(tree, sub, sup, primes, start)

    def _scripted(self, tree: Tree, sub: Tree | None, sup: Tree | None, primes: int, start: int) -> Tree:
        if primes and isinstance(tree, Name):
            tree, primes = replace(tree, primes=tree.primes + primes), 0
        if sub is None and sup is None and not primes:
            return tree
        if isinstance(tree, Fenced) and tree.opening == "." and tree.body is None:
            return Scripted(tree, sub, sup, self.span(start))
        return Scripted(tree, sub, sup, self.span(start), primes)

    def argument(self) -> Tree:
        """Read the argument of a script or a control word: a group, else the shortest thing that TeX would take."""
        token = self.next
        if token.text == "{":
            return self.group()
        if token.kind == "number" and len(token.text) > 1:
            first = Token("number", token.text[0], token.start, token.start + 1)
            rest = Token("number", token.text[1:], token.start + 1, token.end)
            self.tokens[self.place : self.place + 1] = [first, rest]
        if token.text in ("*", "+", "-", "\\ast", "\\star", "\\dagger", "\\prime", "\\top"):
            self.take()
            return Name(token.text.lstrip("\\"), Place(token.start, token.end))
        if token.kind == "end" or token.text in ("}", "&") or token.text in CLOSING:
            return self.hole(token.start, "a script without anything in it")
        tree = operators.primary(self, frozenset())
        return tree if tree is not None else self._skip_one()

    def group(self) -> Tree:
        """Read ``{...}``."""
        start = self.take().start
        if self.depth >= _DEPTH:
            self.place -= 1
            return operators.too_deep(self)
        self.depth += 1
        bars, self.bars = self.bars, []
        body = self._group_body(start)
        self.bars = bars
        self.depth -= 1
        return body

    def _group_body(self, start: int) -> Tree:
        body = self.rows(frozenset({"}"}))
        if self.next.text == "}":
            self.take()
            if isinstance(body, Hole) and body.reason == "an empty formula":
                return Hole("{}", "an empty group", self.span(start))
            return body
        return self.hole(start, "a brace that is not closed")

    def environment(self) -> Tree:
        """Read ``\\begin{...} ... \\end{...}``."""
        return environments.environment(self)

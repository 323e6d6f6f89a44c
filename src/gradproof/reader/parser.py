"""A Pratt parser from LaTeX mathematics to presentation trees. It never fails: what it cannot read becomes a hole.

Levels, loosest first; each is one method, in this order:

    rows        between ``\\\\``, and ``a \\over b``
    listing     between commas, semicolons, colons, separating bars, wide gaps
    item        words such as ``\\text{ if }`` and what stands between them
    chain       between relations
    expression  infix signs by their power (SUM, PRODUCT), then things side by side (ADJACENT), from left to right
    operand     a sign, which takes the product behind it along
    factor      one thing with its primes, scripts and '!'

The right side of a product sign takes what stands beside it along: ``a \\cdot b c`` is a times (b c). The right side of '/' takes
letters and numerals that touch (``a/2b`` is a over 2b) but no fraction and no large operator (``1/n \\sum_i x_i``); see ``_divisor``.
"""

from __future__ import annotations

from dataclasses import replace

from gradproof.reader import factors, lists, scripts
from gradproof.reader.pairing import ENDS, Pairs
from gradproof.reader.presentation import (
    Adjacent,
    Chain,
    Fraction,
    Hole,
    Infix,
    Name,
    Numeral,
    Place,
    Prefix,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.rows import RowList
from gradproof.reader.tokens import Token, tokenize
from gradproof.reader.vocabulary import ADJACENT, POWERS, PRODUCT, SIGNS, SPLITTERS, SUM

#: Things nested deeper than this are one hole. Below it the parser stays far from Python's own limit.
DEPTH = 60

_STARTS = frozenset(
    {"letter", "number", "name", "ellipsis", "command", "open", "left", "group", "begin", "lone", "char", "evaluation", "raised"}
    | {"lowered", "bar"}
)
_STARS = frozenset({"*", "∗", "\\ast", "\\star"})
_TOUCHING = frozenset({"letter", "number", "name"})


def parse_formula(source: str) -> Tree:
    """Return the presentation tree of a formula.

    Example:
        >>> from gradproof.reader.outline import dump
        >>> dump(parse_formula("a/2b"))
        '(/ a (beside 2 b))'
    """
    return Parser(source).formula()


class Parser:
    """The state of one parse: the place in the tokens, the depth, and what surrounds the place."""

    depth_limit = DEPTH

    def __init__(self, source: str) -> None:
        self.source = source
        pairs = Pairs(tokenize(source))
        self.tokens = pairs.tokens
        self.end_of = pairs.end_of
        self.integral_of = pairs.integral_of
        self.integrated = pairs.integrated
        self.place = 0
        self.split_place = -1
        self.depth = 0
        self.in_cell = False
        self.is_linked = False

    # Tokens -----------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        """The token to be read."""
        return self.tokens[self.place]

    def take(self) -> Token:
        """Read one token; the last one stays."""
        token = self.tokens[self.place]
        if token.kind != "stop":
            self.place += 1
        return token

    def skip(self, *kinds: str) -> None:
        """Read past tokens of some kinds."""
        while self.tokens[self.place].kind in kinds:
            self.place += 1

    def span(self, start: int) -> Place:
        """Return the place from an offset to the last token read."""
        return Place(start, max(start, self._read_end()))

    def hole(self, start: int, reason: str) -> Hole:
        """Return a hole from an offset to the last token read."""
        place = self.span(start)
        return Hole(self.source[place.start : place.end], reason, place)

    def missing(self, reason: str) -> Hole:
        """Return an empty hole right behind the last token read."""
        offset = self._read_end()
        return Hole("", reason, Place(offset, offset))

    def _read_end(self) -> int:
        """Return the end of what has been read: inside a numeral when a script has taken its first digit."""
        if self.place == self.split_place:
            return self.next.start
        return self.tokens[self.place - 1].end if self.place else 0

    # Rows -------------------------------------------------------------------------------------------------------------

    def formula(self) -> Tree:
        """Read the whole source."""
        tree = self.rows()
        return tree if tree is not None else Hole(self.source, "an empty formula", Place(0, len(self.source)))

    def rows(self) -> Tree | None:
        """Read rows; one that begins with a relation or an infix sign goes on with the row before it."""
        found = RowList()
        while True:
            self.skip("newline", "align", "gap")
            if self.next.kind in ENDS:
                return found.tree()
            if self.next.text in SPLITTERS:
                found.rows.append(self._split(found.pop()))
                continue
            is_carried = self.next.kind == "operator"
            row = self.listing()
            found.append(self.stray() if row is None else row, is_carried=is_carried)

    def _split(self, above: Tree | None) -> Tree:
        """``a \\over b``: all that stands before it in its group is the numerator."""
        sign = self.take()
        above = above or self.missing("nothing stands above the bar")
        below = self.listing() or self.missing("nothing stands below the bar")
        return Fraction(above, below, Place(above.place.start, below.place.end), SPLITTERS[sign.text])

    def stray(self) -> Hole:
        """Read one token that nothing can begin with."""
        token = self.take()
        return self.hole(token.start, f"'{token.text}' stands where nothing can be read")

    def listing(self) -> Tree | None:
        """Read items between commas, semicolons, colons, separating bars and wide gaps."""
        return lists.listing(self)

    # Items ------------------------------------------------------------------------------------------------------------

    def item(self) -> Tree | None:
        """Read words and relation chains in turn."""
        found: list[Tree] = []
        while True:
            if not self.in_cell:
                self.skip("align")
            if not found or isinstance(found[-1], Words):
                self.skip("gap")
            if self.next.kind == "words":
                found.append(self.words())
            elif found and not isinstance(found[-1], Words):
                break
            else:
                tree = self.chain()
                if tree is None:
                    break
                found.append(tree)
        if len(found) < 2:
            return found[0] if found else None
        return Adjacent(tuple(found), Place(found[0].place.start, found[-1].place.end))

    def words(self) -> Words:
        """Read text that speaks."""
        token = self.take()
        return Words(token.text, Place(token.start, token.end))

    # Relations --------------------------------------------------------------------------------------------------------

    def chain(self) -> Tree | None:
        """Read things linked by relations."""
        start = self.next.start
        was_linked, self.is_linked = self.is_linked, False
        first = None if self.next.kind == "relation" else self.expression(SUM)
        links: list[tuple[str, Tree]] = []
        notes: list[str] = []
        while (relation := self.tokens[self.ahead()]).kind == "relation":
            self.place = self.ahead() + 1
            self.is_linked = True
            relation = self._scripted_relation(relation)
            right = self._right(SUM, "nothing stands behind the relation")
            links.append((relation.text, right))
            notes.append(relation.note)
        self.is_linked = was_linked
        if not links:
            return first
        place = Place(first.place.start if first else start, max(links[-1][1].place.end, relation_end(self, links)))
        return Chain(first, tuple(links), place, tuple(notes) if any(notes) else ())

    def _scripted_relation(self, relation: Token) -> Token:
        """``>_u`` is a relation of its own; its text form keeps the script."""
        if self.next.kind != "script":
            return relation
        start = self.next.start
        while self.next.kind == "script":
            self.take()
            scripts.argument(self)
        return replace(relation, text=relation.text + self.source[start : self.span(start).end])

    def ahead(self) -> int:
        """Return the place of the next token that is no alignment or gap."""
        place = self.place
        while self.tokens[place].kind == "gap" or (self.tokens[place].kind == "align" and not self.in_cell):
            place += 1
        return place

    def _right(self, power: int, reason: str) -> Tree:
        """Read the right side of a sign, on the next line if it is there; words may stand there too."""
        self.place = self.ahead()
        if self.next.kind == "newline" and not self.in_cell:
            self.skip("newline", "align", "gap")
        right = self.expression(power)
        if right is None and self.next.kind == "words":
            return self.words()
        return right if right is not None else self.missing(reason)

    # Infix signs ------------------------------------------------------------------------------------------------------

    def expression(self, power: int) -> Tree | None:
        """Read operands between infix signs that bind at least with a power."""
        left = self.operand(power)
        if left is None:
            return None
        while True:
            ahead = self.ahead()
            token = self.tokens[ahead]
            if token.kind == "operator" and POWERS[token.note] >= power and token.note != "¬":
                self.place = ahead + 1
                left = self._infix(left, token)
            elif power <= ADJACENT and token.kind in _STARTS and self._is_beside(ahead):
                self.place = ahead
                left = self._beside(left, power)
            else:
                return left

    def _infix(self, left: Tree, token: Token) -> Tree:
        symbol = self.source[token.start : token.end]
        if token.note == "/" and symbol == "/":
            right: Tree = self._divisor(left) or self._right(PRODUCT + 1, "nothing stands behind '/'")
        else:
            right = self._right(POWERS[token.note] + 1, f"nothing stands behind '{symbol}'")
        end = max(right.place.end, token.end)
        return Infix(token.note, left, right, Place(left.place.start, end), symbol)

    def _is_beside(self, ahead: int) -> bool:
        """Tell whether what is ahead stands beside the operand just read: no gap parts them, or one that is only spacing."""
        token = self.tokens[ahead]
        if (token.kind == "char" and token.text in ".?") or token.text in SPLITTERS:
            return False
        return not (self.is_linked and any(self.tokens[place].kind == "gap" for place in range(self.place, ahead)))

    def _beside(self, left: Tree, power: int) -> Tree:
        items = [left]
        while True:
            factor = self.factor()
            if factor is not None:
                items.append(factor)
            ahead = self.ahead()
            if self.tokens[ahead].kind not in _STARTS or not self._is_beside(ahead):
                break
            self.place = ahead
        if len(items) == 1:
            return left
        return Adjacent(tuple(items), Place(left.place.start, items[-1].place.end))

    def _divisor(self, left: Tree) -> Tree | None:
        """Read what stands behind '/': letters and numerals that touch, with the argument of a function.

        After a numeral over a numeral nothing more is taken: ``1/2 x`` is half of x.
        """
        self.place = self.ahead()
        if self.next.kind not in _STARTS or self.next.text in (".", "?"):
            return None
        items = [self.factor()]
        halves = isinstance(left, Numeral) and isinstance(items[0], Numeral)
        while not halves and items[-1] is not None:
            token = self.next
            touches = token.start == self.tokens[self.place - 1].end
            calls = token.kind in ("open", "left") and token.text in "([" and _is_callable(items[-1])
            if not calls and not _takes(items[-1]) and not (touches and self._is_touching(token)):
                break
            if token.kind not in _STARTS:
                break
            items.append(self.factor())
        found = [item for item in items if item is not None]
        if len(found) < 2:
            return found[0] if found else None
        return Adjacent(tuple(found), Place(found[0].place.start, found[-1].place.end))

    def _is_touching(self, token: Token) -> bool:
        return token.kind in _TOUCHING or (token.kind == "command" and factors.is_letter(token.text))

    # Operands ---------------------------------------------------------------------------------------------------------

    def operand(self, power: int) -> Tree | None:
        """Read a factor, or a sign with the product behind it; an infix sign that stands alone is a name."""
        self.place = self.ahead()
        token = self.next
        if token.kind == "prime":
            return scripts.prime(self)
        if token.kind == "script":
            return scripts.scripted(self, None, token.start)
        if token.kind != "operator":
            while self.next.kind in _STARTS and not (self.next.kind == "char" and self.next.text in ".?"):
                if self.next.text in SPLITTERS:
                    return None
                tree = self.factor()
                if tree is not None:
                    return tree
            return None
        if token.note in SIGNS:
            return self._signed(power)
        self.take()
        if token.note == "∘" and self._opens_script() and self.next.kind in (*_STARTS, "operator"):
            tree = self.expression(PRODUCT + 1)
            if tree is not None:
                return Prefix("∘", tree, Place(token.start, tree.place.end))
        if self.next.kind in _STARTS and not (token.text in _STARS and self._opens_script()):
            self.place -= 1
            return self.missing(f"nothing stands before '{token.text}'")
        return scripts.scripted(self, _sign_name(token), token.start)

    def _opens_script(self) -> bool:
        """Tell whether the sign before this place begins a script: ``R_{* i}``, ``x^{\\circ 2}``."""
        before = self.tokens[max(0, self.place - 3) : self.place - 1]
        return [token.kind for token in before] == ["script", "group"]

    def _signed(self, power: int) -> Tree:
        signs = [self.take()]
        while self.next.kind == "operator" and self.next.note in SIGNS:
            signs.append(self.take())
        if len(signs) > DEPTH:
            return self.hole(signs[0].start, "nested too deeply")
        binds = PRODUCT + 1 if any(sign.note == "¬" for sign in signs) else PRODUCT
        tree = self.expression(max(power, binds))
        if tree is None:
            last = signs.pop()
            tree = scripts.scripted(self, _sign_name(last), last.start)
        for sign in reversed(signs):
            tree = Prefix(sign.note, tree, Place(sign.start, tree.place.end))
        return tree

    def factor(self) -> Tree | None:
        """Read one thing with its primes, scripts and '!'; None for what is not shown, as ``{}``."""
        token = self.next
        if self.depth >= DEPTH:
            return self.too_deep()
        self.depth += 1
        base = factors.primary(self)
        if base is not None:
            base = scripts.scripted(self, base, token.start)
        self.depth -= 1
        return base

    def too_deep(self) -> Hole:
        """Read past all that is left at this level."""
        start = self.next.start
        while self.next.kind not in ENDS and self.next.kind not in ("newline", "align", "separator", "relation"):
            self.place = self.end_of.get(self.place, self.place) + 1
        if self.span(start).end == start:
            self.take()
        return self.hole(start, "nested too deeply")


def relation_end(parser: Parser, links: list[tuple[str, Tree]]) -> int:
    """Return the end of the last relation when nothing stands behind it."""
    last = links[-1][1]
    return parser.tokens[parser.place - 1].end if isinstance(last, Hole) and not last.text else last.place.end


def _sign_name(token: Token) -> Name:
    return Name(token.text.lstrip("\\"), Place(token.start, token.end))


def _is_callable(tree: Tree | None) -> bool:
    return isinstance(tree, Name) or (isinstance(tree, Scripted) and isinstance(tree.base, Name))


def _takes(tree: Tree | None) -> bool:
    """Tell whether a name takes the factor behind it along: a named function, a differential sign."""
    return isinstance(tree, Name) and (tree.text == "partial" or (tree.font == "roman" and len(tree.text) > 1))

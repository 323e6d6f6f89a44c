"""Which tokens belong together: braces, fences, environments, bars, integrals and their differentials.

It is decided once, before parsing, with one stack and in linear time. After it a token of kind 'close', 'right', 'ungroup' or
'end' is always the end of the pair that is being read, so the parser stops there without asking; what has no partner is of
kind 'lone' and becomes a hole. Bars and differentials are told apart here too:

| kind           | is                                                                    |
|----------------|-----------------------------------------------------------------------|
| 'open','close' | a fence: also a bar that has a partner, as in ``|x|``                 |
| 'separator'    | a bar that separates: ``p(x | y)``                                    |
| 'evaluation'   | a bar with a script behind an operand: ``f(x) |_{x = 0}``             |
| 'differential' | the ``d`` of an open integral: ``\\int f(x) \\, d x``                  |
| 'lone'         | an end or a beginning without the other                               |
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gradproof.reader.tokens import Token
from gradproof.reader.vocabulary import BIG, FONTS, GREEK, INTEGRALS, NAMED_FUNCTIONS, UNICODE_NAMES

#: Each closing kind with the opening kind that it ends.
_PARTNERS = {"close": "open", "right": "left", "ungroup": "group", "end": "begin"}
#: What ends the part that is being read.
ENDS = frozenset({*_PARTNERS, "stop"})
_OPENERS = frozenset(_PARTNERS.values())
_BEHIND_OPERAND = frozenset(
    {"number", "letter", "name", "ellipsis", "close", "right", "ungroup", "end", "prime", "raised", "lowered", "evaluation"}
)


@dataclass(slots=True)
class _Frame:
    """What is open: a pair that waits for its end, with the bars and integrals at its level."""

    opener: int
    kind: str
    bars: list[int] = field(default_factory=list)
    integrals: list[int] = field(default_factory=list)
    latest: int = -1


class Pairs:
    """The tokens with their kinds settled.

    ``end_of`` gives for each opening token the place of its end, ``integral_of`` for each differential the place of its sign.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = _split_double_bars(tokens)
        self.end_of: dict[int, int] = {}
        self.integral_of: dict[int, int] = {}
        self.integrated: set[int] = set()
        self._frames = [_Frame(-1, "stop")]
        self._waiting = dict.fromkeys(_OPENERS, 0)
        for place, token in enumerate(self.tokens):
            self._see(place, token)
        while self._frames:
            self._leave(is_closed=len(self._frames) == 1)

    def _see(self, place: int, token: Token) -> None:
        frame = self._frames[-1]
        if token.kind in _OPENERS:
            self._frames.append(_Frame(place, token.kind))
            self._waiting[token.kind] += 1
        elif token.kind in _PARTNERS:
            self._close(place, _PARTNERS[token.kind])
        elif token.kind == "bar":
            frame.bars.append(place)
        elif token.kind in ("newline", "align"):
            self._settle_bars(frame)
            frame.integrals.clear()
        elif token.kind in ("relation", "separator", "words"):
            frame.integrals.clear()
        elif BIG.get(token.text) in INTEGRALS:
            frame.integrals.extend([place] * INTEGRALS[BIG[token.text]])
        elif token.text == "d" and self._is_differential(place):
            self._give(frame, place)

    def _close(self, place: int, kind: str) -> None:
        """End the innermost pair of a kind; fences left open inside a brace, a ``\\left`` or an environment are lone."""
        reachable = self._frames[-1].kind == "open" if kind == "open" else self._waiting[kind] > 0
        if not reachable:
            is_bar = self.tokens[place].text == "|" and self.tokens[place + 1].kind == "script" and self._behind_operand(place)
            self._mark(place, "evaluation" if is_bar else "lone", "|" if is_bar else "")
            return
        while self._frames[-1].kind != kind:
            self._leave(is_closed=False)
        self.end_of[self._frames[-1].opener] = place
        self._leave(is_closed=True)

    def _leave(self, *, is_closed: bool) -> None:
        frame = self._frames.pop()
        self._settle_bars(frame)
        if not is_closed:
            self._mark(frame.opener, "lone")
        if frame.kind in self._waiting:
            self._waiting[frame.kind] -= 1

    def _mark(self, place: int, kind: str, text: str = "") -> None:
        token = self.tokens[place]
        self.tokens[place] = replace(token, kind=kind, text=text or token.text)

    # Bars -------------------------------------------------------------------------------------------------------------

    def _settle_bars(self, frame: _Frame) -> None:
        """Tell which bars at one level open, close, separate or evaluate."""
        left = {glyph: sum(self.tokens[bar].text == glyph for bar in frame.bars) for glyph in "|‖"}
        is_open: dict[str, int] = {}
        stack: list[str] = []
        for bar in frame.bars:
            glyph = self.tokens[bar].text
            left[glyph] -= 1
            behind_operand = self._behind_operand(bar)
            scripted = self.tokens[bar + 1].kind == "script"
            if glyph in is_open and behind_operand:
                while stack[-1] != glyph:  # a bar of the other kind was left open in between
                    self._lone(is_open, stack.pop())
                stack.pop()
                self.end_of[is_open.pop(glyph)] = bar
                self._mark(bar, "close")
            elif behind_operand and scripted:
                self._mark(bar, "evaluation")
            elif glyph not in is_open and left[glyph] > 0 and (not behind_operand or left[glyph] % 2 == 1):
                is_open[glyph] = bar
                stack.append(glyph)
                self._mark(bar, "open")
            else:
                self._mark(bar, "separator" if behind_operand else "lone")
        for glyph in stack:
            self._lone(is_open, glyph)
        frame.bars = []

    def _lone(self, is_open: dict[str, int], glyph: str) -> None:
        bar = is_open.pop(glyph)
        self._mark(bar, "separator" if self._behind_operand(bar) else "lone")

    def _behind_operand(self, place: int) -> bool:
        if place == 0:
            return False
        token = self.tokens[place - 1]
        if token.kind == "operator":
            return self._is_placeholder(place - 1)
        if token.kind == "command":
            return token.text not in BIG and token.text not in FONTS and token.text[1:] not in NAMED_FUNCTIONS
        return token.kind in _BEHIND_OPERAND or token.text == "!"

    def _is_placeholder(self, place: int) -> bool:
        """``\\|\\cdot\\|``, ``|\\mathbb{R}^*|``: a sign that stands for itself."""
        before = self.tokens[place - 1].kind if place else "stop"
        return before in ("open", "bar", "script", "separator", "left")

    # Integrals --------------------------------------------------------------------------------------------------------

    def _give(self, frame: _Frame, place: int) -> None:
        """Give a differential to the innermost open integral; one right behind another to the integral of that one."""
        if frame.integrals:
            self.integral_of[place] = frame.integrals.pop()
            self.integrated.add(self.integral_of[place])
        elif frame.latest >= 0 and self._behind_variable(frame.latest + 1) == place:
            self.integral_of[place] = self.integral_of[frame.latest]
        else:
            return
        frame.latest = place
        self._mark(place, "differential")

    def _behind_variable(self, place: int) -> int:
        """Return the place behind a variable with its font and scripts."""
        while True:
            is_font = self.tokens[place].text in FONTS
            place = self.end_of.get(place, place) + 1
            if is_font:
                continue
            if self.tokens[place].kind != "script":
                return place
            place += 1

    def _is_differential(self, place: int) -> bool:
        token = self.tokens[place]
        if token.kind not in ("letter", "name"):
            return False
        if place and (self.tokens[place - 1].kind == "script" or self.tokens[place - 1].text == "d"):
            return False
        following = self.tokens[place + 1]
        if following.kind == "command":
            return following.text[1:] in GREEK or following.text in FONTS
        return following.kind == "letter" or following.text in UNICODE_NAMES


def _split_double_bars(tokens: list[Token]) -> list[Token]:
    """``||`` is one double bar, but two bars where a single one is open: ``|a||b|``."""
    if not any(token.note == "||" for token in tokens):
        return tokens
    split: list[Token] = []
    singles = [0]
    for token in tokens:
        if token.kind in _OPENERS:
            singles.append(0)
        elif token.kind in _PARTNERS and len(singles) > 1:
            singles.pop()
        elif token.kind == "bar" and token.text == "|":
            singles[-1] += 1
        if token.kind == "bar" and token.note == "||" and singles[-1] % 2 == 1:
            middle = token.start + 1
            split += [Token("bar", "|", token.start, middle), Token("bar", "|", middle, token.end)]
        else:
            split.append(token)
    return split

"""The tokens of a formula, each with its place in the source.

Two passes. The first splits the source by one pattern and gives every piece its kind. The second folds what is one thing on
paper into one token: ``\\text{ if }``, ``\\operatorname*{arg\\,min}``, ``\\overset{!}{=}``, ``\\not\\in``, ``\\cdot *``; and drops
spacing together with its argument. Both are linear in the length of the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradproof.reader.plain_words import words_in
from gradproof.reader.vocabulary import (
    ARROWS,
    BARS,
    BIG_WORDS,
    CLOSING,
    ELLIPSES,
    GAPS,
    IGNORED,
    IGNORED_WITH_ARGUMENT,
    LOOSE_DELIMITERS,
    LOWERED,
    NAMED_FUNCTIONS,
    NEGATED,
    OPENING,
    OPERATORS,
    RAISED,
    RELATIONS,
    SEPARATORS,
    SPEAKING,
    TEXTS,
    WORD_FONTS,
)

_DELIMITER = (
    r"\\(?:[lr]?[vV]ert|[lr](?:brace|brack|angle|floor|ceil|paren|group)|(?:up|down)arrow|backslash)(?![A-Za-z])"
    r"|\\[{}|]|[()\[\]|/.<>‖⟨⟩⌊⌋⌈⌉∣]"
)
_LENGTH = r"\[\s*-?[\d.]+\s*(?:pt|em|ex|mu|mm|cm|in|\\\w+)\s*\]"
_PATTERN = re.compile(
    rf"""
    (?P<space>\s+|%[^\n]*\n?)
  | (?P<environment>\\(?:begin|end)\s*\{{[^{{}}\\]*\}}(?:\[[htbpc]\])?)
  | (?P<newline>\\\\\*?(?:{_LENGTH})?|\\(?:newline|cr)(?![A-Za-z]))
  | (?P<sized>\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*(?:{_DELIMITER}))
  | (?P<word>\\(?:operatorname|tag|hspace)\*|\\[A-Za-z]+|\\.|\\$)
  | (?P<number>\d{{1,3}}(?:(?:\{{,\}}|\\,)\d{{3}})+(?!\d)(?:\.\d+)?|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<raised>[{"".join(RAISED)}]+)
  | (?P<lowered>[{"".join(LOWERED)}]+)
  | (?P<sign>\.\.\.|:=|=:|::|<=|>=|!=|==|->|=>|\.\*|\|\||['’′]+)
  | (?P<letter>[^\W\d_])
  | (?P<char>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SIZE = re.compile(rf"\\(left|right|middle|[bB]igg?[lrm]?)\s*({_DELIMITER})")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([^{}*]*?)\s*\*?\s*\}")
_NAME = re.compile(r"[^\W\d_](?:[\w\-.]| (?=\S))*")
_SPACING = re.compile(r"\\[,;:!> ]|\\quad|\\qquad|~|\\rm(?![a-z])")
_WRAPPED = re.compile(r"\\(?:mathrm|text|textrm|textbf|mathbf|rm|operatorname\*?)(?![A-Za-z])\s*|[{}]")


#: Longer content of a font is mathematics, not a name.
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula.

    ``kind``: number, letter, name, words, ellipsis, operator, relation, separator, open, close, left, right, bar, group,
    ungroup, begin, end, newline, align, gap, script, raised, lowered, prime, command, char, stop. ``text`` is the canonical text
    (a fence's glyph, a relation's text form, the name of an environment); ``note`` adds an operator's text form, what is set over
    a relation, or the font of a name.
    """

    kind: str
    text: str
    start: int
    end: int
    note: str = ""


def tokenize(source: str) -> list[Token]:
    """Split a formula into tokens; spacing is dropped, wide gaps are kept. The last token is of kind 'stop'."""
    return _fold(source, _split(source))


# Splitting ------------------------------------------------------------------------------------------------------------


def _classes() -> dict[str, tuple[str, str, str]]:
    """Return kind, text and note of all signs and control words that have a kind of their own."""
    table = {text: ("relation", form, "") for text, form in RELATIONS.items()}
    table |= {text: ("operator", text, form) for text, (form, _) in OPERATORS.items()}
    table |= {text: ("open", glyph, "") for text, glyph in OPENING.items()}
    table |= {text: ("close", glyph, "") for text, glyph in CLOSING.items()}
    table |= {text: ("bar", glyph, "||" if text == "||" else "") for text, glyph in BARS.items()}
    table |= {text: ("separator", form, "") for text, form in SEPARATORS.items()}
    table |= {text: ("ellipsis", text, "") for text in ELLIPSES}
    table |= {text: ("gap", text, "") for text in GAPS}
    table |= {"{": ("group", "{", ""), "}": ("ungroup", "}", ""), "&": ("align", "&", "")}
    table |= {"_": ("script", "_", ""), "^": ("script", "^", "")}
    return table


_CLASSES = _classes()


def _split(source: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _PATTERN.finditer(source):
        kind = match.lastgroup or "char"
        text = match.group()
        if kind == "space" or text in IGNORED:
            continue
        start, end = match.span()
        if text in _CLASSES:
            kind, text, note = _CLASSES[text]
            tokens.append(Token(kind, text, start, end, note))
        elif kind == "environment":
            tokens.append(_environment(text, start, end))
        elif kind == "sized":
            tokens.append(_sized(text, start, end))
        elif kind == "sign":
            tokens.append(Token("prime", text, start, end))
        elif kind == "word":
            tokens.append(Token("command", text, start, end))
        else:
            tokens.append(Token(kind, text, start, end))
    tokens.append(Token("stop", "", len(source), len(source)))
    return tokens


def _environment(text: str, start: int, end: int) -> Token:
    match = _ENVIRONMENT.match(text)
    assert match is not None
    return Token(match.group(1), match.group(2), start, end)


def _sized(text: str, start: int, end: int) -> Token:
    r"""Read ``\left(``, ``\bigl|``, ``\middle|``: the size is dropped, the side is kept."""
    match = _SIZE.match(text)
    assert match is not None
    size, sign = match.groups()
    glyph = OPENING.get(sign) or CLOSING.get(sign) or BARS.get(sign) or LOOSE_DELIMITERS[sign]
    if size in ("left", "right"):
        return Token(size, glyph, start, end)
    if sign in BARS:
        side = {"l": "open", "r": "close", "m": "separator", "e": "separator"}.get(size[-1], "bar")
        return Token(side, glyph, start, end)
    if sign in ("<", ">"):
        return Token("open" if sign == "<" else "close", glyph, start, end)
    kind, form, note = _CLASSES.get(sign, ("char", sign, ""))
    return Token(kind, form, start, end, note)


# Folding --------------------------------------------------------------------------------------------------------------


def _fold(source: str, tokens: list[Token]) -> list[Token]:
    folder = _Folder(source, tokens)
    place = 0
    while place < len(tokens):
        place = folder.step(place)
    return folder.folded


def brace_ends(tokens: list[Token]) -> dict[int, int]:
    """Return the closing brace of every opening one that has one."""
    ends: dict[int, int] = {}
    open_at: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "group":
            open_at.append(place)
        elif token.kind == "ungroup" and open_at:
            ends[open_at.pop()] = place
    return ends


class _Folder:
    """The second pass over the tokens: one step takes a token, or several that are one thing."""

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.ends = brace_ends(tokens)
        self.folded: list[Token] = []

    def step(self, place: int) -> int:
        """Fold what begins at a place; return the place behind it."""
        token = self.tokens[place]
        if token.kind == "operator" and (token.text == "\\cdot" or token.text == "·"):
            return self._starred(place)
        if token.kind == "letter":
            return self._letters(place)
        if token.kind != "command":
            self.folded.append(token)
            return place + 1
        text = token.text
        if text in IGNORED_WITH_ARGUMENT and place + 1 in self.ends:
            return self.ends[place + 1] + 1
        if text in TEXTS or text in WORD_FONTS:
            return self._upright(place)
        if text in ("\\overset", "\\stackrel", "\\underset"):
            return self._stacked(place)
        if text in ARROWS and place + 1 in self.ends:
            close = self.ends[place + 1]
            return self._put("relation", ARROWS[text], place, close, self._content(place + 1))
        following = self.tokens[min(place + 1, len(self.tokens) - 1)]
        if text == "\\not" and following.kind == "relation":
            return self._put("relation", NEGATED.get(following.text, "not " + following.text), place, place + 1)
        if text == "\\arg" and following.text in ("\\min", "\\max"):
            return self._put("command", "\\arg" + following.text[1:], place, place + 1)
        self.folded.append(token)
        return place + 1

    def _put(self, kind: str, text: str, first: int, last: int, note: str = "") -> int:
        self.folded.append(Token(kind, text, self.tokens[first].start, self.tokens[last].end, note))
        return last + 1

    def _content(self, brace: int) -> str:
        return self.source[self.tokens[brace].end : self.tokens[self.ends[brace]].start]

    def _letters(self, place: int) -> int:
        """Fold letters that stand together where they are a word of the field."""
        last = place
        while self.tokens[last + 1].kind == "letter" and self.tokens[last + 1].start == self.tokens[last].end:
            last += 1
        following = self.tokens[last + 1]
        run = self.source[self.tokens[place].start : self.tokens[last].end]
        is_applied = following.text == "(" and following.kind in ("open", "left")
        is_subscript = place >= 2 and self.tokens[place - 1].kind == "group" and self.tokens[place - 2].text == "_"
        for word in words_in(run, is_applied=is_applied, is_whole_subscript=is_subscript and following.kind == "ungroup"):
            end = place + len(word) - 1
            if len(word) == 1:
                self.folded.append(self.tokens[place])
            elif word in NAMED_FUNCTIONS or (word in BIG_WORDS and self._is_large(BIG_WORDS[word], word, end)):
                self._put("command", "\\" + word, place, end)
            else:
                self._put("name", word, place, end, "roman")
            place = end + 1
        return place

    def _starred(self, place: int) -> int:
        """``\\cdot *`` is how people write the elementwise product of Matlab."""
        following = self.tokens[place + 1]
        if following.kind == "operator" and following.text in ("*", "∗", "\\ast"):
            symbol = self.source[self.tokens[place].start : following.end]
            return self._put("operator", symbol, place, place + 1, "⊙")
        self.folded.append(self.tokens[place])
        return place + 1

    def _upright(self, place: int) -> int:
        command = self.tokens[place]
        following = self.tokens[place + 1]
        if place + 1 not in self.ends:
            if following.kind == "letter" and command.text in WORD_FONTS:
                return self._put("name", following.text, place, place + 1, WORD_FONTS[command.text])
            self.folded.append(command)
            return place + 1
        close = self.ends[place + 1]
        if command.text in WORD_FONTS and self.tokens[close].start - command.end > _LONGEST_NAME:
            self.folded.append(command)
            return place + 1
        content = _unescaped(" ".join(_SPACING.sub(" ", self._content(place + 1)).split()))
        word = _WRAPPED.sub("", content).replace(" ", "").replace("\\", "")
        if word in BIG_WORDS and not command.text.startswith("\\mathit"):
            known = BIG_WORDS[word]
            if self._is_large(known, word, close):
                return self._put("command", "\\" + known, place, close)
            return self._name(word, place, close)
        is_called = command.text.startswith("\\operatorname") and self.tokens[close + 1].text == "("
        if _is_speech(content) if command.text in TEXTS else content in SPEAKING and len(content) > 1 and not is_called:
            return self._put("words", content.replace("$", ""), place, close)
        if command.text in TEXTS:
            return self._name(content, place, close)
        if "_" not in self._content(place + 1).replace("\\_", "") and _NAME.fullmatch(content):
            return self._name(content, place, close)
        self.folded.append(command)
        return place + 1

    def _is_large(self, known: str, word: str, close: int) -> bool:
        """``minimize`` is a word unless something stands below it; ``max`` is left to the parser."""
        if known == word:
            return True
        following = self.tokens[close + 1]
        return following.kind == "script" and following.text == "_"

    def _name(self, content: str, place: int, close: int) -> int:
        command = self.tokens[place].text
        font = TEXTS.get(command) or WORD_FONTS[command]
        return self._put("name", re.sub(r"[\s.]+", "_", content), place, close, font)

    def _stacked(self, place: int) -> int:
        """``\\overset{note}{=}`` and ``\\stackrel{note}{=}`` are one relation with a note."""
        close = self.ends.get(place + 1)
        if close is not None:
            behind = close + 1
            if self.tokens[behind].kind == "relation":
                return self._relation(place, behind, behind)
            if self.ends.get(behind) == behind + 2 and self.tokens[behind + 1].kind == "relation":
                return self._relation(place, behind + 1, behind + 2)
        self.folded.append(self.tokens[place])
        return place + 1

    def _relation(self, place: int, relation: int, last: int) -> int:
        note = self._content(place + 1).strip()
        text = self.tokens[relation].text
        defines = text == "=" and ("def" in note or note == "\\triangle")
        return self._put("relation", ":=" if defines else text, place, last, note)


def _unescaped(content: str) -> str:
    """``\\operatorname{one\\_hot}`` is the word one_hot."""
    return content.replace("\\_", "_")


def _is_speech(content: str) -> bool:
    """Tell whether text speaks, or is the name of a quantity."""
    if content.lower().strip(" ,.:;") in SPEAKING or not _NAME.fullmatch(content):
        return not (content.isdigit() and content.isascii())
    return " " in content

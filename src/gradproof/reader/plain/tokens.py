"""Plain text to tokens: numbers, names, signs. Unicode spellings become the plain ones; places stay those of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradproof.reader.plain.source import Source
from gradproof.reader.presentation import Place

#: Names that a text may have for Greek letters.
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma",
    "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip

_SIGNS = {
    "·": "*", "⋅": "*", "×": "*", "∗": "*", "@": "*", "÷": "/", "−": "-", "⊙": ".*", "∘": ".*", "≤": "<=", "≥": ">=", "≠": "!=",
    "~=": "!=", "==": "=", ":=": "=", "**": "^", "′": "'", "’": "'", "ᵀ": "'", "⊤": "'", ".T": "'", ".'": "'", "→": "->", "∧": "and",
    "∨": "or", "¬": "not", "&&": "and", "||": "or",
}  # fmt: skip
_WORDS = {"∑": "sum", "∏": "prod", "√": "sqrt"}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))

_SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ"
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<number>(?:\d+(?:\.\d+|\.(?![*/^'.T\w]))?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+)
    | (?P<name>[∑∏](?:_\w*)?|(?![{_SUPERSCRIPT}])[^\W\d](?:(?![{_SUPERSCRIPT}])\w)*)
    | (?P<word>"[^"\n]*")
    | (?P<sign>\.\*|\./|\.\^|\.'|\.T(?!\w)|\.\.|->|→|\*\*|<=|>=|==|!=|~=|:=|&&|\|\||[-+*/^'!()\[\]{{}},;:|=<>@·⋅×∗÷−⊙∘≤≥≠′’ᵀ⊤∧∨¬]|√)
    """,
    re.VERBOSE,
)
_LONGEST_NUMBER = 4000
_OPENERS = frozenset({"(", "[", ",", "="})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: ``kind`` is 'number', 'name', 'word', 'sign' or 'stop'; ``spaced`` says that blanks stand before it."""

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False

    @property
    def place(self) -> Place:
        """Where the token stands."""
        return Place(self.start, self.end)


def tokenize(source: Source) -> list[Token]:
    """Return the tokens of a text and a 'stop' at its end.

    Raises: FormulaError: a character that no formula has, or a number of more digits than a person types.
    """
    text = source.text
    found: list[Token] = []
    offset, spaced = 0, False
    while offset < len(text):
        if text[offset] == "'" and _opens_word(found) and (end := text.find("'", offset + 1)) > 0:
            found.append(Token("word", text[offset + 1 : end], offset, end + 1, spaced))
            offset, spaced = end + 1, False
            continue
        match = _TOKEN.match(text, offset)
        if match is None:
            place = Place(offset, offset + 1)
            raise source.error(place, "a number, a name or an operator was expected", got=f"'{text[offset]}'", remedy="Remove it.")
        if match.lastgroup != "space":
            found.extend(_tokens(source, match, spaced))
        offset, spaced = match.end(), match.lastgroup == "space"
    return [*found, Token("stop", "", len(text), len(text), spaced)]


def _opens_word(before: list[Token]) -> bool:
    """Tell whether an apostrophe begins a quoted word: nothing that could be transposed stands before it."""
    return bool(before) and before[-1].kind == "sign" and before[-1].text in _OPENERS


def _tokens(source: Source, match: re.Match[str], spaced: bool) -> list[Token]:
    text, start, end = match.group(), match.start(), match.end()
    match match.lastgroup:
        case "number":
            if (
                len(text) > _LONGEST_NUMBER
                or abs(int(re.split("[eE]", text)[1]) if re.search("[eE]", text) else 0) > _LONGEST_NUMBER
            ):
                raise source.error(Place(start, end), f"a number of at most {_LONGEST_NUMBER} digits was expected")
            return [Token("number", _ascii(text), start, end, spaced)]
        case "raised":
            return _raised(text, start)
        case "name":
            plain = "".join(_WORDS.get(letter) or GREEK.get(letter) or _LOWERED.get(letter, letter) for letter in text)
            kind = "sign" if plain in ("and", "or", "not") else "name"
            return [Token(kind, plain, start, end, spaced)]
        case "word":
            return [Token("word", text[1:-1], start, end, spaced)]
        case _:
            if text in _WORDS:
                return [Token("name", _WORDS[text], start, end, spaced)]
            return [Token("sign", _SIGNS.get(text, text), start, end, spaced)]


def _ascii(digits: str) -> str:
    """Return digits of any script as those of ASCII."""
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in digits)


def _raised(text: str, start: int) -> list[Token]:
    """``x²`` is ``x^2``; ``A⁻¹`` is ``A^-1``."""
    tokens = [Token("sign", "^", start, start)]
    place = start
    for piece in re.findall(r"[⁺⁻]|[⁰¹²³⁴⁵⁶⁷⁸⁹]+", text):
        plain = "".join(_RAISED[letter] for letter in piece)
        kind = "number" if plain.isdigit() else "sign"
        tokens.append(Token(kind, plain, place, place + len(piece)))
        place += len(piece)
    return tokens

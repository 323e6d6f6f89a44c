"""Assumptions of the user and of comments in a document: ``W: k,d``, ``x > 0``, ``sigma is logistic``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradproof.elaborate.scope import Declared
from gradproof.elaborate.sizes import named_size
from gradproof.errors import FormulaError
from gradproof.expr.build import number
from gradproof.expr.node import Expr

PROPERTIES = frozenset(
    {"symmetric", "posdef", "simplex", "onehot", "distribution", "orthogonal", "diagonal", "positive", "nonnegative", "integer",
     "binary", "probability", "natural", "negative", "zerodiagonal"}
)  # fmt: skip
_NAME = r"\\?[A-Za-z]\w*"
_SHAPE = re.compile(rf"\s*({_NAME})\s*:([\w\s,]*)$")
_SIGN = re.compile(rf"\s*({_NAME})\s*(>=|>|<|<=)\s*([01])\s*$")
_BETWEEN = re.compile(rf"\s*0\s*<\s*({_NAME})\s*<\s*1\s*$")
_IS = re.compile(rf"\s*({_NAME})\s+is\s+(\w+)\s*$")
_FORMS = "Write 'W: k,d', 'P: n,n symmetric', 'lam:', 'x > 0', '0 < p < 1' or 'sigma is logistic'."
_SIGNS = {(">", "0"): "positive", (">=", "0"): "nonnegative", ("<", "0"): "negative", (">=", "1"): "natural"}
_READINGS = {"sigma": frozenset({"logistic", "softmax"}), "log": frozenset({"natural", "ten", "two"})}


def declared_by_user(declarations: Sequence[str]) -> dict[str, Declared]:
    """Return what declarations say of each name; several may stand in one text, between semicolons.

    Raises: FormulaError: a declaration is none of the forms that are understood.
    """
    found: dict[str, Declared] = {}
    for text in declarations:
        for part in text.split(";"):
            if part.strip():
                key, declared = _declaration(part)
                known = found.get(key, Declared(None))
                sizes = declared.sizes if declared.sizes is not None else known.sizes
                found[key] = Declared(sizes, known.properties | declared.properties, "assumed")
    return found


def _declaration(text: str) -> tuple[str, Declared]:
    if match := _BETWEEN.match(text):
        return _key(match.group(1)), Declared(None, frozenset({"probability"}))
    if match := _SIGN.match(text):
        sign = _SIGNS.get((match[2], match[3]))
        if sign is None:
            raise _malformed(text, match.start(2))
        return _key(match[1]), Declared(None, frozenset({sign}))
    if match := _IS.match(text):
        return _reading(text, match.group(1), match.group(2))
    if match := _SHAPE.match(text):
        return _shape(text, match.group(1), match.group(2))
    raise _malformed(text, 0)


def _key(name: str) -> str:
    return name.lstrip("\\")


def _shape(text: str, name: str, rest: str) -> tuple[str, Declared]:
    words = rest.replace(",", " , ").split()
    properties = []
    while words and words[-1] in PROPERTIES:
        properties.append(words.pop())
    axes = [word for word in words if word != ","]
    commas = set(words[1::2]) <= {","} and "," not in words[0::2]
    if any(word in PROPERTIES for word in axes) or not commas or (words and words[-1] == ","):
        raise _malformed(text, text.find(rest))
    sizes: tuple[Expr, ...] = tuple(number(int(axis)) if axis.isdigit() else named_size(axis) for axis in axes)
    return _key(name), Declared(sizes, frozenset(properties))


def _reading(text: str, name: str, word: str) -> tuple[str, Declared]:
    key = _key(name)
    if word in PROPERTIES:
        return key, Declared(None, frozenset({word}))
    if word not in _READINGS.get(key, frozenset()):
        raise _malformed(text, text.find(word))
    return key, Declared(None, frozenset({f"reading {word}"}))


def _malformed(text: str, caret: int) -> FormulaError:
    return FormulaError(
        "a declaration was expected",
        got=f"'{text.strip()}'",
        remedy=_FORMS,
        where="--assume",
        source_line=text,
        caret=max(caret, 0),
    )

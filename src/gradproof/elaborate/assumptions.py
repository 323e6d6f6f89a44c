"""Assumptions of the user and of comments in a document: ``W: k,d``, ``x > 0``, ``sigma is logistic``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradproof.elaborate.scope import Declared
from gradproof.elaborate.sizes import named_size
from gradproof.errors import FormulaError
from gradproof.expr.build import ONE, add, scale
from gradproof.expr.node import Expr

PROPERTIES = frozenset(
    {"symmetric", "posdef", "simplex", "onehot", "distribution", "orthogonal", "diagonal", "positive", "nonnegative", "integer",
     "binary", "plusminus", "probability", "natural", "negative", "zerodiagonal", "unit"}
)  # fmt: skip
_NAME = r"\\?[A-Za-z]\w*"
_SHAPE = re.compile(rf"\s*({_NAME})\s*:([\w\s,+*-]*)$")
_SIZE_TERM = re.compile(r"([+-]?)(\d*)\*?((?:[A-Za-z]\w*)?)(?=[+-]|$)")
_SIZE = re.compile(r"(?:\d+|(?:\d+\s*\*\s*)?[A-Za-z]\w*)(?:\s*[+-]\s*(?:\d+|(?:\d+\s*\*\s*)?[A-Za-z]\w*))*")
_NAME_OF_PROPERTY = re.compile(rf"\b(?:{'|'.join(sorted(PROPERTIES))})\b")
_SIGN = re.compile(rf"\s*({_NAME})\s*(>=|>|<|<=)\s*([01])\s*$")
_BETWEEN = re.compile(rf"\s*0\s*<\s*({_NAME})\s*<\s*1\s*$")
_IS = re.compile(rf"\s*({_NAME})\s+is\s+(\w+)\s*$")
_FORMS = "Write 'W: k,d', 'P: n,n symmetric', 'lam: scalar', 'x > 0', '0 < p < 1' or 'sigma is logistic'."
_SIGNS = {(">", "0"): "positive", (">=", "0"): "nonnegative", ("<", "0"): "negative", (">=", "1"): "natural"}
#: Words that say how many axes a name has and leave their sizes open.
_RANKS = {"scalar": 0, "number": 0, "vector": 1, "matrix": 2}
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
    parts = rest.split(",")
    last, properties = _without_properties(parts[-1])
    parts = [*parts[:-1], last]
    if len(parts) == 1 and not parts[0].strip():
        return _key(name), Declared((), properties)
    if len(parts) == 1 and (rank := _RANKS.get(parts[0].strip())) is not None:
        return _key(name), Declared((None,) * rank, properties)
    sizes = [_size(part) for part in parts]
    if any(size is None for size in sizes):
        raise _malformed(text, text.find(rest))
    return _key(name), Declared(tuple(size for size in sizes if size is not None), properties)


def _without_properties(text: str) -> tuple[str, frozenset[str]]:
    words = text.split()
    count = len(words)
    while count and words[count - 1] in PROPERTIES:
        count -= 1
    return " ".join(words[:count]), frozenset(words[count:])


def _size(text: str) -> Expr | None:
    """Return a size: a number, a name, or a sum of them such as ``h - p + 1`` and ``2*n``; None where it is neither."""
    if not _SIZE.fullmatch(text.strip()):
        return None
    terms = []
    for sign, count, word in _SIZE_TERM.findall(text.replace(" ", "")):
        weight = int(count or 1) * (-1 if sign == "-" else 1)
        if count or word:
            terms.append(scale(weight, named_size(word) if word else ONE))
    return None if _NAME_OF_PROPERTY.search(text) else add(*terms)


def _reading(text: str, name: str, word: str) -> tuple[str, Declared]:
    key = _key(name)
    if word in PROPERTIES:
        return key, Declared(None, frozenset({word}))
    if word in _RANKS:
        return key, Declared((None,) * _RANKS[word])
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

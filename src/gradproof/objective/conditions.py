"""The spellings of constraints: plain text and LaTeX, chains, intervals and sets, each turned into comparisons with zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gradproof.derivation.proximal_text import as_condition
from gradproof.errors import FormulaError
from gradproof.expr.build import negate, subtract
from gradproof.expr.node import Compare, Expr, Index, Iverson, Logic
from gradproof.formula.formula import Formula
from gradproof.formula.latex import is_latex
from gradproof.formula.parse import parse

Relation = Literal["<=", "=", "semidefinite"]

_LATEX_RELATIONS = {
    r"\leqslant": "<=", r"\leq": "<=", r"\le": "<=", r"\lt": "<=", r"\preceq": "below", r"\preccurlyeq": "below",
    r"\geqslant": ">=", r"\geq": ">=", r"\ge": ">=", r"\gt": ">=", r"\succeq": "above", r"\succcurlyeq": "above",
    "<=": "<=", ">=": ">=", "<": "<=", ">": ">=", "=": "=",
}  # fmt: skip
_PLAIN_MATRIX_RELATIONS = {"⪰": "above", "⪯": "below", ">>": "above", "<<": "below"}
_LATEX_RELATION = re.compile(
    "|".join(f"{re.escape(word)}(?![a-zA-Z])" if word[0] == "\\" else re.escape(word) for word in _LATEX_RELATIONS)
)
_SPACES = re.compile(r"\\(?:quad|qquad|[,;:! ])(?![a-zA-Z])|(?<!\\)~")
_FOR_ALL = re.compile(r"\s*(?:\\forall|\\text\{\s*for (?:all|every|each)\s*\}|\bfor (?:all|every|each)\b|∀).*$", re.DOTALL)
_AND = re.compile(r"\\text\{\s*and\s*\}|\\land(?![a-zA-Z])|\\\\|\\wedge(?![a-zA-Z])")
_NEVER = re.compile(r"(?!)")
_MEMBER = re.compile(r"\\in(?![a-zA-Z])|\s+in\s+|∈")
_SEMIDEFINITE = re.compile(r"PSD|psd|\\?(?:mathbb|mathcal|bf|mathbf|mathrm)?\{?S\}?(?:\^\{?\w+\}?)?_\{?\+\}?(?:\^\{?\w+\}?)?")
_NONNEGATIVE = re.compile(
    r"nonnegative|\\?(?:mathbb|mathbf|bf)?\{?R\}?(?:\^\{?\w+\}?)?_\{?(?:\+|\\ge(?:q)?\s*0)\}?(?:\^\{?\w+\}?)?"
)
_ANY = re.compile(r"\\?(?:mathbb|mathbf|bf)?\{?[Rℝ]\}?(?:\^\{?.*\}?)?")
_SIMPLEX = re.compile(r"simplex|\\Delta(?:[_^]\{?.*\}?)*|Δ")
_UNDER = r"(?:\s*_\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\\?\w+))?"
_MINIMIZE = re.compile(
    rf"^(?:\\arg\s*)?(?:\\min(?![a-zA-Z])|\\underset\{{[^{{}}]*\}}\{{\s*(?:\\operatorname\*?\{{|\\text\{{|\\mathrm\{{)?\\?(?:arg\s*\\?)?min(?:imi[sz]e)?\}}?\s*\}}?|"
    rf"\\(?:operatorname\*?|text|mathrm)\{{\s*(?:arg\s*)?min(?:imi[sz]e)?\s*\}}|minimi[sz]e\b|min(?=_\w+\s)){_UNDER}(?:\\limits)?{_UNDER}\s*"
)
_SUCH_THAT = re.compile(
    r"\\(?:text|mathrm|operatorname)\{\s*(?:s\.\s*t\.?|subject to|such that)\s*\}:?|\bs\.t\.|\bsubject to\b|\bsuch that\b"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """``difference`` is at most, or equal to, zero for every entry over ``axes``; or it is a semidefinite matrix, the text saying so."""

    text: str
    relation: Relation
    difference: Expr
    axes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Spelled:
    """A constraint as a formula to be read: a comparison where ``relation`` is None, else what is compared with zero."""

    text: str
    formula: str
    relation: Relation | None = None


def spelled(text: str) -> list[Spelled]:
    """Return the constraints that a text states, one by one. Raises: FormulaError: a set or a comparison was expected."""
    found: list[Spelled] = []
    for part in _separated(_SPACES.sub(" ", _FOR_ALL.sub("", text.strip().strip("$")))):
        member = _cut(part, _MEMBER)
        found += _of_set(part, *member) if member else _of_relation(part)
    if not found:
        raise FormulaError("a comparison was expected as a constraint", got=f"'{text}'", remedy="Write 'x >= 0'.")
    return found


def read_condition(what: Spelled, assume: Sequence[str], at: Mapping[str, Any]) -> tuple[Formula, list[Condition]]:
    """Return the formula of a constraint and what it asks."""
    formula = parse(what.formula, assume, at)
    if what.relation is not None:
        return formula, [Condition(what.text, what.relation, formula.value, formula.axes)]
    condition = formula.value.condition if isinstance(formula.value, Iverson) else None
    parts = condition.operands if isinstance(condition, Logic) and condition.operation == "and" else (condition,)
    found = [_compared(what.text, part, formula.axes) for part in parts if isinstance(part, Compare) and part.relation != "!="]
    if len(found) != len(parts):
        raise FormulaError("a comparison was expected as a constraint", got=f"'{what.text}'", remedy="Write 'x >= 0'.")
    return formula, found


def _compared(text: str, compare: Compare, axes: tuple[Index, ...]) -> Condition:
    difference = subtract(compare.left, compare.right)
    if compare.relation in (">=", ">"):
        difference = negate(difference)
    return Condition(text, "=" if compare.relation == "=" else "<=", difference, axes)


def _separated(text: str) -> Iterator[str]:
    """Yield the parts between commas, semicolons and words for 'and' that stand in no bracket."""
    for piece in (_AND if is_latex(text) else _NEVER).split(text):
        start = 0
        for place, sign in [*_outside(piece), (len(piece), ",")]:
            if sign in ",;":
                if piece[start:place].strip(" &."):
                    yield piece[start:place].strip(" &").removesuffix(".").strip()
                start = place + 1


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """Yield the signs that stand in no bracket, with their places."""
    depth = 0
    for place, sign in enumerate(text):
        is_escaped = place > 0 and text[place - 1] == "\\" and sign in "{}"
        depth += sign in "([{" and not is_escaped
        if depth == 0:
            yield place, sign
        depth = max(0, depth - (sign in ")]}" and not is_escaped))


def _cut(text: str, sign: re.Pattern[str]) -> tuple[str, str] | None:
    free = {place for place, _ in _outside(text)}
    for match in sign.finditer(text):
        if match.start() in free:
            return text[: match.start()].strip(), text[match.end() :].strip()
    return None


def _of_set(text: str, member: str, name: str) -> list[Spelled]:
    name = name.strip().replace(r"\left", "").replace(r"\right", "")
    if name.startswith("[") and name.endswith("]") and name.count(",") == 1:
        low, high = (end.strip() for end in name[1:-1].split(","))
        ends = [(low, member) if "inf" not in low else None, (member, high) if "inf" not in high else None]
        sign = r"\le" if is_latex(text) else "<="
        return [one for end in ends if end for one in _of_relation(f"{end[0]} {sign} {end[1]}", shown=text)]
    if _SIMPLEX.fullmatch(name):
        total = rf"\sum_i {member}_i = 1" if is_latex(text) else f"sum({member}) = 1"
        return [
            *_of_relation(rf"{member} \ge 0" if is_latex(text) else f"{member} >= 0", shown=text),
            *_of_relation(total, shown=text),
        ]
    if _SEMIDEFINITE.fullmatch(name):
        return [Spelled(text, f"${member}$" if is_latex(text) else member, "semidefinite")]
    if _NONNEGATIVE.fullmatch(name):
        return _of_relation(rf"{member} \ge 0" if is_latex(text) else f"{member} >= 0", shown=text)
    if _ANY.fullmatch(name):
        return []
    raise FormulaError("a set was expected", got=f"'{name}' in '{text}'", remedy="Known are [a, b], simplex, nonnegative and PSD.")


def _of_relation(text: str, shown: str = "") -> list[Spelled]:
    shown = shown or text
    signs = next(([sign] for sign in _PLAIN_MATRIX_RELATIONS if sign in text), None)
    if signs:
        left, _, right = text.partition(signs[0])
        return [_difference(shown, left, _PLAIN_MATRIX_RELATIONS[signs[0]], right, is_latex(text))]
    if not is_latex(text):
        return [Spelled(shown.replace("==", "="), as_condition(text))]
    free = {place for place, _ in _outside(text)}
    found = [match for match in _LATEX_RELATION.finditer(text) if match.start() in free]
    ends = [0, *(match.end() for match in found)]
    sides = [text[start:stop].strip() for start, stop in zip(ends, [*(match.start() for match in found), len(text)], strict=True)]
    if not found or not all(sides):
        raise FormulaError("a comparison was expected as a constraint", got=f"'{text}'", remedy=r"Write 'x \ge 0'.")
    return [
        _difference(shown, left, _LATEX_RELATIONS[match.group()], right, True)
        for left, match, right in zip(sides, found, sides[1:], strict=False)
    ]


def _difference(text: str, left: str, relation: str, right: str, in_latex: bool) -> Spelled:
    if relation in (">=", "below"):
        left, right = right, left
    body = left if right.strip() == "0" else f"{left} - ({right})"
    if left.strip() == "0":
        body = f"-({right})"
    known: dict[str, Relation] = {"=": "=", "above": "semidefinite", "below": "semidefinite"}
    # What is left of a LaTeX text may have no command any more; dollar signs say what it is.
    return Spelled(text, f"${body}$" if in_latex else body, known.get(relation, "<="))


def unwrapped(text: str) -> tuple[str, list[str]]:
    """Return the objective and the constraints of a whole program, ``min_x f(x) s.t. g(x) <= 0``; other texts as they are."""
    parts = _SUCH_THAT.split(text.strip().strip("$"), maxsplit=1)
    head = _MINIMIZE.sub("", parts[0].strip())
    if len(parts) == 1 and head == parts[0].strip():
        return text, []
    body = head.strip(" &,;")
    is_tex = is_latex(text) and not is_latex(body)
    conditions = [parts[1]] if len(parts) > 1 else []
    return f"${body}$" if is_tex else body, [f"${part}$" if is_latex(text) and not is_latex(part) else part for part in conditions]

"""Random formulas of the language, well-typed: scalars, columns and matrices over the whole catalogue of functions."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from gradproof.expr.catalogue import FUNCTIONS

ASSUME = ("a:", "t:", "x: n", "y: n", "b: m", "c: m", "A: m,n", "B: m,n", "S: n,n", "P: n,n symmetric")
ENTRYWISE = tuple(sorted(entry.text[0] for entry in FUNCTIONS.values() if entry.arity == 1 and entry.text))
SCALAR, COLUMN, LONG, MATRIX, SQUARE = "scalar", "column of n", "column of m", "matrix m by n", "square matrix"
NAMES = {
    SCALAR: ("a", "t", "2", "0.5", "3"),
    COLUMN: ("x", "y"),
    LONG: ("b", "c"),
    MATRIX: ("A", "B"),
    SQUARE: ("S", "P"),
}
#: What a formula of a kind may be made of: a pattern, and the kinds of its parts.
PATTERNS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    SCALAR: (
        ("({})'*({})", (COLUMN, COLUMN)),
        ("({})'*({})", (LONG, LONG)),
        ("sum({})", (COLUMN,)),
        ("sum({})", (MATRIX,)),
        ("mean({})", (LONG,)),
        ("prod({})", (COLUMN,)),
        ("max({})", (LONG,)),
        ("min({})", (COLUMN,)),
        ("norm1({})", (LONG,)),
        ("norm2({})", (COLUMN,)),
        ("norm2({})^2", (LONG,)),
        ("norminf({})", (COLUMN,)),
        ("logsumexp({})", (LONG,)),
        ("normF({})^2", (MATRIX,)),
        ("normF({})", (SQUARE,)),
        ("tr({})", (SQUARE,)),
        ("det({})", (SQUARE,)),
        ("logdet({})", (SQUARE,)),
        ("({}) + ({})", (SCALAR, SCALAR)),
        ("({})*({})", (SCALAR, SCALAR)),
        ("({})/({})", (SCALAR, SCALAR)),
        ("({})^2", (SCALAR,)),
        ("where({} > {}, {}, {})", (SCALAR, SCALAR, SCALAR, SCALAR)),
        ("sum_i ({})[i]*x[i]", (COLUMN,)),
        ("sum_{{i,j | i != j}} ({})[i,j]*y[j]", (SQUARE,)),
        ("cross_entropy({}, c)", (LONG,)),
    ),
    COLUMN: (
        ("({})'*({})", (MATRIX, LONG)),
        ("({})*({})", (SQUARE, COLUMN)),
        ("({}) + ({})", (COLUMN, COLUMN)),
        ("({}) - ({})", (COLUMN, COLUMN)),
        ("({}) .* ({})", (COLUMN, COLUMN)),
        ("({})./({})", (COLUMN, COLUMN)),
        ("({})*({})", (SCALAR, COLUMN)),
        ("({}) + ({})", (COLUMN, SCALAR)),
        ("({}).^3", (COLUMN,)),
        ("softmax({})", (COLUMN,)),
        ("log_softmax({})", (COLUMN,)),
        ("max({}, {})", (COLUMN, COLUMN)),
        ("diag({})", (SQUARE,)),
        ("inv({})*({})", (SQUARE, COLUMN)),
        ("sum({}, axis=1)", (MATRIX,)),
    ),
    LONG: (
        ("({})*({})", (MATRIX, COLUMN)),
        ("({}) - ({})", (LONG, LONG)),
        ("({}) .* ({})", (LONG, LONG)),
        ("({})/({})", (LONG, SCALAR)),
        ("softmax({})", (LONG,)),
        ("diag({})*({})", (LONG, LONG)),
    ),
    MATRIX: (
        ("({})*({})", (MATRIX, SQUARE)),
        ("({})*({})'", (LONG, COLUMN)),
        ("({}) + ({})", (MATRIX, MATRIX)),
        ("({}) .* ({})", (MATRIX, MATRIX)),
        ("({})*({})", (SCALAR, MATRIX)),
        ("softmax({})", (MATRIX,)),
        ("diag({})*({})", (LONG, MATRIX)),
    ),
    SQUARE: (
        ("({})'*({})", (MATRIX, MATRIX)),
        ("({})*({})'", (COLUMN, COLUMN)),
        ("({})'", (SQUARE,)),
        ("inv({})", (SQUARE,)),
        ("({})*({})", (SQUARE, SQUARE)),
        ("({}) + ({})", (SQUARE, SQUARE)),
        ("diag({})", (COLUMN,)),
        ("({}) + eye", (SQUARE,)),
    ),
}


@dataclass(frozen=True)
class Question:
    """A formula and the variable by which it is differentiated."""

    text: str
    wrt: str


@st.composite
def texts(draw: st.DrawFn, kind: str, depth: int) -> str:
    """A formula of a kind with at most so many operations inside each other."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(NAMES[kind]))
    if draw(st.integers(0, 2)) == 0:
        return f"{draw(st.sampled_from(ENTRYWISE))}({draw(texts(kind, depth - 1))})"
    pattern, parts = draw(st.sampled_from(PATTERNS[kind]))
    return pattern.format(*(draw(texts(part, depth - 1)) for part in parts))


@st.composite
def questions(draw: st.DrawFn, depth: int = 3) -> Question:
    """A random formula and one of the variables."""
    kind = draw(st.sampled_from((SCALAR, SCALAR, SCALAR, COLUMN, LONG)))
    names = [name for names in NAMES.values() for name in names if name.isalpha()]
    text = draw(texts(kind, draw(st.integers(1, depth))))
    occurring = [name for name in names if _occurs(name, text)]
    return Question(text, draw(st.sampled_from(occurring or ["x"])))


def _occurs(name: str, text: str) -> bool:
    return any(
        text[at] == name and not text[at - 1 : at].isalnum() and not text[at + 1 : at + 2].isalnum() and text[at - 1 : at] != "_"
        for at in range(len(text))
    )

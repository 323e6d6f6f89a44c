"""Random expressions over the whole catalogue, of two scalars and a vector."""

from fractions import Fraction

from flint import fmpq
from hypothesis import strategies as st

from gradproof.evaluate.bindings import Bindings
from gradproof.expr.build import ONE, add, apply, multiply, number, power, reduce, scale, sum_over
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import Axis, Compare, Element, Expr, Iverson, Piecewise, Symbol, TensorEntry, fresh_index

X, Y = Symbol("x"), Symbol("y")
SIZE = Symbol("n", (), frozenset({"size"}))
V = Symbol("v", (Axis(SIZE),))
I, J = fresh_index("i", ONE, SIZE), fresh_index("j", ONE, SIZE)  # noqa: E741

#: Functions that are smooth enough for a difference quotient almost everywhere and have partial derivatives throughout.
_ONE = sorted(name for name, entry in FUNCTIONS.items() if entry.arity == 1)
_VECTOR = sorted(name for name, entry in TENSOR_FUNCTIONS.items() if entry.rank == 1 and entry.output != "place")
_WEIGHTS = st.fractions(-3, 3, max_denominator=5)


def _leaves(inside: bool) -> st.SearchStrategy[Expr]:
    names = [X, Y, Element(V, (number(1),))] + ([Element(V, (I,))] if inside else [])
    return st.one_of(st.sampled_from(names), st.fractions(-2, 2, max_denominator=7).map(number))


def _grown(parts: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        st.tuples(_WEIGHTS, parts).map(lambda pair: scale(Fraction(pair[0]), pair[1])),
        pairs.map(lambda pair: add(*pair)),
        pairs.map(lambda pair: multiply(*pair)),
        st.tuples(parts, st.sampled_from((-2, -1, 2, 3))).map(lambda pair: power(pair[0], number(pair[1]))),
        parts.map(lambda part: power(apply("softplus", part), number(Fraction(1, 2)))),
        st.tuples(st.sampled_from(_ONE), parts).map(lambda pair: apply(*pair)),
        st.tuples(st.sampled_from(("maximum", "minimum")), pairs).map(lambda pair: apply(pair[0], *pair[1])),
        st.tuples(parts, parts, parts).map(lambda p: Piecewise((Compare("<", p[0], p[1]),), (p[1],), p[2])),
        st.tuples(parts, parts).map(lambda p: multiply(Iverson(Compare(">", p[0], number(0))), p[1])),
    )


def _closed(body: Expr, kind: str) -> Expr:
    """Bind the index of a body, or read one entry of a function of it."""
    if kind in ("max", "min"):  # a tie of all entries, whatever the values, has no derivative: each of them would count
        return reduce(kind, (I,), add(body, scale(Fraction(1, 31), Element(V, (I,)))))
    if kind in ("sum", "prod"):
        return reduce(kind, (I,), body) if kind != "sum" else sum_over((I,), body)
    at = (number(1),) if TENSOR_FUNCTIONS[kind].output == "same" else ()
    return TensorEntry(kind, (I,), body, at)


_BODIES = st.recursive(_leaves(inside=True), _grown, max_leaves=4)
_REDUCED = st.tuples(_BODIES, st.sampled_from(("sum", "sum", "prod", "max", "min", *_VECTOR))).map(lambda p: _closed(*p))

#: Scalar expressions: at most a dozen leaves, reductions of bodies with the bound index among them.
EXPRESSIONS = st.recursive(st.one_of(_leaves(inside=False), _REDUCED), _grown, max_leaves=6)

_POINTS = st.integers(-200, 200).filter(bool).map(lambda above: fmpq(above, 97))
# All differ: where x = y, max(min(y, x), x) has a derivative, but each of its parts a kink.
BINDINGS = st.lists(_POINTS, min_size=3, max_size=5, unique=True).map(
    lambda points: Bindings({"x": points[0], "y": points[1], "n": len(points) - 2, "v": _array(points[2:])})
)


def _array(entries: list[fmpq]) -> object:
    import numpy as np

    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array

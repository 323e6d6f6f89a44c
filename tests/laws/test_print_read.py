"""Printing an expression as LaTeX and reading it again gives the same function."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.elaborate.lowering import Lowering
from gradproof.elaborate.reading import Reading
from gradproof.elaborate.scope import Scope
from gradproof.elaborate.survey import survey
from gradproof.expr import build
from gradproof.expr.build import ONE, number, sum_over
from gradproof.expr.node import Axis, Element, Symbol, fresh_index
from gradproof.printer.latex import to_latex
from gradproof.reader.parser import parse_formula
from gradproof.rewrite.prove import prove_equal

X, Y = Symbol("x"), Symbol("y")
N = Symbol("n", (), frozenset({"size"}))
V = Symbol("v", (Axis(N),))
FUNCTIONS = (
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arctan",
    "sigma",
    "softplus",
    "relu",
    "abs",
    "sign",
    "silu",
)


def _total(body_of):
    index = fresh_index("i", ONE, N)
    return sum_over([index], body_of(Element(V, (index,))))


LEAVES = st.one_of(
    st.sampled_from([X, Y]),
    st.fractions(min_value=-9, max_value=9, max_denominator=7).filter(bool).map(number),
    st.just(_total(lambda entry: entry)),
    st.just(_total(lambda entry: build.multiply(entry, entry, X))),
)


def _grown(inner):
    return st.one_of(
        st.tuples(inner, inner).map(lambda pair: build.add(*pair)),
        st.tuples(inner, inner).map(lambda pair: build.subtract(*pair)),
        st.tuples(inner, inner).map(lambda pair: build.multiply(*pair)),
        st.tuples(inner, inner).map(lambda pair: build.divide(*pair)),
        st.tuples(inner, st.sampled_from([2, 3, -1, Fraction(1, 2)])).map(lambda pair: build.power(pair[0], number(pair[1]))),
        st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda pair: build.apply(*pair)),
    )


def read(latex):
    tree = parse_formula(latex)
    # the letters are given, so that the reader has to find the structure alone
    found = survey([tree], {"v": 1, "x": 0, "y": 0, "n": 0})
    found.sizes.add("n")
    scope = Scope(found)
    scope.symbols = {"x": [(0, X)], "y": [(0, Y)], "v": [(0, V)], "n": [(0, N)]}
    lowering = Lowering(scope, Reading(), 0)
    lowering.announce([tree])
    value = lowering.value(tree)
    assert value.rank == 0
    return scope.sizes.resolve(value.body)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.recursive(LEAVES, _grown, max_leaves=6))
def test_latex_is_read_as_it_was_printed(root):
    again = read(to_latex(root))
    same = again is root or to_latex(again) == to_latex(root)  # up to the names of bound indices
    assert same or prove_equal(again, root) is not None, to_latex(root)

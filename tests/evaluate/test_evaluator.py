"""Values in the three arithmetics: ranges, strong zeros, undefined entries, limits of work."""

import math

import numpy as np
import pytest
from flint import arb, fmpq

from gradproof.evaluate.bindings import Bindings, MissingValue, NotRational, Undecidable, UnknownFunction
from gradproof.evaluate.enclose import are_disjoint, compare, enclose, enclose_value, exact_value, paired, to_decimal
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import UNDEFINED, Balls, Exact, Floats
from gradproof.expr.build import (
    ONE,
    TWO,
    ZERO,
    add,
    apply,
    decimal,
    delta,
    divide,
    multiply,
    negate,
    number,
    power,
    square_root,
    subtract,
    sum_over,
)
from gradproof.expr.node import (
    Axis,
    Call,
    Compare,
    Constant,
    Element,
    Hole,
    Iverson,
    Logic,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)

X, Y = Symbol("x"), Symbol("y")
N = Symbol("n", (), frozenset({"size"}))
V = Symbol("v", (Axis(N),))
A = Symbol("A", (Axis(N), Axis(N)))
I, J = fresh_index("i", ONE, N), fresh_index("j", ONE, N)  # noqa: E741
VECTOR = Bindings({"n": 3, "v": [fmpq(1), fmpq(2), fmpq(3)], "x": fmpq(1, 3), "A": np.arange(9).reshape(3, 3)})
FIELDS = [Exact, Balls, Floats]


def _entries(root, field, bindings=VECTOR, **options):
    return [
        float(value.p) / float(value.q) if isinstance(value, fmpq) else float(value)
        for value in evaluate(root, bindings, field(), **options).entries.ravel()
    ]


@pytest.mark.parametrize("field", FIELDS)
class TestInEveryArithmetic:
    def test_a_matrix_times_a_vector(self, field):
        root = sum_over([J], multiply(Element(A, (I, J)), Element(V, (J,))))
        assert _entries(root, field) == [8, 26, 44]
        assert _entries(root, field, indices={I: 2}) == [26]

    def test_limits_may_depend_on_other_indices(self, field):
        inner = fresh_index("t", ONE, I)
        assert _entries(sum_over([inner], Element(V, (inner,))), field) == [1, 3, 6]
        assert _entries(Reduce("max", (inner,), negate(Element(V, (inner,)))), field) == [-1, -1, -1]
        both = sum_over([I, inner], multiply(Element(V, (I,)), Element(V, (inner,))))
        assert _entries(both, field) == [25]

    def test_a_softmax_over_a_range_that_varies(self, field):
        inner = fresh_index("t", ONE, I)
        root = TensorEntry("logsumexp", (inner,), Element(V, (inner,)))
        if field is Exact:
            with pytest.raises(NotRational):
                _entries(root, field)
        else:
            assert _entries(root, field)[1] == pytest.approx(math.log(math.e + math.e**2))

    def test_a_bracket_hides_what_is_undefined(self, field):
        before = subtract(I, ONE)
        root = multiply(Iverson(Compare(">", I, ONE)), Element(V, (before,)))
        assert _entries(root, field) == [0, 1, 2]
        pole = multiply(Iverson(Compare("!=", I, TWO)), power(subtract(I, TWO), number(-1)))
        assert _entries(pole, field) == [-1, 0, 1]

    def test_cases_look_only_at_their_branch(self, field):
        root = Piecewise((Compare("=", I, ONE),), (ZERO,), Element(V, (subtract(I, ONE),)))
        assert _entries(root, field) == [0, 1, 2]

    def test_a_reduction_looks_only_where_its_condition_holds(self, field):
        root = Reduce("max", (I,), Element(V, (subtract(I, ONE),)), Compare(">", I, ONE))
        assert _entries(root, field) == [2]
        root = Reduce("prod", (I,), power(subtract(I, TWO), number(-1)), Compare("!=", I, TWO))
        assert _entries(root, field) == [-1]

    def test_what_is_empty(self, field):
        empty = Bindings({"n": 0, "v": np.empty(0, dtype=object)})
        assert _entries(sum_over([I], Element(V, (I,))), field, empty) == [0]
        assert _entries(Reduce("prod", (I,), Element(V, (I,))), field, empty) == [1]
        largest = evaluate(Reduce("max", (I,), Element(V, (I,))), empty, field())
        assert field().is_missing(largest.entries).all()

    def test_zero_times_undefined_is_undefined(self, field):
        root = multiply(X, power(Y, number(-1)))
        found = evaluate(root, Bindings({"x": fmpq(0), "y": fmpq(0)}), field())
        assert field().is_missing(found.entries).all() or math.isnan(found.entries)

    def test_an_entry_out_of_range_is_undefined(self, field):
        found = evaluate(Element(V, (add(I, ONE),)), VECTOR, field())
        assert list(field().is_missing(found.entries)) == [False, False, True]

    def test_logic_is_three_valued(self, field):
        undefined = Compare("<", Element(V, (number(9),)), ONE)
        root = Iverson(Logic("and", (Compare("<", TWO, ONE), undefined)))
        assert _entries(root, field) == [0]
        root = Iverson(Logic("or", (Compare("<", ONE, TWO), undefined)))
        assert _entries(root, field) == [1]
        found = evaluate(Iverson(Logic("not", (undefined,))), VECTOR, field())
        assert field().is_missing(found.entries).all()

    def test_axes_that_begin_elsewhere(self, field):
        symbol = Symbol("w", (Axis(number(3), 0),))
        index = fresh_index("k", ZERO, TWO)
        bindings = Bindings({"w": [5, 9, 7]})
        assert _entries(Element(symbol, (index,)), field, bindings) == [5, 9, 7]
        place = TensorEntry("argmax", (index,), Element(symbol, (index,)))
        assert _entries(place, field, bindings) == [1]
        assert _entries(Element(symbol, (place,)), field, bindings) == [9]

    def test_a_convolution_by_brackets(self, field):
        out = fresh_index("o", ONE, TWO)
        tap = fresh_index("k", ONE, TWO)
        kernel = Symbol("w", (Axis(TWO),))
        bracket = delta(I, subtract(add(out, tap), ONE))
        root = sum_over([I, tap], multiply(bracket, Element(V, (I,)), Element(kernel, (tap,))))
        assert _entries(root, field, VECTOR.with_values({"w": [10, 1]})) == [12, 23]


def test_an_override_stops_the_evaluation():
    node = apply("sigma", Symbol("nowhere"))
    root = multiply(node, subtract(ONE, node))
    bindings = Bindings(overrides={node: fmpq(269, 1000)})
    assert exact_value(root, bindings) == fmpq(269 * 731, 10**6)


def test_a_missing_value_is_named():
    with pytest.raises(MissingValue, match="no value for y"):
        evaluate(add(X, Y), VECTOR, Exact())


def test_holes_and_opaque_operators_are_not_decided():
    for node in (Hole("?", "unread"), Operator("expectation", (), (X,)), Call("f", (X,))):
        with pytest.raises(Undecidable):
            enclose(add(node, X), VECTOR)


def test_an_unknown_function_may_be_instantiated_and_differentiated():
    t = Symbol("t")
    bindings = Bindings({"x": fmpq(2)}, functions={"f": UnknownFunction((t,), power(t, number(3)))})
    assert exact_value(Call("f", (X,)), bindings) == 8
    assert exact_value(Call("f", (X,), (1,)), bindings) == 12
    assert exact_value(Call("f", (power(X, TWO),), (2,)), bindings) == 24


def test_printed_decimals_are_intervals():
    ball = enclose_value(multiply(decimal("0.269"), TWO), Bindings())
    assert ball.contains(arb(0.537))
    assert not ball.contains(arb(0.541))
    assert enclose_value(decimal("0.5"), Bindings(), decimals="point") == 0.5
    with pytest.raises(NotRational):
        evaluate(decimal("0.5"), Bindings(), Exact())


def test_precision_rises_until_a_comparison_is_decided():
    tiny = power(number(10), number(-100))
    root = Iverson(Compare("<", apply("exp", ONE), add(apply("exp", ONE), multiply(tiny, apply("exp", ONE)))))
    assert enclose_value(root, Bindings()) == 1


def test_a_comparison_that_no_precision_decides_is_given_up():
    same = subtract(apply("log", number(6)), apply("log", TWO))
    with pytest.raises(Undecidable, match="overlap"):
        enclose(Iverson(Compare("=", same, apply("log", number(3)))), Bindings())


@pytest.mark.parametrize(
    "root",
    [
        Power(number(9), Power(number(9), Power(number(9), number(9)))),
        sum_over([fresh_index("k", ONE, Constant("infinity"))], ONE),
        sum_over([fresh_index("k", ONE, number(10**12))], ONE),
        apply("exp", apply("exp", apply("exp", number(9)))),
        apply("factorial", power(number(10), number(40))),
        apply("sin", power(number(10), number(400))),
        sum_over([fresh_index("k", ONE, divide(ONE, TWO))], ONE),
    ],
)
def test_too_much_work_is_given_up(root):
    with pytest.raises(Undecidable):
        enclose(root, Bindings())


def test_many_terms():
    k = fresh_index("k", ONE, number(10_000))
    assert exact_value(sum_over([k], k), Bindings()) == 50_005_000
    assert enclose_value(sum_over([k], power(k, number(-2))), Bindings()).rel_accuracy_bits() > 90


def test_a_deep_chain():
    node = X
    for _ in range(10_000):
        node = add(apply("sin", node), X)
    assert np.isfinite(evaluate(node, VECTOR, Floats()).entries)


@pytest.mark.parametrize(
    ("body", "low", "high", "expected"),
    [
        (apply("exp", negate(power(X, TWO))), ZERO, ONE, "0.746824132812"),
        (square_root(X), ZERO, ONE, "0.666666666667"),
        (divide(ONE, add(ONE, power(X, TWO))), ZERO, ONE, "0.785398163397"),
        (multiply(X, apply("log", X)), ONE, TWO, "0.636294361120"),
        (apply("softplus", X), ZERO, ONE, "0.983819037021"),
    ],
)
def test_integrals(body, low, high, expected):
    found = enclose_value(Operator("integral", (X,), (body,), (low, high)), Bindings(), digits=20)
    assert float(found.mid()) == pytest.approx(float(expected), rel=2e-6 if len(expected) < 10 else 1e-11)
    assert found.rel_accuracy_bits() > 30


def test_an_integral_of_an_entry_with_a_moving_limit():
    root = Operator("integral", (X,), (multiply(Element(V, (I,)), X),), (ZERO, I))
    found = enclose(root, VECTOR).entries
    assert [float(value.mid()) for value in found] == pytest.approx([0.5, 4, 13.5])


def test_pairing_and_comparing():
    left = enclose(Element(V, (I,)), VECTOR)
    right = enclose(multiply(ONE, I), VECTOR)
    assert [(entry.place, compare(entry.left, entry.right)) for entry in paired(left, right)] == [
        ({"i": 1}, "equal"),
        ({"i": 2}, "equal"),
        ({"i": 3}, "equal"),
    ]
    assert compare(arb(1), arb(2)) == "disjoint"
    assert compare(arb(1, 1), arb(2)) == "overlap"
    assert compare(arb.nan(), arb(2)) == "undefined"
    assert are_disjoint(arb(1), arb(2))


def test_decimals_show_what_is_certain():
    assert to_decimal(enclose_value(apply("sigma", ONE), Bindings()), 10) == "0.7310585786"
    assert to_decimal(arb(9)) == "9"


def test_what_is_undefined_equals_nothing():
    assert UNDEFINED != UNDEFINED
    assert (fmpq(1) + UNDEFINED) is UNDEFINED


@pytest.mark.parametrize("field", [Balls, Floats])
def test_a_place_among_reals_is_a_subscript(field):
    place = TensorEntry("argmax", (I,), apply("sin", Element(V, (I,))))
    assert _entries(Element(V, (place,)), field) == [2]
    tied = TensorEntry("argmax", (I,), power(apply("sin", apply("sin", ONE)), number(-1)))
    assert _entries(Element(V, (tied,)), Floats) == [1]
    with pytest.raises(Undecidable):
        enclose(Element(V, (tied,)), VECTOR)

"""Derivatives against the formulas of the textbooks, in exact or ball arithmetic at random instances."""

import pytest
from flint import fmpq

from gradproof.derivative.differentiate import Named, differentiate
from gradproof.derivative.kinks import kinks
from gradproof.errors import GradproofError
from gradproof.evaluate.bindings import Bindings, UnknownFunction
from gradproof.evaluate.enclose import enclose, exact_value, paired
from gradproof.evaluate.instances import instances
from gradproof.expr.build import (
    ONE,
    TWO,
    ZERO,
    add,
    apply,
    delta,
    divide,
    multiply,
    negate,
    number,
    power,
    scale,
    square_root,
    subtract,
    sum_over,
)
from gradproof.expr.node import (
    Add,
    Axis,
    Call,
    Compare,
    Element,
    Hole,
    Iverson,
    Multiply,
    Operator,
    Piecewise,
    Reduce,
    Symbol,
    TensorEntry,
    fresh_index,
)
from gradproof.expr.walk import postorder, symbols

X, Y, Z = Symbol("x"), Symbol("y"), Symbol("z")
N, M = (Symbol(name, (), frozenset({"size"})) for name in "nm")
V, W = (Symbol(name, (Axis(N),)) for name in "vw")
A = Symbol("A", (Axis(N), Axis(N)))
P = Symbol("P", (Axis(N), Axis(N)), frozenset({"posdef"}))
I, J, K, L = (fresh_index(name, ONE, N) for name in "ijkl")  # noqa: E741


def assert_same(left, right, wanted=()):
    """Both sides agree to 20 digits at random instances of every boundary size."""
    compared = 0
    for bindings in instances([*symbols(left), *symbols(right), N, *wanted], seed=11, count=6):
        for entry in paired(enclose(left, bindings), enclose(right, bindings)):
            if entry.left.is_finite() and entry.right.is_finite():
                assert abs(entry.left - entry.right) < 1e-20 * (1 + abs(entry.right)), bindings
                compared += 1
    assert compared


def inverse(symbol, row, column):
    bound = (fresh_index("a", ONE, N), fresh_index("b", ONE, N))
    return TensorEntry("inverse", bound, Element(symbol, bound), (row, column))


# Scalars --------------------------------------------------------------------------------------------------------------


def test_a_power_with_a_variable_exponent():
    positive = Symbol("x", (), frozenset({"positive"}))
    root = power(positive, positive)
    assert_same(differentiate(root, positive), multiply(root, add(ONE, apply("log", positive))))


def test_named_quantities_stay_named():
    a, b = Symbol("a"), Symbol("b")
    named = {"a": Named((), power(X, TWO)), b: Named((), add(Symbol("a"), X))}
    assert differentiate(multiply(a, b), X, (), named) is add(multiply(a, add(ONE, scale(2, X))), multiply(b, scale(2, X)))


def test_named_tensors_are_differentiated_entry_by_entry():
    z = Symbol("z", (Axis(N),))
    named = {"z": Named((I,), sum_over([J], multiply(Element(A, (I, J)), Element(V, (J,)))))}
    root = sum_over([K], power(Element(z, (K,)), TWO))
    found = differentiate(root, V, (I,), named)
    assert symbols(found) >= {z, A}
    assert found.free_indices == {I}
    expected = scale(2, sum_over([K], multiply(Element(z, (K,)), Element(A, (K, I)))))
    assert_same(found, expected)


def test_a_definition_through_itself_ends():
    a = Symbol("a")
    assert differentiate(a, X, (), {"a": Named((), add(a, X))}) is ONE


def test_what_does_not_occur_has_derivative_zero():
    assert differentiate(apply("exp", Y), X) is ZERO
    assert differentiate(Iverson(Compare("<", X, Y)), X) is ZERO


def test_a_hole_is_no_constant():
    assert Hole("?", "unread") in set(postorder(differentiate(multiply(Hole("?", "unread"), X), X)))


def test_the_entry_has_to_be_named():
    with pytest.raises(GradproofError, match="subscript"):
        differentiate(Element(V, (I,)), V)


def test_unknown_functions_count_their_derivatives():
    root = Call("f", (power(X, TWO), Y))
    found = differentiate(differentiate(root, X), Y)
    assert found is scale(2, multiply(X, Call("f", (power(X, TWO), Y), (1, 1))))
    function = UnknownFunction((X, Y), multiply(power(X, number(3)), power(Y, TWO)))
    bindings = Bindings({"x": fmpq(2), "y": fmpq(5)}, functions={"f": function})
    assert exact_value(found, bindings) == 6 * 2**5 * 2 * 5


# Sums and deltas ------------------------------------------------------------------------------------------------------


def test_a_sum_over_the_index_asked_for_is_not_confused():
    root = sum_over([I], power(Element(V, (I,)), TWO))
    assert differentiate(root, V, (I,)) is scale(2, Element(V, (I,)))
    nested = sum_over([I], multiply(Element(V, (I,)), sum_over([J], Element(A, (I, J)))))
    assert_same(differentiate(nested, V, (J,)), sum_over([K], Element(A, (J, K))))


def test_quadratic_forms():
    root = sum_over([I, J], multiply(Element(V, (I,)), Element(A, (I, J)), Element(V, (J,))))
    expected = sum_over([J], multiply(add(Element(A, (K, J)), Element(A, (J, K))), Element(V, (J,))))
    assert_same(differentiate(root, V, (K,)), expected)
    second = differentiate(differentiate(root, V, (K,)), V, (L,))
    assert second is add(Element(A, (K, L)), Element(A, (L, K)))


def test_triangular_sums():
    inner = fresh_index("t", ONE, I)
    root = sum_over([I, inner], multiply(Element(V, (I,)), Element(V, (inner,))))
    expected = add(Element(V, (K,)), sum_over([J], Element(V, (J,))))
    assert_same(differentiate(root, V, (K,)), expected)


def test_a_strided_convolution():
    """y[o] = sum_k w[k] x[2 o + k - 2 - 1], zero outside: by brackets, against the transposed convolution."""
    image, kernel = Symbol("x", (Axis(number(7)),)), Symbol("w", (Axis(number(3)),))
    place, out, tap = fresh_index("i", ONE, number(7)), fresh_index("o", ONE, number(4)), fresh_index("k", ONE, number(3))
    upstream = Symbol("g", (Axis(number(4)),))
    position = add(scale(2, out), tap, number(-3))
    entry = multiply(delta(place, position), Element(kernel, (tap,)), Element(image, (place,)), Element(upstream, (out,)))
    root = sum_over([out, tap, place], entry)
    at = fresh_index("q", ONE, number(7))
    expected = sum_over([out, tap], multiply(delta(at, position), Element(kernel, (tap,)), Element(upstream, (out,))))
    found = differentiate(root, image, (at,))
    assert_same(found, expected)
    assert sum(isinstance(node, Reduce) for node in postorder(found)) == 1
    by_tap = fresh_index("r", ONE, number(3))
    inside = Iverson(Compare("<=", ONE, add(scale(2, out), by_tap, number(-3))))
    window = Element(image, (add(scale(2, out), by_tap, number(-3)),))
    expected = sum_over(
        [out],
        multiply(
            inside, Iverson(Compare("<=", add(scale(2, out), by_tap, number(-3)), number(7))), window, Element(upstream, (out,))
        ),
    )
    assert_same(differentiate(root, kernel, (by_tap,)), expected)


def test_average_and_maximum_pooling():
    image = Symbol("x", (Axis(number(6)),))
    out, inside = fresh_index("o", ONE, number(3)), fresh_index("k", ONE, TWO)
    window = Element(image, (add(scale(2, out), inside, number(-2)),))
    at = fresh_index("q", ONE, number(6))
    average = scale(number(1).value / 2, sum_over([inside], window))
    half = divide(add(at, apply("modulo", at, TWO)), TWO)
    assert_same(differentiate(average, image, (at,)), divide(delta(out, half), TWO))
    largest = Reduce("max", (inside,), window)
    expected = multiply(delta(out, half), Iverson(Compare("=", Element(image, (at,)), largest)))
    assert_same(differentiate(largest, image, (at,)), expected)


def test_a_product_over_an_index():
    root = Reduce("prod", (I,), Element(V, (I,)))
    expected = Reduce("prod", (I,), Element(V, (I,)), Compare("!=", I, K))
    assert_same(differentiate(root, V, (K,)), expected)


# Tensor functions -----------------------------------------------------------------------------------------------------


def softmax(at):
    return TensorEntry("softmax", (I,), Element(V, (I,)), (at,))


def test_cross_entropy_of_softmax():
    targets = Symbol("t", (Axis(N),), frozenset({"onehot"}))
    loss = negate(sum_over([J], multiply(Element(targets, (J,)), apply("log", softmax(J)))))
    assert_same(differentiate(loss, V, (K,)), subtract(softmax(K), Element(targets, (K,))))


def test_softmax_and_logsumexp():
    assert differentiate(TensorEntry("logsumexp", (I,), Element(V, (I,))), V, (K,)) is softmax(K)
    expected = multiply(softmax(J), subtract(delta(J, K), softmax(K)))
    assert_same(differentiate(softmax(J), V, (K,)), expected)


def test_the_gradient_of_softmax_regression():
    weights, inputs = Symbol("W", (Axis(N), Axis(M))), Symbol("x", (Axis(M),))
    feature = fresh_index("f", ONE, M)
    scores = sum_over([feature], multiply(Element(weights, (I, feature)), Element(inputs, (feature,))))
    label = Symbol("c", (), frozenset({"index:n"}))
    loss = negate(apply("log", TensorEntry("softmax", (I,), scores, (label,))))
    column = fresh_index("g", ONE, M)
    found = differentiate(loss, weights, (K, column))
    expected = multiply(subtract(TensorEntry("softmax", (I,), scores, (K,)), delta(K, label)), Element(inputs, (column,)))
    assert_same(found, expected, [M])


def test_inverse_and_determinants():
    assert_same(differentiate(inverse(P, I, J), P, (K, L)), negate(multiply(inverse(P, I, K), inverse(P, L, J))))
    logdet = TensorEntry("logdet", (I, J), Element(P, (I, J)))
    assert_same(differentiate(logdet, P, (K, L)), inverse(P, L, K))
    det = TensorEntry("det", (I, J), Element(P, (I, J)))
    assert_same(differentiate(det, P, (K, L)), multiply(det, inverse(P, L, K)))


def test_norms():
    norm = TensorEntry("norm2", (I,), Element(V, (I,)))
    assert differentiate(norm, V, (K,)) is divide(Element(V, (K,)), norm)
    written_out = square_root(sum_over([I], power(Element(V, (I,)), TWO)))
    assert_same(differentiate(written_out, V, (K,)), divide(Element(V, (K,)), norm))
    assert_same(differentiate(TensorEntry("norm1", (I,), Element(V, (I,))), V, (K,)), apply("sign", Element(V, (K,))))


def test_the_place_of_the_largest_entry_does_not_move():
    assert differentiate(TensorEntry("argmax", (I,), Element(V, (I,))), V, (K,)) is ZERO


# Operators ------------------------------------------------------------------------------------------------------------


def test_an_integral_with_moving_limits():
    root = Operator("integral", (Z,), (apply("exp", multiply(X, Z)),), (ZERO, power(X, TWO)))
    inside = Operator("integral", (Z,), (multiply(Z, apply("exp", multiply(X, Z))),), (ZERO, power(X, TWO)))
    assert_same(differentiate(root, X), add(inside, scale(2, multiply(X, apply("exp", power(X, number(3)))))))


def test_the_symbol_of_an_integral_is_not_the_variable():
    root = Operator("integral", (X,), (multiply(X, Y),), (ZERO, ONE))
    assert differentiate(root, X) is ZERO


def test_expectations_and_covariances():
    mean = Operator("expectation", (), (multiply(X, power(Y, TWO)),))
    assert differentiate(mean, X) is Operator("expectation", (), (power(Y, TWO),))
    spread = Operator("variance", (), (multiply(X, Y),))
    assert differentiate(spread, X) is scale(2, Operator("covariance", (), (multiply(X, Y), Y)))
    with pytest.raises(GradproofError, match="probability"):
        differentiate(Operator("probability", (), (X,)), X)


def test_cases_are_differentiated_branch_by_branch():
    root = Piecewise((Compare("<", X, ZERO),), (power(X, TWO),), apply("sin", X))
    assert differentiate(root, X) is Piecewise((Compare("<", X, ZERO),), (scale(2, X),), apply("cos", X))


def test_kinks_in_words():
    root = add(apply("relu", X), apply("abs", Y), Reduce("max", (I,), multiply(X, Element(V, (I,)))))
    assert set(kinks(root, X)) == {
        "relu: at 0, where the subgradient 0 is taken",
        "max: where entries tie, each that attains it counts",
    }
    assert kinks(apply("exp", X), X) == ()


# Size -----------------------------------------------------------------------------------------------------------------


def test_a_deep_chain_has_a_flat_product():
    node = X
    for place in range(10_000):
        node = apply("sin", scale(2, node) if place % 3 == 0 else node)
    found = differentiate(node, X)
    assert isinstance(found, Add)
    assert isinstance(found.terms[0], Multiply)
    assert len(found.terms[0].factors) == 10_000
    assert not any(isinstance(factor, Multiply) for factor in found.terms[0].factors)


def test_shared_parts_are_differentiated_once():
    node = X
    for _ in range(2_000):
        node = apply("tanh", multiply(node, add(node, ONE)))
    assert sum(1 for _ in postorder(differentiate(node, X))) < 60_000


def test_a_sum_of_many_terms():
    root = add(*(apply("exp", scale(place, X)) for place in range(1, 10_001)))
    found = differentiate(root, X)
    assert isinstance(found, Add)
    assert len(found.terms) == 10_000


def test_a_long_chain_of_definitions():
    named = {f"h{place}": Named((), apply("tanh", Symbol(f"h{place - 1}") if place else X)) for place in range(3_000)}
    assert differentiate(Symbol("h2999"), X, (), named) is not ZERO

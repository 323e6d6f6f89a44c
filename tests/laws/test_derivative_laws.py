"""The derivative of a random expression against central differences, and the laws of differentiation."""

from differences import is_close, slope, value
from expressions import BINDINGS, EXPRESSIONS, SIZE, V, X, Y
from hypothesis import HealthCheck, assume, given, settings

from gradproof.derivative.differentiate import differentiate
from gradproof.evaluate.bindings import NotRational, Undecidable, Undetermined
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Exact, Floats
from gradproof.expr.build import ONE, add, multiply, number
from gradproof.expr.node import fresh_index
from gradproof.expr.walk import substitute

RANDOM = settings(
    derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
K = fresh_index("k", ONE, SIZE)


def _value(root, bindings):
    try:
        found = value(root, bindings)
    except (Undecidable, Undetermined):
        return None
    return found if found.is_finite() and abs(found) < 1e12 else None


def _slope(root, bindings, *place):
    try:
        found = slope(root, bindings, *place)
    except (Undecidable, Undetermined):
        return None
    return found if found.is_finite() and abs(found) < 1e12 and found.rad() < 1e-20 else None


@RANDOM
@given(EXPRESSIONS, BINDINGS)
def test_the_derivative_by_a_scalar_is_the_central_difference(root, bindings):
    expected = _slope(root, bindings, X)
    assume(expected is not None and _value(root, bindings) is not None)
    found = _value(differentiate(root, X), bindings)
    assume(found is not None)
    assert is_close(found, expected, 12)


@RANDOM
@given(EXPRESSIONS, BINDINGS)
def test_the_derivative_by_an_entry_is_the_central_difference(root, bindings):
    derivative = differentiate(root, V, (K,))
    for place in range(bindings.values["n"]):
        expected = _slope(root, bindings, V, (place,))
        found = _value(substitute(derivative, {K: number(place + 1)}), bindings)
        if expected is not None and found is not None:
            assert is_close(found, expected, 12)


@RANDOM
@given(EXPRESSIONS, EXPRESSIONS, BINDINGS)
def test_sum_and_product_rules(left, right, bindings):
    parts = [_value(root, bindings) for root in (left, right, differentiate(left, Y), differentiate(right, Y))]
    assume(all(part is not None for part in parts))
    f, g, df, dg = parts
    total = _value(differentiate(add(left, right), Y), bindings)
    product = _value(differentiate(multiply(left, right), Y), bindings)
    assert total is None or is_close(total, df + dg, 12)
    assert product is None or is_close(product, df * g + f * dg, 12)


@RANDOM
@given(EXPRESSIONS, BINDINGS)
def test_floats_agree_with_balls_and_rationals_lie_in_them(root, bindings):
    ball = _value(root, bindings)
    assume(ball is not None)
    found = float(evaluate(root, bindings, Floats()).entries)
    condition = max((abs(float(_value(differentiate(root, s), bindings) or 0)) for s in (X, Y)), default=1)
    if found == found and abs(found) < 1e12 and ball.rad() < 1e-20:
        assert abs(found - float(ball.mid())) <= 1e-7 * (1 + abs(found) + condition)
    try:
        exact = evaluate(root, bindings, Exact()).entries[()]
    except (NotRational, Undecidable):
        return
    assert (ball - exact).contains(0)

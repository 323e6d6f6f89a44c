"""Laws of the derivatives of random expressions: differences, simplified form, text read again, symmetric second derivatives."""

from expression_faults import expression_faults
from expressions import BINDINGS, EXPRESSIONS
from hypothesis import HealthCheck, given, settings

RANDOM = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@RANDOM
@given(EXPRESSIONS, BINDINGS)
def test_a_random_expression_has_no_fault(root, bindings):
    assert not list(expression_faults(root, bindings))

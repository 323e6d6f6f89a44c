"""Laws of the derivative of random formulas: differences, notations, code, symmetry of the second derivative."""

from formula_faults import formula_faults
from formulas import questions
from hypothesis import HealthCheck, given, settings

RANDOM = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@RANDOM
@given(questions())
def test_a_random_formula_has_no_fault(question):
    assert not list(formula_faults(question))

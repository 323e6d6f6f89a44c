"""True identities are proved, near misses never, and the referee agrees with both tables."""

from __future__ import annotations

import pytest

from gradproof.rewrite.prove import prove_equal
from rewrite.agreement import compared
from rewrite.false_identities import FALSE
from rewrite.true_identities import TRUE


def _cases(table):
    return [
        pytest.param(left.e, right.e, id=f"{topic} {place}")
        for topic, rows in table.items()
        for place, (left, right) in enumerate(rows)
    ]


def test_tables_are_large():
    assert sum(map(len, TRUE.values())) >= 200
    assert sum(map(len, FALSE.values())) >= 160


@pytest.mark.parametrize(("left", "right"), _cases(TRUE))
def test_true_identities_are_proved(left, right):
    proof = prove_equal(left, right)
    assert proof is not None
    assert proof.steps or left is right
    _, differ = compared(left, right, proof.requirements, count=3)
    assert not differ


@pytest.mark.parametrize(("left", "right"), _cases(TRUE))
def test_proofs_do_not_depend_on_the_direction(left, right):
    assert prove_equal(right, left) is not None


@pytest.mark.parametrize(("left", "right"), _cases(FALSE))
def test_near_misses_are_never_proved(left, right):
    assert prove_equal(left, right) is None


@pytest.mark.parametrize("topic", ["sign slips", "missing factors", "swapped indices", "wrong powers"])
def test_near_misses_are_false(topic):
    for left, right in FALSE[topic]:
        agreed, differ = compared(left.e, right.e, count=4)
        assert differ or not agreed

"""Every rule says its name, its law and its source; steps show the rules that were used."""

from __future__ import annotations

from gradproof.rewrite.prove import prove_equal
from gradproof.rewrite.registry import RULES
from rewrite.notation import exp, sigma, symbol
from rewrite.true_identities import A, i, iv, j, k, total

x = symbol("x")


def test_rules_are_named_and_sourced():
    assert len(RULES) >= 20
    assert all(rule.name and rule.law and rule.source and callable(rule.apply) for rule in RULES)


def test_steps_name_definitions():
    proof = prove_equal(sigma(-x).e, (1 - sigma(x)).e)
    assert proof is not None
    step = next(step for step in proof.steps if step.rule == "definition of sigma")
    assert step.before is sigma(-x).e
    assert step.after is not step.before
    assert proof.left_form is proof.right_form
    assert "common denominator" in dict(proof.rules)


def test_steps_name_delta_elimination():
    proof = prove_equal(total(j, A[i, j] * iv(j == k)).e, A[i, k].e)
    assert proof is not None
    assert "delta elimination" in dict(proof.rules)


def test_bookkeeping_is_hidden():
    proof = prove_equal(exp(x + x).e, (exp(x) ** 2).e)
    assert proof is not None
    assert [step.rule for step in proof.steps] == ["laws of the exponential function"]

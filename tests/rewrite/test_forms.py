"""Laws of the canonical form: it has the value of what it was made from, and simplifying proves itself."""

from __future__ import annotations

import pickle
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof.expr.build import add, apply, divide, multiply, number, power
from gradproof.expr.node import Power, Symbol
from gradproof.expr.walk import postorder, substitute
from gradproof.rewrite.canonical import BY_CASES, EXPANDED, NAMED, Context, canonical
from gradproof.rewrite.domains import side_conditions
from gradproof.rewrite.prove import prove_equal
from gradproof.rewrite.rule import Budget, GiveUp
from gradproof.rewrite.simplify import cost, simplify
from rewrite.agreement import compared
from rewrite.notation import exp, index, sigma, size, symbol, tensor, total
from rewrite.random_expressions import Source
from rewrite.true_identities import TRUE

seeds = st.integers(0, 10_000_000)
x = Symbol("x")


def _expression(seed):
    source = Source(seed)
    return source, source.expression(source.random.randint(2, 3))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.sampled_from([NAMED, EXPANDED, BY_CASES]))
def test_a_form_has_the_value_of_its_expression(seed, level):
    _, root = _expression(seed)
    context = Context((), Budget(), level)
    try:
        form = context.of(root).to_expr()
    except GiveUp:
        return
    required = dict.fromkeys((*context.required, *side_conditions([root], context.signs)))
    _, differ = compared(root, form, required, count=3, seed=seed)
    assert not differ


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_what_is_proved_agrees_at_random_values(seed):
    source, root = _expression(seed)
    other = source.rewritten(root)
    proof = prove_equal(root, other)
    if proof is not None:
        _, differ = compared(root, other, proof.requirements, count=3, seed=seed)
        assert not differ


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds)
def test_simplifying_is_proved_and_shortens(seed):
    _, root = _expression(seed)
    short = simplify(root)
    assert cost(short) <= cost(root)
    if short is not root:
        assert prove_equal(short, root) is not None


@pytest.mark.parametrize("topic", sorted(TRUE))
def test_the_form_of_a_form_is_itself(topic):
    for left, _ in TRUE[topic]:
        first = canonical(left.e).form
        assert canonical(first).form is first


def test_forms_do_not_depend_on_names():
    n = size("n")
    matrix = tensor("A", n, n)
    forms = set()
    for names in ("ijk", "kij", "zyx"):
        i, j, k = (index(name, n) for name in names)
        forms.add(canonical(total(k, i, j, matrix[i, j] * matrix[j, k] * matrix[k, i]).e).form)
    assert len(forms) == 1


def test_named_functions_stay_named():
    s = symbol("x")
    assert simplify((sigma(s) * (1 - sigma(s)) + sigma(s) ** 2).e) is sigma(s).e
    assert simplify((exp(s) * exp(-s) * s).e) is s.e


def test_common_factors_come_out():
    a, b = symbol("a"), symbol("b")
    assert simplify((a * b + a * a).e) is (a * (a + b)).e


@pytest.mark.parametrize(
    "build",
    [
        lambda node: add(number(1), apply("exp", node)),
        lambda node: add(number(1), divide(number(1), node)),
        lambda node: Power(add(node, number(1)), number(2)),
        lambda node: apply("abs", add(node, x)),
        lambda node: power(multiply(node, x), number(2)),
    ],
)
def test_depth_and_size_end_quickly(build):
    node = x
    for _ in range(10_000):
        node = build(node)
    start = monotonic()
    assert prove_equal(node, add(node, x)) is None
    assert monotonic() - start < 20


@pytest.mark.parametrize(
    "root",
    [
        power(add(x, Symbol("y")), number(1000)),
        power(number(9), power(number(9), power(number(9), number(9)))),
        power(add(*(Symbol(f"x{k}") for k in range(40))), number(12)),
        power(number(2), number(10**12)),
    ],
    ids=["large exponent", "tower", "many terms", "many digits"],
)
def test_large_powers_do_not_explode(root):
    start = monotonic()
    assert prove_equal(root, add(root, x)) is None
    assert monotonic() - start < 20


def test_the_budget_is_kept():
    terms = [divide(number(1), add(Symbol(f"x{k}"), Symbol(f"x{k + 1}"), number(k))) for k in range(40)]
    root = add(*terms)
    assert prove_equal(root, substitute(root, {Symbol("x0"): Symbol("x1")}), budget=Budget(seconds=0.2)) is None


def test_forms_are_the_same_after_pickling():
    root = TRUE["softmax"][0][0].e
    copy = pickle.loads(pickle.dumps(root))
    assert canonical(copy).form is canonical(root).form
    assert len(list(postorder(copy))) == len(list(postorder(root)))

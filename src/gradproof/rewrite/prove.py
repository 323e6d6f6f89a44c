"""Proofs: two sides with one canonical form are equal, and a difference of known sign decides an inequality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from gradproof.expr.build import subtract
from gradproof.expr.node import Compare, Expr, Index, Logic, Number, Operator, Reduce, Symbol, TensorEntry
from gradproof.expr.walk import postorder, substitute, symbols
from gradproof.printer.latex import to_latex
from gradproof.rewrite import gaps
from gradproof.rewrite.canonical import BY_CASES, EXPANDED, NAMED, Context
from gradproof.rewrite.domains import side_conditions
from gradproof.rewrite.rule import OUT_OF_TIME, Budget, GiveUp, SideCondition, Step
from gradproof.rewrite.signs import NONNEGATIVE, NONZERO, POSITIVE, SignTable, is_integer
from gradproof.rewrite.simplify import factored, simplified, simplify

__all__ = ["Proof", "prove_equal", "prove_relation", "sign_of", "simplified", "simplify"]


#: What an attempt may end with besides a result.
_FAILURES = (GiveUp, ZeroDivisionError, NotImplementedError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Proof:
    """What makes a claim true: the rules that were used, what has to hold for them, the forms of both sides."""

    steps: tuple[Step, ...]
    requirements: tuple[SideCondition, ...]
    left_form: Expr
    right_form: Expr

    @property
    def rules(self) -> tuple[tuple[str, Expr], ...]:
        """The names of the rules, each with what it was first used on."""
        return tuple((step.rule, step.before) for step in self.steps)

    @property
    def side_conditions(self) -> tuple[str, ...]:
        """The requirements in LaTeX."""
        return tuple(_in_latex(requirement) for requirement in self.requirements)


_CONDITIONS = {
    "nonzero": "{} \\ne 0",
    "positive": "{} > 0",
    "nonnegative": "{} \\ge 0",
    "integer": "{} \\in \\mathbb{{Z}}",
}


def _in_latex(requirement: SideCondition) -> str:
    return _CONDITIONS[requirement.kind].format(to_latex(requirement.expr))


def prove_equal(left: Expr, right: Expr, conditions: Sequence[Expr] = (), *, budget: Budget | None = None) -> Proof | None:
    """Return a proof that two expressions are equal wherever both are defined, or None where none was found.

    Args:     conditions: comparisons that hold (equations are substituted, inequalities give signs).
    Returns:  a proof whose requirements must hold too; None says nothing.
    Example:  >>> from gradproof.expr.build import add, apply, power, number
              >>> from gradproof.expr.node import Compare, Expr, Index, Logic, Number, Operator, Reduce, Symbol, TensorEntry
              >>> x = Symbol("x")
              >>> prove_equal(apply("exp", add(x, x)), power(apply("exp", x), number(2))) is not None
              True
    """
    budget = budget or Budget()
    if any(_is_too_large(side, budget) for side in (left, right)):
        return None
    usable = _usable(conditions, left, right)
    usable += tuple(Compare("<=", index.lower, index.upper) for index in _free_indices(left, right))
    equations = gaps.equations_of(usable)
    try:
        given = gaps.symbol_values(equations)
        sides = [substitute(side, given) for side in (left, right)]
    except (AssertionError, RecursionError):
        return None
    for level in (NAMED, EXPANDED, BY_CASES):
        try:
            proof = _attempt(sides, usable, equations, budget, level)
        except _FAILURES as failure:
            if str(failure) == OUT_OF_TIME:
                break  # the levels that follow take longer still
            continue
        if proof is not None:
            return proof
    return None


def _is_too_large(root: Expr, budget: Budget) -> bool:
    return sum(1 for _ in islice(postorder(root), budget.nodes + 1)) > budget.nodes


def _attempt(
    sides: Sequence[Expr], conditions: Sequence[Expr], equations: Sequence[Compare], budget: Budget, level: int
) -> Proof | None:
    left, right = sides
    context = Context(conditions, budget, level)
    first, second = context.of(left), context.of(right)
    gap = context.plus([(1, first), (-1, second)])
    differences = [subtract(equation.left, equation.right) for equation in equations]
    if not gaps.is_zero(context, gap, differences):
        return None
    before = subtract(left, right)
    steps = context.steps()
    if not (first.is_whole and second.is_whole):
        steps += (Step("common denominator", before, gap.to_expr()),)
    elif not steps:
        steps = (Step("like terms", before, gap.to_expr()),)
    found = dict.fromkeys((*context.required, *side_conditions((left, right), context.signs)))
    unmet = tuple(requirement for requirement in found if not _is_met(requirement, conditions, budget))
    return Proof(steps, unmet, first.to_expr(), second.to_expr())


def _free_indices(*sides: Expr) -> list[Index]:
    """Return the free indices of both sides: each stands for a value in its range, which so is not empty."""
    found = frozenset[Index]().union(*(side.free_indices for side in sides))
    return sorted(found, key=lambda index: index.digest)


_SIGNS = {"nonzero": NONZERO, "positive": POSITIVE, "nonnegative": NONNEGATIVE}


def _is_met(requirement: SideCondition, conditions: Sequence[Expr], budget: Budget) -> bool:
    """Tell whether a requirement holds anyway, once definitions are put in: ``1 - sigma(x)`` is positive."""
    wanted = _SIGNS.get(requirement.kind)
    if wanted is None:
        return is_integer(requirement.expr)
    try:
        context = Context(conditions, budget, EXPANDED)
        form = context.of(requirement.expr)
        return not context.required and context.signs.of(factored(form)) <= wanted
    except _FAILURES:
        return False


def _usable(conditions: Sequence[Expr], *sides: Expr) -> tuple[Expr, ...]:
    """Leave out what speaks of variables and indices that are bound, of holes and of printed decimals."""
    bound: set[Symbol] = set()
    indices: set[Index] = set()
    for side in sides:
        for node in postorder(side):
            if isinstance(node, Reduce | TensorEntry):
                indices.update(node.indices if isinstance(node, Reduce) else node.bound)
            if isinstance(node, Operator):
                is_random = not node.bound or node.kind == "probability"
                bound |= symbols(node) if is_random else frozenset().union(*(symbols(v) for v in node.bound))
    return tuple(
        condition
        for condition in conditions
        if _is_exact(condition) and not symbols(condition) & bound and not condition.free_indices & indices
    )


def _is_exact(condition: Expr) -> bool:
    return isinstance(condition, Compare | Logic) and not any(
        isinstance(node, Number) and node.ulp is not None for node in postorder(condition)
    )


def prove_relation(
    relation: str, left: Expr, right: Expr, *, conditions: Sequence[Expr] = (), budget: Budget | None = None
) -> Proof | None:
    """Return a proof of ``left relation right`` (one of < <= > >= !=) by the sign of the difference, or None."""
    wanted = {"<": {"-"}, "<=": {"-", "0", "<=0"}, ">": {"+"}, ">=": {"+", "0", ">=0"}, "!=": {"+", "-", "!=0"}}
    budget = budget or Budget()
    if any(_is_too_large(side, budget) for side in (left, right)):
        return None
    usable = _usable(conditions, left, right)
    gap = subtract(left, right)
    for level in (NAMED, EXPANDED):
        context = Context(usable, budget, level)
        try:
            form = context.of(gap)
            after = factored(form)
            sign = _name(context.signs.of(after) & context.signs.of(form.to_expr()) & context.signs.of(gap))
        except _FAILURES:
            continue
        if sign in wanted[relation]:
            found = dict.fromkeys((*context.required, *side_conditions((left, right), context.signs)))
            steps = (*context.steps(), Step("sign of the difference", gap, after))
            return Proof(steps, tuple(found), context.of(left).to_expr(), context.of(right).to_expr())
    return None


def sign_of(node: Expr, conditions: Sequence[Expr] = ()) -> str | None:
    """Return '+', '-', '0', '>=0', '<=0', '!=0', or None where the sign is not obvious, for all values where it is defined."""
    usable = _usable(conditions, node)
    table = SignTable(usable)
    signs = table.of(node)
    try:
        context = Context(usable, Budget(), NAMED)
        form = context.of(node)
        if not context.required:
            signs &= context.signs.of(form.to_expr()) & context.signs.of(factored(form))
    except _FAILURES:
        pass
    return _name(signs)


def _name(signs: frozenset[int]) -> str | None:
    names = {
        frozenset({1}): "+",
        frozenset({-1}): "-",
        frozenset({0}): "0",
        frozenset({0, 1}): ">=0",
        frozenset({-1, 0}): "<=0",
        frozenset({-1, 1}): "!=0",
    }
    return names.get(signs)

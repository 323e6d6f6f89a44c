"""The canonical form: every expression as a rational function of atoms that cannot be taken apart.

Two expressions with one form are equal for all values and sizes at which both are defined and the side conditions
hold. Not having one form proves nothing. Forms are computed bottom up, in one pass of the walker; the topics (powers,
sums, brackets, functions, tensors, operators) have modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradproof.expr.build import ONE, apply
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Hole,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder
from gradproof.rewrite import brackets, form, functions, laws, operators, powers, reductions, sums, tensors
from gradproof.rewrite.domains import side_conditions
from gradproof.rewrite.form import Form
from gradproof.rewrite.polynomial import Rational
from gradproof.rewrite.rule import Budget, Clock, GiveUp, SideCondition, Step
from gradproof.rewrite.signs import POSITIVE, Signs, SignTable

#: How far definitions are put in: not at all, functions by their definitions, and |x|, max, sign by cases as well.
NAMED, EXPANDED, BY_CASES = 0, 1, 2
#: Uses of rules that are remembered for the steps of a proof.
_MOST_USES = 200


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical form with the rules that led to it and what has to hold for them."""

    form: Expr
    steps: tuple[Step, ...]
    side_conditions: tuple[SideCondition, ...]


def canonical(root: Expr, *, conditions: Sequence[Expr] = (), budget: Budget | None = None, level: int = NAMED) -> Canonical:
    """Return the canonical form of an expression.

    Args:     conditions: comparisons that hold.  level: NAMED, EXPANDED or BY_CASES.
    Raises:   GiveUp: a hole, a printed decimal, a division by zero, or more work than the budget allows.
    """
    context = Context(conditions, budget or Budget(), level)
    result = context.of(root)
    return Canonical(result.to_expr(), context.steps(), tuple(context.required))


class Context:
    """One computation of canonical forms: what is known, what was used, what has been computed."""

    def __init__(self, conditions: Sequence[Expr], budget: Budget, level: int) -> None:
        self.level = level
        self.clock = Clock(budget)
        self.signs = SignTable(conditions)
        self.required: dict[SideCondition, None] = {}
        self._used: dict[tuple[str, Expr], Form | None] = {}
        self._done: dict[Expr, Form] = {}

    def of(self, root: Expr) -> Form:
        """Return the form of an expression, or raise ``GiveUp``."""
        if root in self._done:
            return self._done[root]
        self.clock.enter()
        for count, node in enumerate(postorder(root)):
            if count > self.clock.budget.nodes:
                raise GiveUp("the expression is too large")
            if node not in self._done:
                self.clock.spend(1)
                self._done[node] = self._form(node)
        self.clock.leave()
        return self._done[root]

    def _form(self, node: Expr) -> Form:
        match node:
            case Number(value, None):
                return form.constant(value)
            case Number():
                raise GiveUp("a printed decimal is not exact")
            case Hole(_, reason):
                raise GiveUp(reason)
            case Constant("e"):
                return form.atom(apply("exp", ONE))
            case Constant("infinity"):
                raise GiveUp("infinity is no number")
            case Constant() | Symbol() | Index():
                return form.atom(node)
            case Element():
                return tensors.element_form(self, node)
            case Add(terms, weights):
                return self.plus([(weight, self._done[term]) for weight, term in zip(weights, terms, strict=True)])
            case Multiply(factors):
                result = form.constant(1)
                for factor in factors:
                    result = self.times(result, self._done[factor])
                return result
            case Power(base, exponent):
                return powers.power_form(self, self._done[base], self._done[exponent])
            case Apply():
                return functions.apply_form(self, node, [self._done[argument] for argument in node.arguments])
            case _:
                return self._structure(node)

    def _structure(self, node: Expr) -> Form:
        match node:
            case Reduce("sum", indices, body, None):
                self.use("sum is linear", node)
                return sums.sum_form(self, indices, self._done[body])
            case Reduce():
                return reductions.reduce_form(self, node, self._done[node.body])
            case TensorEntry():
                return tensors.entry_form(self, node)
            case Iverson(condition):
                return brackets.bracket_form(self, condition)
            case Piecewise():
                return brackets.piecewise_form(self, node)
            case Operator():
                return operators.operator_form(self, node)
            case Call(function, arguments, orders):
                parts = tuple(self._done[argument].to_expr() for argument in arguments)
                return form.atom(Call(function, parts, orders))
            case Compare() | Logic():
                return brackets.bracket_form(self, node)
            case _:
                raise AssertionError(f"unknown node kind {type(node).__name__}")

    def plus(self, parts: Sequence[tuple[Rational, Form]]) -> Form:
        """Return a weighted sum of forms."""
        return form.plus(parts, self.clock)

    def times(self, left: Form, right: Form) -> Form:
        """Return a product of forms, the laws of atoms applied."""
        return laws.reduced(self, form.times(left, right, self.clock))

    def sign(self, node: Form | Expr) -> Signs:
        """Return the signs that a form or an expression can have."""
        return self.signs.of(node.to_expr() if isinstance(node, Form) else node)

    def is_positive(self, node: Form | Expr) -> bool:
        """Tell whether a form or an expression is surely positive."""
        return self.sign(node) <= POSITIVE

    def require(self, kind: str, node: Expr) -> None:
        """Record a side condition that is not known to hold."""
        self.required.setdefault(SideCondition(kind, node))

    def defined(self, rule: str, node: Expr, expansion: Expr) -> Form:
        """Return the form of a definition that is put in for a node, its domain recorded."""
        self.use(rule, node)
        for condition in side_conditions([expansion], self.signs):
            self.required.setdefault(condition)
        return self.of(expansion)

    def use(self, rule: str, where: Expr, result: Form | None = None) -> None:
        """Record the use of a rule on an expression, with its result unless that is the form of the expression."""
        if len(self._used) < _MOST_USES:
            self._used.setdefault((rule, where), result)

    def steps(self) -> tuple[Step, ...]:
        """Return the rules that changed something, each where it was first used."""
        found: dict[str, Step] = {}
        for (rule, before), result in self._used.items():
            form = result or self._done.get(before)
            if rule in found or form is None:
                continue
            after = form.to_expr()
            if after is not before and not (isinstance(before, Reduce) and isinstance(after, Reduce)):
                found[rule] = Step(rule, before, after)
        return tuple(found.values())

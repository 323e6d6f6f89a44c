"""Values that the document states for its quantities, right or wrong: what tells a carried error from a fresh one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flint import fmpq

from gradproof.checker.decide import compare_values, is_closed
from gradproof.checker.environment import Environment
from gradproof.checker.hints import value_hint
from gradproof.checker.outcome import Outcome
from gradproof.checker.sections import PlannedFormula
from gradproof.checker.verdict import Certificate, Verdict
from gradproof.elaborate.scope import Scope
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import enclose, exact_value, to_decimal
from gradproof.expr.node import Apply, Call, Element, Expr, Number, Symbol, TensorEntry
from gradproof.expr.walk import substitute, transform
from gradproof.printer.latex import to_latex

_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that an equation gave to a quantity; ``depends_on`` are the wrong equations behind it."""

    value: Number
    equation: str
    is_right: bool
    depends_on: tuple[str, ...] = ()


@dataclass
class StatedValues:
    """The stated values of each scope, by quantity (with the conditions of its place put in)."""

    known: dict[int, dict[Expr, Stated]] = field(default_factory=dict)

    def of(self, scope: Scope) -> dict[Expr, Stated]:
        """Return the stated values of a scope."""
        return self.known.setdefault(id(scope), {})

    def remember(
        self, planned: PlannedFormula, left: Expr, right: Expr, environment: Environment, *, ok: bool,
        depends_on: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Enter ``quantity = number``; a right value that is exact teaches nothing new and is not entered."""
        value = right if isinstance(right, Number) else None
        quantity = substitute(left, environment.conditions)
        if value is None or not nameable(quantity) or (ok and value.ulp is None):
            return
        if ok and self._is_exact(quantity, value, environment):
            return
        self.of(planned.scope)[quantity] = Stated(value, planned.id, ok, depends_on)

    def _is_exact(self, quantity: Expr, value: Number, environment: Environment) -> bool:
        """A decimal that is exactly the right value (1.5 for 3/2) is no rounding."""
        true = substitute(environment.expanded(quantity), environment.conditions)
        return is_closed(true) and compare_values("=", true, Number(value.value)).code in ("P101", "P102")

    def put_in(self, root: Expr, environment: Environment, *, wrong: bool) -> tuple[Expr, dict[Expr, Stated]]:
        """Return an expression with stated values at their quantities, named ones before they are expanded.

        With ``wrong`` false only values that are right (but rounded) are used.
        """
        known = {key: value for key, value in self.of(environment.scope).items() if wrong or value.is_right}
        used: dict[Expr, Stated] = {}

        def change(node: Expr) -> Expr:
            if node in known:
                used[node] = known[node]
                return known[node].value
            return node

        node = substitute(environment.derived(environment.scope.sizes.resolve(root)), environment.conditions)
        for _ in range(_DEEPEST):
            node = transform(node, change)
            further = substitute(environment.derived(environment.opened(node)), environment.conditions)
            if further is node:
                break
            node = further
        return transform(node, change), used

    def judged(
        self,
        planned: PlannedFormula,
        relation: str,
        left: Expr,
        right: Expr,
        environment: Environment,
        outcome: Outcome,
        head: Expr | None,
    ) -> tuple[Outcome, dict[str, object]]:
        """Say whether a wrong number follows from what was stated before, and what would be right."""
        true_left = substitute(environment.expanded(left), environment.conditions)
        target = true_left
        if head is not None:
            value = substitute(environment.expanded(head), environment.conditions)
            target = value if is_closed(value) else true_left
        expected = decimal_of(target)
        stated = planned.final or _shown(right)
        rounded = [self.put_in(side, environment, wrong=False)[0] for side in (left, right)]
        if all(is_closed(side) for side in rounded):
            outcome_rounded = compare_values(relation, *rounded)
            if outcome_rounded.verdict is Verdict.PROVED:
                return outcome_rounded, {}
        sides = [self.put_in(side, environment, wrong=True) for side in (left, right)]
        used = {**sides[0][1], **sides[1][1]}
        from_inputs = decimal_of(sides[0][0]) if is_closed(sides[0][0]) else None
        wrong = {key: value for key, value in used.items() if not value.is_right}
        if wrong and all(is_closed(side) for side, _ in sides):
            again = compare_values(relation, sides[0][0], sides[1][0])
            if again.verdict is Verdict.PROVED:
                return self._carried(planned, left, right, environment, wrong, expected, from_inputs, stated)
        self._enter(planned, left, right, environment, ())
        hint = value_hint(true_left, right if isinstance(right, Number) else sides[1][0])
        if head is not None and from_inputs is None:
            from_inputs = decimal_of(true_left)
        if head is not None or wrong:
            from_inputs = decimal_of(sides[0][0]) if is_closed(sides[0][0]) else from_inputs
        refuted = Outcome(Verdict.REFUTED, outcome.code, outcome.certificate, outcome.reason, hint, outcome.witness, expected)
        differs = from_inputs is not None and from_inputs != expected
        return refuted, {"stated": stated, "from_stated_inputs": from_inputs if differs else None}

    def _carried(
        self, planned: PlannedFormula, left: Expr, right: Expr, environment: Environment, wrong: Mapping[Expr, Stated],
        expected: str | None, from_inputs: str | None, stated: str,
    ) -> tuple[Outcome, dict[str, object]]:  # fmt: skip
        depends: list[str] = []
        for value in wrong.values():
            for equation in (*value.depends_on, value.equation):
                if equation not in depends and equation != planned.id:
                    depends.append(equation)
        self._enter(planned, left, right, environment, tuple(depends))
        details = {"put in": {to_latex(key): to_latex(value.value) for key, value in wrong.items()}}
        certificate = Certificate("carried value", details=details)
        reason = "wrong, yet it follows from values that were stated wrongly before"
        outcome = Outcome(Verdict.CARRIED, "C101", certificate, reason, expected=expected)
        extra: dict[str, object] = {
            "stated": stated,
            "from_stated_inputs": from_inputs,
            "depends_on": tuple(sorted(depends, key=lambda name: int(name[1:]))),
        }
        return outcome, extra

    def _enter(self, planned: PlannedFormula, left: Expr, right: Expr, environment: Environment, depends: tuple[str, ...]) -> None:
        """Remember a wrong value for the side it was given to, and for the head of its chain."""
        for quantity in (left, *self._heads(planned, environment)):
            self.remember(planned, quantity, right, environment, ok=False, depends_on=depends)

    def _heads(self, planned: PlannedFormula, environment: Environment) -> list[Expr]:
        return list(planned.heads)


def nameable(node: Expr) -> bool:
    """Tell whether a stated value can be put in at this node later."""
    return isinstance(node, Symbol | Element | Apply | Call | TensorEntry)


def decimal_of(root: Expr) -> str | None:
    """Return the value of a closed expression with fifteen digits (a fraction where that is short)."""
    if not is_closed(root):
        return None
    exact = exact_value(transform(root, _as_printed), Bindings())
    if exact is not None and _is_short(exact):
        return _terminating(exact)
    try:
        ball = enclose(root, Bindings(), 20, decimals="point").entries[()]
    except Undecidable:
        return None
    return to_decimal(ball, 15) if ball.is_finite() else None


def _as_printed(node: Expr) -> Expr:
    return Number(node.value) if isinstance(node, Number) else node


def _is_short(value: fmpq) -> bool:
    """Tell whether a rational is a decimal of few digits."""
    rest = int(value.q)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and int(value.q) < 10**12 and int(value.p).bit_length() < 200


def _terminating(value: fmpq) -> str:
    places = 0
    while (value * 10**places).q != 1:
        places += 1
    digits = str(abs(int((value * 10**places).p))).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _shown(node: Expr) -> str:
    return decimal_of(node) or to_latex(node) if not isinstance(node, Number) else to_latex(node)

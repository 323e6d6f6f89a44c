"""Proofs of equality: the difference of the two sides has the canonical form zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradproof.expr.build import subtract
from gradproof.expr.node import Add, Compare, Element, Expr, Number, Power, Symbol
from gradproof.expr.walk import postorder
from gradproof.printer.latex import to_latex
from gradproof.rewrite.canonical import CanonicalForm
from gradproof.rewrite.polynomial import GiveUp, Polynomial, plus, single, times, to_expr, whole_power

_ROUNDS = 24


@dataclass(frozen=True, slots=True)
class Proof:
    """What makes two expressions equal: the rules that were used, and what has to hold for them."""

    rules: tuple[tuple[str, Expr], ...]
    side_conditions: tuple[str, ...]
    form: Expr


def prove_equal(left: Expr, right: Expr, conditions: Sequence[Compare] = ()) -> Proof | None:
    """Return a proof that two expressions are equal for all values and sizes, or None where none was found."""
    for expand in (False, True):
        form = CanonicalForm(expand, _positive(conditions))
        try:
            first, second = form.of(left), form.of(right)
            gap = _cleared(plus([(Fraction(1), first), (Fraction(-1), second)]), form)
            gap = _with_equations(gap, conditions, form)
        except (GiveUp, NotImplementedError, ZeroDivisionError):
            continue
        if not gap:
            rules = tuple(form.used.items()) or (("like terms", left),)
            return Proof(rules, _side_conditions(left, right, form), to_expr(first))
    return None


def simplified(node: Expr) -> Expr:
    """Return the canonical form of an expression as an expression, named functions kept, or the expression itself."""
    form = CanonicalForm(expand=False)
    try:
        return to_expr(form.of(node))
    except (GiveUp, NotImplementedError, ZeroDivisionError):
        return node


def _positive(conditions: Sequence[Compare]) -> frozenset[Expr]:
    found: set[Expr] = set()
    for condition in conditions:
        if condition.relation == ">" and isinstance(condition.right, Number) and condition.right.value >= 0:
            found.add(condition.left)
        if condition.relation == "<" and isinstance(condition.left, Number) and condition.left.value >= 0:
            found.add(condition.right)
    return frozenset(found)


def _cleared(gap: Polynomial, form: CanonicalForm) -> Polynomial:
    """Multiply by the sums that stand in denominators until none does; zero stays zero, and nothing else becomes it."""
    for _ in range(_ROUNDS):
        lowest: dict[Expr, Fraction] = {}
        for monomial in gap:
            for node, exponent in monomial:
                if isinstance(node, Add):
                    lowest[node] = min(lowest.get(node, Fraction(0)), exponent)
        wanted = next((node for node, exponent in lowest.items() if exponent < 0 and exponent.denominator == 1), None)
        if wanted is None:
            return _open_sums(gap, form)
        gap = form._reduced(_raised(gap, wanted, -lowest[wanted], form))
    raise GiveUp("denominators that do not clear")


def _raised(gap: Polynomial, node: Expr, amount: Fraction, form: CanonicalForm) -> Polynomial:
    inner = form.of(node)
    parts: list[tuple[Fraction, Polynomial]] = []
    for monomial, coefficient in gap.items():
        exponents = dict(monomial)
        total = exponents.pop(node, Fraction(0)) + amount
        rest: Polynomial = {tuple(sorted(exponents.items(), key=lambda pair: pair[0].digest)): Fraction(1)}
        if total.denominator != 1:
            raise GiveUp("a root of a sum in a denominator")
        parts.append((coefficient, times(rest, whole_power(inner, int(total)))))
    return plus(parts)


def _open_sums(gap: Polynomial, form: CanonicalForm) -> Polynomial:
    """Multiply out whole powers of sums that are left."""
    parts: list[tuple[Fraction, Polynomial]] = []
    for monomial, coefficient in gap.items():
        product: Polynomial = {(): Fraction(1)}
        for node, exponent in monomial:
            if isinstance(node, Add) and exponent.denominator == 1 and 0 < exponent <= 12:
                product = times(product, whole_power(form.of(node), int(exponent)))
            else:
                product = times(product, {((node, exponent),): Fraction(1)})
        parts.append((coefficient, product))
    return plus(parts)


def _with_equations(gap: Polynomial, conditions: Sequence[Compare], form: CanonicalForm) -> Polynomial:
    """Use equations that are given: one of their atoms is replaced by the rest."""
    for condition in conditions:
        if condition.relation != "=" or not gap:
            continue
        known = form.of(subtract(condition.left, condition.right))
        for monomial, coefficient in known.items():
            if len(monomial) == 1 and monomial[0][1] == 1:
                node = monomial[0][0]
                others = {other: weight for other, weight in known.items() if other != monomial}
                if any(node in dict(other) for other in others):
                    continue
                value = plus([(Fraction(-1) / coefficient, others)])
                gap = _cleared(form._reduced(_replaced(gap, node, value)), form)
                break
    return gap


def _replaced(gap: Polynomial, node: Expr, value: Polynomial) -> Polynomial:
    parts: list[tuple[Fraction, Polynomial]] = []
    for monomial, coefficient in gap.items():
        exponents = dict(monomial)
        exponent = exponents.pop(node, Fraction(0))
        rest: Polynomial = {tuple(sorted(exponents.items(), key=lambda pair: pair[0].digest)): Fraction(1)}
        if exponent == 0:
            parts.append((coefficient, {monomial: Fraction(1)}))
            continue
        lone = single(value)
        if exponent.denominator == 1 and exponent > 0:
            parts.append((coefficient, times(rest, whole_power(value, int(exponent)))))
        elif lone is not None and lone[0] == () and exponent.denominator == 1:
            parts.append((coefficient, times(rest, {(): lone[1] ** int(exponent)})))
        else:
            parts.append((coefficient, {monomial: Fraction(1)}))
    return plus(parts)


def _side_conditions(left: Expr, right: Expr, form: CanonicalForm) -> tuple[str, ...]:
    """Say what was divided by, and what logarithms and roots need."""
    found: dict[str, None] = {}
    for root in (left, right):
        for node in postorder(root):
            if isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value < 0:
                if not isinstance(node.base, Number) and not form.is_positive(node.base):
                    found[f"{to_latex(node.base)} \\ne 0"] = None
    for name, node in form.conditions.items():
        if name != "positive":
            found[f"{to_latex(node)} > 0"] = None
    return tuple(found)


def sign_of(node: Expr, conditions: Sequence[Compare] = ()) -> str:
    """Return '+', '-', '0', '>=0', '<=0', or '' where the sign is not obvious."""
    form = CanonicalForm(expand=False, positive=_positive(conditions))
    try:
        polynomial = form.of(node)
    except (GiveUp, NotImplementedError, ZeroDivisionError):
        return ""
    if not polynomial:
        return "0"
    signs = {_monomial_sign(monomial, coefficient, form) for monomial, coefficient in polynomial.items()}
    if signs <= {"+", ">=0"}:
        return "+" if "+" in signs else ">=0"
    if signs <= {"-", "<=0"}:
        return "-" if "-" in signs else "<=0"
    return ""


def _monomial_sign(monomial: tuple[tuple[Expr, Fraction], ...], coefficient: Fraction, form: CanonicalForm) -> str:
    strict = True
    for node, exponent in monomial:
        if form.is_positive(node):
            continue
        even = exponent.denominator == 1 and exponent % 2 == 0 and exponent > 0
        if not (even or _is_nonnegative(node)):
            return "?"
        strict = False
    if coefficient > 0:
        return "+" if strict else ">=0"
    return "-" if strict else "<=0"


def _is_nonnegative(node: Expr) -> bool:
    from gradproof.expr.node import Apply, Iverson, Multiply, Reduce

    match node:
        case Apply(function):
            return function in ("abs", "relu")
        case Iverson():
            return True
        case Symbol() | Element():
            symbol = node.symbol if isinstance(node, Element) else node
            return bool(symbol.properties & {"nonnegative", "simplex", "onehot", "size", "distribution", "natural", "binary"})
        case Reduce("sum", _, body, None):
            return _is_nonnegative(body)
        case Multiply(factors):
            return all(_is_nonnegative(factor) for factor in factors)
        case Power(base, Number(value)):
            return _is_nonnegative(base) or (value.denominator == 1 and value % 2 == 0) or value.denominator == 2
        case _:
            return False

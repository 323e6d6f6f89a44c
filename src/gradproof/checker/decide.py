"""Deciding whether two expressions are in a relation: arithmetic, canonical form, random instances, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Any

from flint import arb, fmpq

from gradproof.checker.optimality import decide_minimizer
from gradproof.checker.outcome import Outcome, undecided
from gradproof.checker.stand_ins import shown, stand_ins, unknown_functions
from gradproof.checker.unit_vectors import with_unit_vectors
from gradproof.checker.verdict import Certificate, Verdict
from gradproof.evaluate.bindings import Bindings, NotRational, Undecidable
from gradproof.evaluate.enclose import are_disjoint, enclose, exact_value, paired, to_decimal
from gradproof.evaluate.evaluator import Table, evaluate
from gradproof.evaluate.fields import Exact
from gradproof.evaluate.instances import instance, magnitudes_for
from gradproof.expr.build import subtract
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
from gradproof.expr.node import (
    Apply,
    Compare,
    Expr,
    Hole,
    Iverson,
    Number,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import contains, free_symbols, postorder, symbols
from gradproof.printer.latex import to_latex
from gradproof.rewrite.prove import prove_equal, sign_of

#: Instances that are tried before an equality counts as tested.
INSTANCES = 6
#: Instances of every magnitude that are tried beside them where regions differ.
WIDE_INSTANCES = 24
_DIGITS = 30
#: Nodes of two sides that are quickly proved or not.
_SMALL = 40


def is_closed(root: Expr) -> bool:
    """Tell whether an expression has a value without any symbol being given one."""
    return not root.free_indices and not free_symbols(root) and not contains(root, _is_opaque)


def has_decimals(root: Expr) -> bool:
    """Tell whether a printed decimal occurs."""
    return contains(root, lambda node: isinstance(node, Number) and node.ulp is not None)


def _is_opaque(node: Expr) -> bool:
    return isinstance(node, Operator | Hole) and not (isinstance(node, Operator) and node.kind == "integral")


def decide(relation: str, left: Expr, right: Expr, conditions: Sequence[Compare] = (), seed: int = 0) -> Outcome:
    """Return whether ``left relation right`` holds for all values of the symbols and free indices."""
    if is_closed(left) and is_closed(right):
        return compare_values(relation, left, right)
    left, right, conditions = with_unit_vectors(left, right, conditions)
    if relation in ("=", "≈", "≡"):
        if not (symbols(left) or symbols(right) or contains(left, _is_opaque) or contains(right, _is_opaque)):
            return compare_tables(left, right)
        return _equality(left, right, conditions, seed)
    return _order(relation, left, right, conditions, seed)


# Numbers --------------------------------------------------------------------------------------------------------------


def compare_values(relation: str, left: Expr, right: Expr) -> Outcome:
    """Decide a relation between two expressions without symbols."""
    try:
        sides = enclose(left, Bindings(), _DIGITS), enclose(right, Bindings(), _DIGITS)
    except Undecidable as trouble:
        return undecided("U109", str(trouble))
    mine, other = sides[0].entries[()], sides[1].entries[()]
    if not (mine.is_finite() and other.is_finite()):
        return _within_the_domain(relation, left, right)
    details = {"left": to_decimal(mine, 20), "right": to_decimal(other, 20)}
    if relation not in ("=", "≈", "≡"):
        return _ordered(relation, mine, other, details, left, right)
    if relation == "≈":
        other = widened(right, other)
    if are_disjoint(mine, other):
        certificate = Certificate("disjoint enclosures", details=details)
        return Outcome(Verdict.REFUTED, "R102", certificate, expected=to_decimal(mine, 15))
    if relation != "≈" and _needs_no_rounding(left, right):
        return Outcome(Verdict.REFUTED, "R102", Certificate("arithmetic", details=details), expected=to_decimal(mine, 15))
    if has_decimals(left) or has_decimals(right) or relation == "≈":
        return Outcome(Verdict.PROVED, "P103", Certificate("rounds to", details=details))
    return _exactly_equal(left, right, details)


def _needs_no_rounding(left: Expr, right: Expr) -> bool:
    """Tell whether a printed number differs from an exact value that its digits could show: 1.6 from 1.5."""
    for value, printed in ((left, right), (right, left)):
        if isinstance(printed, Number) and printed.ulp is not None and not has_decimals(value):
            exact = exact_value(value, Bindings())
            if exact is not None:
                units = (Fraction(int(exact.p), int(exact.q)) - printed.value) / printed.ulp
                return units != 0 and units.denominator == 1
    return False


def _within_the_domain(relation: str, left: Expr, right: Expr) -> Outcome:
    """Decide a claim whose printed inputs reach out of a domain with their doubt, ``\\log 0.1``: they are then what is printed."""
    undefined = undecided("U109", "a side is not defined at these values")
    if relation not in ("=", "≈", "≡"):
        return undefined
    sides = [
        enclose(side, Bindings(), _DIGITS, decimals="interval" if isinstance(side, Number) else "point").entries[()]
        for side in (left, right)
    ]
    if not all(side.is_finite() for side in sides) or are_disjoint(*sides):
        return undefined
    details = {"left": to_decimal(sides[0], 20), "right": to_decimal(sides[1], 20), "inputs": "as printed"}
    return Outcome(Verdict.PROVED, "P103", Certificate("rounds to", details=details))


def widened(node: Expr, ball: arb) -> arb:
    """An approximate equality lets an integer be a rounding too."""
    if isinstance(node, Number) and node.ulp is None and node.value.denominator == 1:
        return arb(ball, arb(1) / 2)
    return ball


def _exactly_equal(left: Expr, right: Expr, details: dict[str, Any]) -> Outcome:
    values = exact_value(left, Bindings()), exact_value(right, Bindings())
    if values[0] is not None and values[1] is not None:
        if values[0] == values[1]:
            return Outcome(Verdict.PROVED, "P102", Certificate("arithmetic", details={"value": str(values[0])}))
        certificate = Certificate("disjoint enclosures", details=details)
        return Outcome(Verdict.REFUTED, "R102", certificate, expected=str(values[0]))
    proof = prove_equal(left, right)
    if proof is not None:
        return _proved(left, right, proof.rules, proof.side_conditions)
    certificate = Certificate("random instances", details={"instances": 1, "digits": _DIGITS, **details})
    return Outcome(Verdict.TESTED, "T101", certificate)


def _ordered(relation: str, mine: arb, other: arb, details: dict[str, Any], left: Expr, right: Expr) -> Outcome:
    holds: bool | None = None
    if relation in ("<", "≤", ">", "≥"):
        small, large = (mine, other) if relation in ("<", "≤") else (other, mine)
        if small < large:
            holds = True
        elif small > large:
            holds = False
        else:
            values = exact_value(left, Bindings()), exact_value(right, Bindings())
            if values[0] is not None and values[0] == values[1]:
                holds = relation in ("≤", "≥")
    elif relation == "≠":
        holds = True if are_disjoint(mine, other) else None
        values = exact_value(left, Bindings()), exact_value(right, Bindings())
        if values[0] is not None and values[0] == values[1]:
            holds = False
    if holds is None:
        return undecided("U109", "the two sides are too close to tell")
    if holds:
        return Outcome(Verdict.PROVED, "P102", Certificate("arithmetic", details=details))
    return Outcome(Verdict.REFUTED, "R103", Certificate("disjoint enclosures", details=details), witness=details)


def compare_tables(left: Expr, right: Expr) -> Outcome:
    """Decide the equality of two tensors of numbers, entry by entry."""
    try:
        tables = enclose(left, Bindings(), _DIGITS), enclose(right, Bindings(), _DIGITS)
    except Undecidable as trouble:
        return undecided("U109", str(trouble))
    decimals = has_decimals(left) or has_decimals(right)
    for entry in paired(*tables):
        if are_disjoint(entry.left, entry.right):
            details = {"left": to_decimal(entry.left, 20), "right": to_decimal(entry.right, 20)}
            witness = {name: str(value) for name, value in entry.place.items()}
            certificate = Certificate("disjoint enclosures", details=details)
            return Outcome(Verdict.REFUTED, "R102", certificate, witness=witness, expected=table_text(tables[0]))
    if decimals:
        return Outcome(Verdict.PROVED, "P103", Certificate("rounds to"))
    proof = prove_equal(left, right)
    if proof is not None or _entries_equal(left, right):
        return Outcome(Verdict.PROVED, "P102", Certificate("arithmetic", details={"value": table_text(tables[0])}))
    return Outcome(Verdict.TESTED, "T101", Certificate("random instances", details={"digits": _DIGITS}))


def _entries_equal(left: Expr, right: Expr) -> bool:
    try:
        tables = evaluate(left, Bindings(), Exact()), evaluate(right, Bindings(), Exact())
    except (NotRational, Undecidable):
        return False
    return all(entry.left == entry.right for entry in paired(*tables))


def table_text(table: Table) -> str:
    """Return a tensor of numbers as nested lists, its axes in the order of their names."""
    order = sorted(range(len(table.axes)), key=lambda place: table.axes[place].uid)
    entries = table.entries.transpose(order) if order else table.entries
    return _nested(entries.tolist())


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested(entry) for entry in value) + "]"
    return to_decimal(value, 12)


# Symbols --------------------------------------------------------------------------------------------------------------


def _proved(left: Expr, right: Expr, rules: Sequence[tuple[str, Expr]], side_conditions: tuple[str, ...]) -> Outcome:
    steps = tuple((name, to_latex(where)) for name, where in rules[:12])
    details = {"left": to_latex(left), "right": to_latex(right)}
    return Outcome(Verdict.PROVED, "P101", Certificate("canonical form", side_conditions, steps, details))


def _equality(left: Expr, right: Expr, conditions: Sequence[Compare], seed: int) -> Outcome:
    """Prove or test an equality; of a large one instances come first, since no proof has to be looked for where one refutes."""
    is_opaque = contains(left, _is_opaque) or contains(right, _is_opaque)
    is_large = sum(1 for root in (left, right) for _ in islice(postorder(root), _SMALL)) >= _SMALL
    found = by_instances(left, right, conditions, seed) if is_large and not is_opaque else None
    if found is not None and found.verdict is Verdict.REFUTED:
        return found
    proof = prove_equal(left, right, conditions)
    if proof is not None:
        return _proved(left, right, proof.rules, proof.side_conditions)
    if not is_opaque:
        return found or by_instances(left, right, conditions, seed)
    names = {node.kind for root in (left, right) for node in postorder(root) if isinstance(node, Operator)}
    if "argmin" in names:
        return decide_minimizer(left, right, seed)
    return undecided("U103", f"the claim hangs on {', '.join(sorted(names)) or 'what is not defined'}")


def by_instances(left: Expr, right: Expr, conditions: Sequence[Compare], seed: int) -> Outcome:
    """Compare two sides at random typed instances; a refutation has to hold for positive values too."""
    wanted = symbols(left) | symbols(right) | _index_symbols(left, right)
    first = _try_instances(left, right, wanted, conditions, seed, positive=False)
    if first.verdict is Verdict.TESTED:
        return first
    second = _try_instances(left, right, wanted, conditions, seed + 1, positive=True)
    if first.verdict is Verdict.REFUTED and second.verdict is Verdict.TESTED:
        return undecided("U108", "the sides agree for positive values and differ for others", "State the domain.")
    if first.verdict is Verdict.UNCHECKED:
        return second
    return first


def _index_symbols(left: Expr, right: Expr) -> frozenset[Symbol]:
    found: set[Symbol] = set()
    for root in (left, right):
        for index in root.free_indices:
            found |= symbols(index.lower) | symbols(index.upper)
    return frozenset(found)


def _try_instances(
    left: Expr, right: Expr, wanted: frozenset[Symbol], conditions: Sequence[Compare], seed: int, *, positive: bool
) -> Outcome:
    """Compare two sides at instances of usual size, and of every size where a side is made of pieces: each piece has to be reached."""
    agreed = 0
    trouble = "no instance could be evaluated"
    unknown = unknown_functions(left, right)
    in_pieces = _has_pieces(left) or _has_pieces(right)
    for number in range(INSTANCES + (WIDE_INSTANCES if in_pieces else 0)):
        magnitudes = magnitudes_for((left, right)) if number >= INSTANCES else ()
        try:
            bindings = instance(wanted, seed=seed, number=number, positive=positive, magnitudes=magnitudes)
            bindings = replace(bindings, functions=stand_ins(unknown, seed, number))
            if not _meets(bindings, conditions):
                continue
            tables = enclose(left, bindings, _DIGITS), enclose(right, bindings, _DIGITS)
        except Undecidable as reason:
            trouble = str(reason)
            continue
        found = _compare_tables(tables, bindings)
        if isinstance(found, Outcome):
            return found
        agreed += found
    if agreed == 0:
        return undecided("U103" if "defined" in trouble or "no value" in trouble else "U109", trouble)
    details = {"instances": agreed, "seed": seed, "digits": _DIGITS}
    return Outcome(Verdict.TESTED, "T101", Certificate("random instances", details=details))


def _has_pieces(root: Expr) -> bool:
    """Tell whether an expression may follow different formulas in different regions: agreement in one says nothing of the others.

    What is analytic is determined by its values in any small region, so that instances of usual size tell.
    """
    return contains(root, _is_switch)


def _is_switch(node: Expr) -> bool:
    match node:
        case Apply(function):
            return bool(FUNCTIONS[function].kink)
        case TensorEntry(function):
            return bool(TENSOR_FUNCTIONS[function].kink)
        case Reduce("max" | "min") | Iverson() | Piecewise():
            return True
        case Power(_, Number(value)):
            return value.denominator != 1
        case _:
            return False


def _meets(bindings: Bindings, conditions: Sequence[Compare]) -> bool:
    for condition in conditions:
        try:
            outcome = exact_value(subtract(condition.left, condition.right), bindings)
        except Undecidable:
            continue
        if outcome is None:
            continue
        tests = {"=": outcome == 0, "!=": outcome != 0, "<": outcome < 0, "<=": outcome <= 0}
        tests |= {">": outcome > 0, ">=": outcome >= 0}
        if not tests[condition.relation]:
            return False
    return True


def _compare_tables(tables: tuple[Table, Table], bindings: Bindings) -> Outcome | int:
    """Return 1 where all defined entries agree, 0 where none is defined, the refutation where one differs."""
    compared = 0
    for entry in paired(*tables):
        if not (entry.left.is_finite() and entry.right.is_finite()):
            continue
        compared = 1
        if are_disjoint(entry.left, entry.right):
            witness = {name: _shown(value) for name, value in sorted(bindings.values.items())}
            witness |= {name: str(value) for name, value in entry.place.items()}
            witness |= shown(bindings.functions)
            details = {"left": to_decimal(entry.left, 20), "right": to_decimal(entry.right, 20)}
            return Outcome(Verdict.REFUTED, "R101", Certificate("disjoint enclosures", details=details), witness=witness)
    return compared


def _shown(value: Any) -> str:
    if isinstance(value, fmpq | int):
        return str(value)
    return str([_shown(entry) for entry in value]).replace("'", "") if hasattr(value, "__iter__") else str(value)


def _order(relation: str, left: Expr, right: Expr, conditions: Sequence[Compare], seed: int) -> Outcome:
    """Prove an inequality by the sign of the difference, or test it; it is never refuted here, since its conditions may be unsaid."""
    sign = sign_of(subtract(left, right), conditions)
    proofs = {"<": ("-",), "≤": ("-", "<=0", "0"), ">": ("+",), "≥": ("+", ">=0", "0"), "≠": ("+", "-")}
    if sign in proofs.get(relation, ()):
        certificate = Certificate("canonical form", details={"sign of the difference": sign})
        return Outcome(Verdict.PROVED, "P101", certificate)
    return _order_at_instances(relation, left, right, conditions, seed)


def _order_at_instances(relation: str, left: Expr, right: Expr, conditions: Sequence[Compare], seed: int) -> Outcome:
    """Test an inequality at random typed instances: none may fail it, and enough have to meet it strictly."""
    unsure = undecided("U109", "the sign of the difference is not obvious")
    if any(contains(side, _is_opaque) for side in (left, right)):
        return unsure
    wanted = symbols(left) | symbols(right) | _index_symbols(left, right)
    met = 0
    for number in range(2 * INSTANCES + WIDE_INSTANCES):
        magnitudes = magnitudes_for((left, right)) if number >= 2 * INSTANCES else ()
        try:
            bindings = instance(wanted, seed=seed, number=number, magnitudes=magnitudes)
            if not _meets(bindings, conditions):
                continue
            tables = enclose(left, bindings, _DIGITS), enclose(right, bindings, _DIGITS)
        except Undecidable:
            continue
        orders = {_order_of(relation, entry.left, entry.right) for entry in paired(*tables)}
        if False in orders:
            return unsure
        met += True in orders
    if met < INSTANCES:
        return unsure
    details = {"instances": met, "seed": seed, "digits": _DIGITS}
    return Outcome(Verdict.TESTED, "T101", Certificate("random instances", details=details))


def _order_of(relation: str, left: arb, right: arb) -> bool | None:
    """Tell whether two enclosures are in an order; None where they overlap and a weak order leaves that open."""
    if relation == "≠":
        return are_disjoint(left, right)
    small, large = (left, right) if relation in ("<", "≤") else (right, left)
    if small < large:
        return True
    return None if relation in ("≤", "≥") and not small > large else False


def free_letters(root: Expr) -> frozenset[str]:
    """Return the names of all symbols and free indices of an expression."""
    return frozenset(symbol.name for symbol in symbols(root)) | frozenset(index.name for index in root.free_indices)

"""Hints: the slip that turns the right value or formula into the stated one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from gradproof.checker.decide import by_instances
from gradproof.checker.verdict import Verdict
from gradproof.evaluate.bindings import Bindings, Undecidable
from gradproof.evaluate.enclose import are_disjoint, enclose
from gradproof.expr import build
from gradproof.expr.node import Add, Apply, Expr, Multiply, Number, Power
from gradproof.expr.walk import postorder, substitute, symbols
from gradproof.printer.text import to_text
from gradproof.rewrite.prove import prove_equal
from gradproof.rewrite.rule import Budget

_SHORT = Budget(seconds=0.2)
_MOST_NODES = 60
_MENDS: tuple[Callable[[Expr], Expr] | None, ...] = (
    build.negate,
    lambda stated: build.scale(build.HALF.value, stated),
    lambda stated: build.scale(2, stated),
    lambda stated: build.power(stated, build.MINUS_ONE),
    None,
    lambda stated: build.power(stated, build.TWO),
    lambda stated: build.subtract(build.ONE, stated),
)
_LOG_BASES = (10, 2)


def value_hint(right: Expr, stated: Expr) -> str:
    """Return the slip that gives the stated number, or an empty string."""
    if symbols(right) or right.free_indices:
        return ""
    for slipped, words in _slips(right):
        if _agree(slipped, stated):
            return words
    return ""


def formula_hint(right: Expr, stated: Expr, as_written: Expr) -> tuple[str, Expr | None]:
    """Return the slip that gives the stated formula, and what was written with the slip undone.

    Returns an empty string and None where no slip is found; the second is None where the slip is inside.
    """
    for (slipped, words), mend in zip(_whole_slips(right), _MENDS, strict=False):
        if _is_same(slipped, stated):
            return words, None if mend is None else mend(as_written)
    for slipped, words in _part_slips(right):
        if _is_same(slipped, stated):
            return words, None
    return "", None


def _is_same(slipped: Expr, stated: Expr) -> bool:
    """Tell whether a slip gives the stated formula: at instances where it has values there, else by a short proof."""
    outcome = by_instances(slipped, stated, (), seed=5)
    if outcome.verdict is Verdict.UNCHECKED and outcome.code == "U103":
        return prove_equal(slipped, stated, budget=_SHORT) is not None
    return outcome.verdict is Verdict.TESTED


def _agree(slipped: Expr, stated: Expr) -> bool:
    try:
        sides = [enclose(side, Bindings()).entries[()] for side in (slipped, stated)]
    except Undecidable:
        return False
    return all(side.is_finite() for side in sides) and not are_disjoint(*sides)


def _slips(node: Expr) -> Iterator[tuple[Expr, str]]:
    if isinstance(node, Apply) and len(node.arguments) == 1:
        flipped = Apply(node.function, (build.negate(node.arguments[0]),))
        yield flipped, f"that is {to_text(flipped)}"
    yield from _whole_slips(node)
    yield from _part_slips(node)


def _whole_slips(node: Expr) -> Iterator[tuple[Expr, str]]:
    yield build.negate(node), "the sign is wrong"
    yield build.scale(2, node), "a factor 2 too much"
    yield build.scale(build.HALF.value, node), "a factor 2 is missing"
    if node is not build.ZERO:
        yield build.power(node, build.MINUS_ONE), "that is the reciprocal"
    yield build.power(node, build.TWO), "that is the square"
    yield build.square_root(node), "that is the square root"
    yield build.subtract(build.ONE, node), "that is one minus it"


def _part_slips(root: Expr) -> Iterator[tuple[Expr, str]]:
    nodes = [node for node in postorder(root) if node is not root][:_MOST_NODES]
    for node in (*nodes, root):
        for changed, words in _node_slips(node):
            yield (changed if node is root else substitute(root, {node: changed})), words


def _node_slips(node: Expr) -> Iterator[tuple[Expr, str]]:
    match node:
        case Add(terms, weights):
            for place, weight in enumerate(weights):
                if len(terms) > 1:
                    pairs = [(-w if at == place else w, t) for at, (w, t) in enumerate(zip(weights, terms, strict=True))]
                    yield build.weighted_sum(pairs), f"the sign of {_told(weight, terms[place])} is wrong"
                    rest = [(w, t) for at, (w, t) in enumerate(zip(weights, terms, strict=True)) if at != place]
                    yield build.weighted_sum(rest), f"the term {_told(weight, terms[place])} is missing"
        case Multiply(factors):
            for place, factor in enumerate(factors):
                others = factors[:place] + factors[place + 1 :]
                yield build.multiply(*others), f"the factor {to_text(factor)} is missing"
        case Power(base, Number(value)) if value.denominator == 1 and value not in (1, 2, -1):
            yield build.power(base, build.number(value - 1)), f"the exponent {value} is one too small"
        case Power(base, Number(value)) if value == 2:
            yield base, "a square is missing"
        case Apply("log", (argument,)):
            for whole in _LOG_BASES:
                slipped = build.divide(node, build.apply("log", build.number(whole)))
                yield slipped, f"that takes the logarithm to base {whole}"
            yield argument, "a logarithm is missing"
        case Apply(function, (argument,)):
            yield Apply(function, (build.negate(argument),)), f"that has {function} of the negated argument"
        case _:
            return


def _told(weight: Fraction, term: Expr) -> str:
    return to_text(build.scale(abs(weight), term))

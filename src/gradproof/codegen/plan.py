"""The plan of a program: an expression in the form that is computed best, whatever library computes it.

A rule is sound for all values: what it makes has the value of what it took, up to rounding, and never overflows earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from gradproof.codegen.affine import always_holds
from gradproof.expr.build import ONE, add, apply, multiply, negate, number, power, reduce, scale, sum_over, weighted_sum
from gradproof.expr.node import (
    Add,
    Apply,
    Compare,
    Element,
    Expr,
    Index,
    Iverson,
    Multiply,
    Number,
    Power,
    Reduce,
    TensorEntry,
)
from gradproof.expr.walk import substitute, transform


@dataclass(frozen=True)
class Rule:
    """One way to compute something better: ``apply`` returns the better form, or None."""

    name: str
    law: str
    apply: Callable[[Expr], Expr | None]


def planned(root: Expr) -> Expr:
    """Return an expression in the form that is computed best."""
    return transform(root, _better)


def _better(node: Expr) -> Expr:
    for rule in RULES:
        changed = rule.apply(node)
        if changed is not None:
            return changed
    return node


# Stable forms -----------------------------------------------------------------------------------------------------------


def _square_of_norm(node: Expr) -> Expr | None:
    match node:
        case Power(TensorEntry("norm2" | "normF", bound, body), Number(exponent, None)) if exponent > 0 and exponent % 2 == 0:
            return power(sum_over(bound, power(body, number(2))), number(exponent / 2))
    return None


def _softplus(node: Expr) -> Expr | None:
    match node:
        case Apply("log", (Add((first, second), (Fraction(numerator=1, denominator=1), Fraction(numerator=1, denominator=1))),)):
            for one, other in ((first, second), (second, first)):
                if one is ONE and isinstance(other, Apply) and other.function == "exp":
                    return apply("softplus", *other.arguments)
        case Apply("log1p", (Apply("exp", (argument,)),)):
            return apply("softplus", argument)
        case Apply("log", (Apply("sigma", (argument,)),)):
            return apply("log_sigmoid", argument)
        case Apply("log", (Add((first, second), weights),)):
            for (one, up), (other, down) in permutations(zip((first, second), weights, strict=True)):
                if one is ONE and up == -down == 1 and isinstance(other, Apply) and other.function == "sigma":
                    return apply("log_sigmoid", negate(*other.arguments))
    return None


def _logistic(node: Expr) -> Expr | None:
    """``1 / (1 + e^x)`` is ``sigma(-x)``; ``e^x sigma(-x)`` is ``sigma(x)``, also where e^x is too large."""
    match node:
        case Power(Add((first, second), (one, other)), Number(exponent)) if one == other == 1 and exponent < 0:
            for unit, grown in ((first, second), (second, first)):
                if unit is ONE and isinstance(grown, Apply) and grown.function == "exp" and exponent.denominator == 1:
                    return power(apply("sigma", scale(-1, grown.arguments[0])), number(-exponent))
        case Multiply(factors):
            for grown in factors:
                if isinstance(grown, Apply) and grown.function == "exp":
                    below = apply("sigma", scale(-1, grown.arguments[0]))
                    for factor in factors:
                        count = _times(factor, below)
                        if count:
                            rest = [part for part in factors if part is not grown and part is not factor]
                            return multiply(apply("sigma", grown.arguments[0]), power(below, number(count - 1)), *rest)
    return None


def _times(factor: Expr, base: Expr) -> int:
    """Return how often a factor is a number multiplied by itself, zero where it is something else."""
    match factor:
        case Power(inner, Number(exponent)) if inner is base and exponent.denominator == 1 and exponent > 0:
            return int(exponent)
    return int(factor is base)


def _hyperbolic(node: Expr) -> Expr | None:
    """``log(cosh(x))`` and ``sinh(x) / cosh(x)`` without the cosine, which overflows."""
    match node:
        case Apply("log", (Apply("cosh", (argument,)),)):
            size = apply("abs", argument)
            return add(size, apply("softplus", scale(-2, size)), scale(-1, apply("log", number(2))))
        case Multiply(factors):
            for below in factors:
                match below:
                    case Power(Apply("cosh", (argument,)), Number(exponent)) if exponent == -1:
                        above = apply("sinh", argument)
                        if above in factors:
                            rest = [part for part in factors if part is not above and part is not below]
                            return multiply(apply("tanh", argument), *rest)
    return None


def _log_of_softmax(node: Expr) -> Expr | None:
    match node:
        case Apply("log", (TensorEntry("softmax", bound, body, at),)):
            return TensorEntry("log_softmax", bound, body, at)
        case Apply("log", (Reduce("sum", (index,), Apply("exp", (argument,)), None),)) if not _has_moving_ends(index):
            return TensorEntry("logsumexp", (index,), argument)
    return None


def _softmax(node: Expr) -> Expr | None:
    """``exp(x_p) / sum_i exp(x_i)`` with both powers of e as they stand would overflow."""
    if not isinstance(node, Multiply):
        return None
    for below in node.factors:
        match below:
            case Power(Reduce("sum", (index,), Apply("exp", (argument,)), None), Number(Fraction(numerator=-1, denominator=1))):
                for above in node.factors:
                    place = _place_of(above, index, argument)
                    if place is not None:
                        entry = TensorEntry("softmax", (index,), argument, (place,))
                        return multiply(entry, *(factor for factor in node.factors if factor not in (above, below)))
    return None


def _place_of(above: Expr, index: Index, argument: Expr) -> Index | None:
    """Return the place at which a factor is the power of e that is summed over an index."""
    if not (isinstance(above, Apply) and above.function == "exp") or _has_moving_ends(index):
        return None
    for place in above.free_indices:
        is_same_range = (place.lower, place.upper) == (index.lower, index.upper)
        if is_same_range and substitute(argument, {index: place}) is above.arguments[0]:
            return place
    return None


# Conditions -------------------------------------------------------------------------------------------------------------


def _always_true(node: Expr) -> Expr | None:
    """An index is within its own range: a condition that says no more is none."""
    if not (isinstance(node, Multiply) and any(isinstance(factor, Iverson) for factor in node.factors)):
        return None
    kept = [factor for factor in node.factors if not (isinstance(factor, Iverson) and always_holds(factor.condition))]
    return multiply(*kept) if len(kept) < len(node.factors) else None


# Sums -------------------------------------------------------------------------------------------------------------------


def _out_of_sum(node: Expr) -> Expr | None:
    """Take out of a sum what does not hang on its indices; a strong zero stays strong, for it stays a condition."""
    if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None and isinstance(node.body, Multiply)):
        return None
    if any(_has_moving_ends(index) for index in node.indices):
        return None
    outer = [factor for factor in node.body.factors if not factor.free_indices & set(node.indices)]
    inner = [factor for factor in node.body.factors if factor not in outer]
    # A sum over a condition alone counts; one without a factor left counts its indices.
    if not outer or not inner or all(isinstance(factor, Iverson) for factor in inner):
        return None
    return multiply(*outer, reduce("sum", node.indices, multiply(*inner)))


def _nested_sums(node: Expr) -> Expr | None:
    """``sum_i sum_j f`` is one sum over both."""
    match node:
        case Reduce("sum", outer, Reduce("sum", inner, body, None), None) if not any(map(_has_moving_ends, (*outer, *inner))):
            return reduce("sum", (*outer, *inner), body)
        case Reduce("sum", indices, Add((term,), (weight,)), None):
            return weighted_sum([(weight, reduce("sum", indices, term))])
    return None


def _vector_first(node: Expr) -> Expr | None:
    """``(X'X) v`` is ``X'(X v)``: the sum that leaves the fewest axes goes first."""
    if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None and isinstance(node.body, Multiply)):
        return None
    for inner in node.body.factors:
        if not (
            isinstance(inner, Reduce) and inner.operation == "sum" and inner.where is None and isinstance(inner.body, Multiply)
        ):
            continue
        if any(map(_has_moving_ends, (*node.indices, *inner.indices))) or _has_condition((inner.body, node.body)):
            continue
        around = [factor for factor in node.body.factors if factor is not inner]
        touched = [factor for factor in inner.body.factors if factor.free_indices & set(node.indices)]
        rest = [factor for factor in inner.body.factors if factor not in touched]
        first = reduce("sum", node.indices, multiply(*around, *touched))
        if rest and len(first.free_indices) < len(inner.free_indices):
            return reduce("sum", inner.indices, multiply(*rest, first))
    return None


def _joined_products(node: Expr) -> Expr | None:
    """``X'Y + X'Z`` is ``X'(Y + Z)``: a matrix is read once."""
    if not isinstance(node, Add):
        return None
    pairs = list(zip(node.weights, node.terms, strict=True))
    for place, (weight, term) in enumerate(pairs):
        for later, (other_weight, other) in enumerate(pairs[place + 1 :], start=place + 1):
            joined = _joined(weight, term, other_weight, other)
            if joined is not None:
                rest = [pair for number_, pair in enumerate(pairs) if number_ not in (place, later)]
                return add(_better(weighted_sum(rest)), joined) if rest else joined
    return None


def _joined(weight: Fraction, term: Expr, other_weight: Fraction, other: Expr) -> Expr | None:
    match term, other:
        case Reduce("sum", (index,), Multiply(factors), None), Reduce("sum", (second,), body, None):
            if (index.lower, index.upper) != (second.lower, second.upper) or _has_moving_ends(index):
                return None
            moved = substitute(body, {second: index})
            others = moved.factors if isinstance(moved, Multiply) else (moved,)
            common = [f for f in factors if f in others and _is_matrix(f) and index in f.free_indices]
            if not common:
                return None
            shared = common[0]
            one = multiply(*(f for f in factors if f is not shared))
            two = multiply(*(f for f in others if f is not shared))
            if one.free_indices != two.free_indices or index not in one.free_indices or _has_condition((one, two)):
                return None
            return reduce("sum", (index,), multiply(shared, weighted_sum([(weight, one), (other_weight, two)])))
    return None


def _is_matrix(node: Expr) -> bool:
    return isinstance(node, Element) and len(node.free_indices) >= 2


def _has_condition(parts: Sequence[Expr]) -> bool:
    return any(
        isinstance(factor, Iverson | Compare)
        for part in parts
        for factor in (part.factors if isinstance(part, Multiply) else (part,))
    )


def _has_moving_ends(index: Index) -> bool:
    return bool(index.lower.free_indices or index.upper.free_indices)


RULES = (
    Rule("a squared norm is a sum of squares", "norm2(x)^2 = sum_i x_i^2", _square_of_norm),
    Rule("softplus", "log(1 + exp(x)) = softplus(x), log(sigma(x)) = log_sigmoid(x) = log(1 - sigma(-x))", _softplus),
    Rule("logistic function", "1/(1 + exp(x)) = sigma(-x), exp(x) sigma(-x) = sigma(x)", _logistic),
    Rule("hyperbolic cosine", "log(cosh(x)) = |x| + softplus(-2 |x|) - log(2), sinh(x)/cosh(x) = tanh(x)", _hyperbolic),
    Rule("log of softmax", "log(softmax(x)) = log_softmax(x), log(sum_i exp(x_i)) = logsumexp(x)", _log_of_softmax),
    Rule("softmax", "exp(x_p) / sum_i exp(x_i) = softmax(x)_p", _softmax),
    Rule("conditions that always hold", "[1 <= i <= n] = 1 for i = 1..n", _always_true),
    Rule("nested sums", "sum_i sum_j f = sum_ij f", _nested_sums),
    Rule("what a sum does not touch", "sum_i a f_i = a sum_i f_i", _out_of_sum),
    Rule("the vector first", "(X'X) v = X'(X v)", _vector_first),
    Rule("products with one matrix", "X'Y + X'Z = X'(Y + Z)", _joined_products),
)

"""What an expression says of its sign by its form alone: nothing that a user promises of data is trusted here."""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import ONE
from gradproof.expr.node import Add, Apply, Expr, Iverson, Multiply, Number, Power, Reduce, TensorEntry

_FUNCTIONS = frozenset({"exp", "sigma", "softplus", "abs", "relu", "relu6", "step", "cosh", "sech"})
_OF_AXES = frozenset({"softmax", "norm1", "norm2", "norminf", "normF", "spectral_norm", "nuclear_norm"})


def is_nonnegative(node: Expr) -> bool:
    """Tell whether an expression is at least zero for all values, as its form shows."""
    pending = [node]
    while pending:
        match pending.pop():
            case Number(value) if value >= 0:
                pass
            case Apply(function) if function in _FUNCTIONS:
                pass
            case TensorEntry(function) if function in _OF_AXES:
                pass
            case Iverson():
                pass
            case Power(_, Number(value)) if value.denominator == 1 and value % 2 == 0:
                pass
            case Power(base, Number()):
                pending.append(base)
            case Multiply(factors):
                pending += factors
            case Reduce("sum" | "prod" | "max" | "min", _, body):
                pending.append(body)
            case Add(terms, weights) if all(weight >= 0 for weight in weights):
                pending += terms
            case Add() as rest if _is_rest_of_sigma(rest):
                pass
            case _:
                return False
    return True


def _is_rest_of_sigma(node: Add) -> bool:
    """Tell whether a sum is ``1 - sigma(x)``."""
    pairs = dict(zip(node.terms, node.weights, strict=True))
    others = [term for term in node.terms if term is not ONE]
    return (
        pairs.get(ONE) == 1
        and len(others) == 1
        and pairs[others[0]] == Fraction(-1)
        and isinstance(others[0], Apply)
        and others[0].function == "sigma"
    )

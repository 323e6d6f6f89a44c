"""What the catalogue knows of a function: everything, in one value, declared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradproof.expr.node import Expr, TensorEntry

#: Partial derivative by argument ``k``, as an expression in the arguments.
Partial = Callable[[tuple[Expr, ...], int], Expr]
#: An entry of the Jacobian: d (entry of the function) / d (the argument's entry at the given indices).
Jacobian = Callable[[TensorEntry, tuple[Expr, ...]], Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """An elementwise function of scalar arguments.

    ``text`` and ``latex`` are the spellings that the readers know, the first is the one that is printed (``latex`` as it
    stands in a formula: ``\\sin``, ``\\operatorname{erf}``). ``expansion`` writes the function in more primitive
    ones; proofs use it, printing and derivatives do not. ``exact`` returns None where the value is not rational,
    ``ball`` raises ``DomainError`` or returns a non-finite ball outside the domain. ``domain`` says in words what each argument must satisfy
    ('' for all reals, 'positive', 'nonnegative', 'between -1 and 1', 'nonzero'). ``kink`` says where the function is not
    differentiable and which subgradient is taken. ``analytic`` says that ``ball`` takes complex balls too and that the
    function is meromorphic there.
    """

    name: str
    text: tuple[str, ...]
    latex: tuple[str, ...]
    arity: int
    partial: Partial
    array: Callable[..., Any]
    ball: Callable[..., arb]
    source: str
    exact: Callable[..., fmpq | None] | None = None
    expansion: Callable[[tuple[Expr, ...]], Expr] | None = None
    domain: tuple[str, ...] = ()
    kink: str = ""
    is_odd: bool = False
    is_even: bool = False
    analytic: bool = False


@dataclass(frozen=True, slots=True)
class TensorFunction:
    """A function of a whole vector or matrix: softmax, logsumexp, a norm, the inverse, the determinant.

    ``rank`` is the number of axes that it takes; ``output`` is 'scalar', 'place' (a scalar that counts from the lower limit
    of the index, here from 1), 'same' (an entry for each entry of the argument) or 'transposed' (its axes are the
    argument's in reverse, as those of the inverse). ``array`` takes a float array whose last ``rank``
    axes are the argument's and returns the value with the axes of the output last. ``exact`` and ``ball`` take a
    flat row-major list and its shape, and return a flat list (``exact``: None where not rational).
    """

    name: str
    text: tuple[str, ...]
    latex: tuple[str, ...]
    rank: int
    output: str
    jacobian: Jacobian
    array: Callable[[Any], Any]
    ball: Callable[[Sequence[arb], tuple[int, ...]], list[arb]]
    source: str
    exact: Callable[[Sequence[fmpq], tuple[int, ...]], list[fmpq] | None] | None = None
    expansion: Callable[[TensorEntry], Expr] | None = None
    domain: str = ""
    kink: str = ""


def method(name: str) -> Callable[..., Any]:
    """Return the function that calls a method of a ball: real and complex balls share their names."""
    return methodcaller(name)


def by_entry(function: Callable[..., float]) -> Callable[..., Any]:
    """Return a scalar float function for arrays, nan where it has no value."""

    def guarded(*values: float) -> float:
        try:
            return float(function(*(float(value) for value in values)))
        except OverflowError:
            return float("inf")
        except (ValueError, ZeroDivisionError):
            return float("nan")

    def array(*values: Any) -> Any:
        return np.asarray(np.frompyfunc(guarded, len(values), 1)(*values), dtype=float)

    return array


def at_zero(value: int | fmpq) -> Callable[..., fmpq | None]:
    """Return the exact evaluation of a function that is rational at 0 alone, as far as anyone cares."""

    def exact(x: fmpq) -> fmpq | None:
        return fmpq(value) if x == 0 else None

    return exact


def no_partial(name: str) -> Partial:
    """Return the rule of a function that has no derivative in the catalogue."""

    def partial(_: tuple[Expr, ...], __: int) -> Expr:
        raise NotImplementedError(f"{name} has no derivative in the catalogue")

    return partial

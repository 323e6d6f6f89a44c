"""Sums over entries that the catalogue knows, recognised by their values: however the formula is written, up to a tilt and a constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.errors import DomainError
from gradproof.objective.parameters import Names
from gradproof.prox.function import AbstractFunction

Array = npt.NDArray[np.floating[Any]]
_TOLERANCE = 1e-8
_LARGEST_SIZE = 10.0


def separable_match(value: Callable[[Array], float], shape: tuple[int, ...], names: Names) -> AbstractFunction | None:
    """Return the function of the catalogue that has the values of another one, None where there is none.

    Formula: value(x) = weight f(d (x - b)) + <a, x> + constant, with f of the catalogue, and d, b, a and its parameters named in ``names``
    """
    points = _points(shape, value)
    if points is None:
        return None
    values = np.array([value(point) for point in points])
    if not _is_separable(value, points):
        return None
    size = int(np.prod(shape))
    linear = {text: entries.reshape(shape) for text, entries in names.entries(size).items() if text.isidentifier()}
    columns = [[float(np.sum(point)), 1.0, *(float(np.sum(e * point)) for e in linear.values())] for point in points]
    rest = np.array(columns)
    if _fits(rest, values) is not None:
        return None
    second_best: AbstractFunction | None = None
    for function in _candidates(shape, names):
        with np.errstate(all="ignore"):
            known = np.array([function.value(point) for point in points])
        if not np.isfinite(known).all():
            continue
        found = _fits(np.column_stack([known, rest]), values)
        if found is not None and found[0] > _TOLERANCE:
            match = _assembled(function, found, list(linear.values()), names)
            # MCP and SCAD come in several scalings, and the one without a factor is the usual one; so is one without a linear part.
            if not (isinstance(match, prox.Tilt) or (isinstance(match, prox.Scale) and _is_of_several_scalings(match))):
                return match
            second_best = second_best or match
    return second_best


def whole_match(value: Callable[[Array], float], shape: tuple[int, ...], names: Names) -> AbstractFunction | None:
    """Return the smooth maximum or the log-determinant with a linear part that a function is by its values, None where it is another one.

    Formula: value(x) = weight f(x) + <a, x> + constant, with a named in ``names``
    """
    source = np.random.default_rng(7)
    drawn = [source.standard_normal(shape) for _ in range(32)]
    function: AbstractFunction
    whole: Array
    if len(shape) == 1:
        function, points, whole = prox.LogSumExp(), [3 * point for point in drawn], np.ones(shape)
    elif len(shape) == 2 and shape[0] == shape[1]:
        function, points, whole = (
            prox.LogDeterminant(),
            [0.1 * np.eye(shape[0]) + point @ point.T for point in drawn],
            np.eye(shape[0]),
        )
    else:
        return None
    with np.errstate(all="ignore"):
        values = np.array([value(point) for point in points])
    if not np.isfinite(values).all():
        return None
    named = [entries.reshape(shape) for text, entries in names.entries(int(np.prod(shape))).items() if text.isidentifier()]
    columns = [
        [function.value(x), float(np.sum(whole * x)), 1.0, *(float(np.sum(entries * x)) for entries in named)] for x in points
    ]
    found = _fits(np.array(columns), values)
    return _assembled(function, found, named, names, whole) if found is not None and found[0] > _TOLERANCE else None


def _is_separable(value: Callable[[Array], float], points: list[Array]) -> bool:
    """Tell whether a function is a sum over entries: then two points may exchange some of them."""
    first, second, *_ = points
    mask = np.arange(first.size).reshape(first.shape) % 2 == 0
    apart = value(first) + value(second)
    mixed = value(np.where(mask, first, second)) + value(np.where(mask, second, first))
    return bool(np.isclose(apart, mixed, rtol=_TOLERANCE, atol=_TOLERANCE))


def _is_of_several_scalings(function: AbstractFunction) -> bool:
    while isinstance(inner := getattr(function, "f", None), AbstractFunction):
        function = inner
    return isinstance(function, prox.MCP | prox.SCAD)


def _fits(columns: Array, values: Array) -> Array | None:
    """Return the coefficients of the columns that make the values, None where none do or several would."""
    scale = np.abs(columns).max(axis=0)
    if not (scale > 0).all():
        return None
    found, _, rank, _ = np.linalg.lstsq(columns / scale, values, rcond=1e-12)
    left = np.abs(columns / scale @ found - values).max()
    return found / scale if rank == columns.shape[1] and left <= _TOLERANCE * max(1.0, float(np.abs(values).max())) else None


def _assembled(
    function: AbstractFunction, found: Array, linear: list[Array], names: Names, whole: Array | None = None
) -> AbstractFunction:
    weight, slope, _, *others = (names.snapped(float(part)) for part in found)
    tilt: Any = slope if whole is None or np.ndim(whole) == 1 else slope * whole
    for part, entries in zip(others, linear, strict=True):
        tilt = tilt + part * entries if part else tilt
    if weight != 1:
        function = prox.Scale(function, weight)
    return prox.Tilt(function, tilt) if np.any(tilt) else function


def _points(shape: tuple[int, ...], value: Callable[[Array], float]) -> list[Array] | None:
    """Return points of many sizes in the domain: of both signs if it has them."""
    source = np.random.default_rng(7)
    for sign in (None, 1.0):
        sizes = [_LARGEST_SIZE ** source.uniform(-1, 1, shape) for _ in range(32)]
        points = [size * (source.choice((-1.0, 1.0), shape) if sign is None else sign) for size in sizes]
        with np.errstate(all="ignore"):
            if all(np.isfinite(value(point)) for point in points):
                return points
    return None


def _candidates(shape: tuple[int, ...], names: Names) -> Iterator[AbstractFunction]:
    entries = {text: value.reshape(shape) for text, value in names.entries(int(np.prod(shape))).items()}
    data = {text: value for text, value in entries.items() if text.isidentifier()}
    shifts: list[Any] = [0.0, *data.values(), *_simple(names)]
    factors: list[Any] = [1.0, -1.0, *data.values(), *(-value for value in data.values())]
    for base in _bases(names, list(data.values())):
        is_even = isinstance(base, prox.MCP | prox.SCAD)
        for factor, shift in [(1.0, 0.0)] if is_even else product(factors, shifts):
            function = base
            if np.any(np.asarray(factor) != 1):
                function = prox.PrecomposeDiagonal(function, factor)
            if np.any(shift):
                function = prox.Translate(function, shift)
            yield function


def _simple(names: Names) -> list[float]:
    """Return the numbers that the formula itself is written with, and a few that people take."""
    known = names.scalars()
    return list(dict.fromkeys(value for text, value in known.items() if text.isidentifier() or text.replace("/", "").isdigit()))


def _bases(names: Names, data: list[Array]) -> Iterator[AbstractFunction]:
    """Yield the functions with the parameters that the formula names."""
    yield from (
        prox.Logistic(1.0),
        prox.Hinge(1.0),
        prox.SquaredHinge(1.0),
        prox.Poisson(1.0),
        prox.L1(1.0),
        prox.Entropy(),
        prox.LogBarrier(),
    )
    numbers = _simple(names)
    makers: list[Callable[[float], AbstractFunction]] = [
        prox.Huber,
        lambda epsilon: prox.LogSum(1.0, epsilon),
        lambda power: prox.RootPower(1.0, power),
        prox.Quantile,
    ]
    for make, number in product(makers, numbers):
        yield from _made(make, number)
    for counts in data:
        yield from _made(prox.Poisson, counts)
    for kind, (first, second) in product((prox.MCP, prox.SCAD), product(numbers, numbers)):
        yield from _made(kind, first, second)


def _made(make: Callable[..., AbstractFunction], *told: Any) -> Iterator[AbstractFunction]:
    """Yield a function, nothing where its parameters are out of its range."""
    try:
        yield make(*told)
    except DomainError:
        return

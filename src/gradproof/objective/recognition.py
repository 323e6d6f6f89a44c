"""The function of the catalogue that an objective is, all of it: what its proximal operator is computed by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gradproof import prox
from gradproof.errors import UnsupportedError
from gradproof.expr.build import ZERO
from gradproof.objective.degree import degree
from gradproof.objective.parameters import Names
from gradproof.objective.penalties import Penalty, penalties_of
from gradproof.objective.program import compiled
from gradproof.objective.smooth import Smooth
from gradproof.objective.split import split
from gradproof.objective.statement import Statement
from gradproof.objective.templates import separable_match, whole_match

Array = npt.NDArray[np.floating[Any]]
_TOLERANCE = 1e-10


def function_of(statement: Statement, names: Names) -> Penalty | None:
    """Return the one function that an objective with its constraints is, up to a constant, and the shape in which it takes the variable.

    Returns:  None where the catalogue has none.  Raises: Infeasible, DomainError: the data allows no such function.
    """
    (symbol,) = statement.variables
    shape = statement.shapes[symbol.name]
    if not statement.conditions:
        whole = compiled(statement.formula.value)

        def value(point: Array) -> float:
            return float(whole({**statement.values, symbol.name: point}))

        function = separable_match(value, shape, names) or whole_match(value, shape, names)
        if function is not None:
            return Penalty(function, shape)
    parts = split(statement)
    if parts.nonlinear or parts.kinked:
        return None
    try:
        penalties = penalties_of(statement, parts.pieces)
    except UnsupportedError:
        return None
    if penalties.mapped:
        return None
    own = penalties.own.get(symbol)
    return _with_smooth(own, statement, Smooth(statement, parts.whole_smooth)) if parts.whole_smooth is not ZERO else own


def _with_smooth(own: Penalty | None, statement: Statement, smooth: Smooth) -> Penalty | None:
    """Add a linear part, or a multiple of the square of the norm; a quadratic alone is one of its own."""
    (symbol,) = statement.variables
    power = degree(smooth.body, (symbol,))
    if power > 2:
        return None
    size, shape = statement.size, statement.shapes[symbol.name]
    slope = smooth(np.zeros(size))[1]
    if power == 1:
        function = own.function if own is not None else prox.L1(0.0)
        taken = own.shape if own is not None else shape
        return Penalty(prox.Tilt(function, slope.reshape(taken)), taken)
    hessian = np.array([smooth(row)[1] - slope for row in np.eye(size)])
    hessian = (hessian + hessian.T) / 2
    if own is None:
        return Penalty(prox.Quadratic(hessian, slope), (size,))
    rho = float(hessian[0, 0])
    if rho <= 0 or np.abs(hessian - rho * np.eye(size)).max() > _TOLERANCE * rho:
        return None
    center = -slope.reshape(own.shape) / rho
    return Penalty(prox.PlusQuadratic(own.function, rho, center), own.shape)

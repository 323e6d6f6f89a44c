"""Compiled values and derivatives of the logistic loss of all samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

#: A product of so many factors between 1 and 2 does not overflow.
_FACTORS = 512


@njit(cache=True, fastmath={"reassoc", "contract", "nsz"})
def measure_margins(labels: Any, margin: Any, small: Any, residual: Any) -> float:
    """Return sum_i log(1 + exp(-y_i m_i)) and write minus its gradient in m, y_i / (1 + exp(y_i m_i)).

    ``small`` is exp(-|m|). log(1 + exp(-y m)) = max(-y m, 0) + log(1 + small), and the logarithms of many factors are one of their
    product, which loses no more than a sum does.
    """
    n, loss = margin.size, 0.0
    for first in range(0, n, _FACTORS):
        product, linear = 1.0, 0.0
        for i in range(first, min(first + _FACTORS, n)):
            along, factor = labels[i] * margin[i], 1.0 + small[i]
            product *= factor
            linear += max(-along, 0.0)
            residual[i] = labels[i] * (small[i] if along > 0.0 else 1.0) / factor
        loss += linear + np.log(product)
    return loss

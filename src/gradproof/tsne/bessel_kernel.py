"""The kernel of the low-dimensional similarities and its Fourier transform, in any dimension and for any degrees of freedom.

Student's kernel with dof degrees of freedom is K(r) = (1 + r^2 / dof)^-a with a = (dof + 1) / 2. In d dimensions, with x = sqrt(dof) k,
its transform is a Bessel potential (Abramowitz and Stegun 1972, 9.6.25; Stein 1970, V.3):

    Khat(k) = dof^(d/2) 2 pi^(d/2) / Gamma(a) (x / 2)^(a - d/2) K_(a - d/2)(x),

K_v being the modified Bessel function. For dof = 1 this is pi exp(-k), 2 pi K_0(k), 2 pi^2 exp(-k) / k in one, two, three dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, kve

Array = npt.NDArray[np.floating[Any]]


#: Beyond it the transform is nothing in double precision, whatever the order.
_DEAD = 1500.0


def kernel_less_one(squares: Array, dof: float) -> Array:
    """Return K - 1 at squared distances, to full precision however small they are."""
    return np.asarray(np.expm1(-(dof + 1) / 2 * np.log1p(squares / dof)))


def kernel_transform(frequencies: Array, dof: float, dimensions: int) -> Array:
    """Return Khat at frequencies k > 0; the value is zero where it would underflow."""
    order = (dof + 1) / 2 - dimensions / 2
    x = np.sqrt(dof) * np.asarray(frequencies, dtype=np.float64)
    constant = dimensions / 2 * np.log(np.pi * dof) + np.log(2) - gammaln((dof + 1) / 2)
    value: npt.NDArray[np.float64] = np.zeros_like(x)
    felt = x < _DEAD
    x = x[felt]
    value[felt] = np.exp(constant + order * np.log(x / 2) + np.log(kve(order, x)) - x)
    return value

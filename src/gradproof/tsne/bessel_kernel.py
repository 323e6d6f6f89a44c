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


def kernel(squares: Array, dof: float) -> Array:
    """Return K at squared distances."""
    return np.asarray((1 + squares / dof) ** (-(dof + 1) / 2))


def kernel_transform(frequencies: Array, dof: float, dimensions: int) -> Array:
    """Return Khat at frequencies k > 0; the value underflows to zero where it has to."""
    order = (dof + 1) / 2 - dimensions / 2
    x = np.sqrt(dof) * np.asarray(frequencies, dtype=np.float64)
    constant = dimensions / 2 * np.log(np.pi * dof) + np.log(2) - gammaln((dof + 1) / 2)
    with np.errstate(under="ignore", over="ignore", divide="ignore"):
        return np.asarray(np.exp(constant + order * np.log(x / 2) + np.log(kve(order, x)) - x))

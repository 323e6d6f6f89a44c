"""Compiled Fourier transforms of sixteen columns at once, by Stockham's method with the factors 2, 3, 4 and 5.

A column's complex number e lies at 32 e: sixteen real parts, one for each column, then sixteen imaginary ones. One pass with factor r
takes columns of s interleaved transforms of length n = r m to r s interleaved ones of length m:

    y[q + s (r p + k)] = exp(-2 pi i p k / n) sum_l exp(-2 pi i k l / r) x[q + s (p + l m)],   p < m, q < s, k < r.

With real and imaginary parts exchanged in what is read and written the same passes give the inverse transform, times its length.

Source: Van Loan 1992, section 1.7 (the Stockham framework); the small transforms are Winograd's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from gradproof.tsne.lanes import WIDTH, load, splat, store

Array = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]

#: Numbers of an array that one complex number of all the columns takes.
STRIDE = 2 * WIDTH
_SIN_3 = np.float32(np.sqrt(3) / 2)
_COS_5A, _COS_5B = np.float32(np.cos(2 * np.pi / 5)), np.float32(np.cos(4 * np.pi / 5))
_SIN_5A, _SIN_5B = np.float32(np.sin(2 * np.pi / 5)), np.float32(np.sin(4 * np.pi / 5))


@njit(cache=True, nogil=True)
def _put(y: Array, place: int, real: int, twiddles: Array, at: int, re: Any, im: Any) -> None:
    """Store the product of a number with the twiddle at 2 at."""
    wr, wi = splat(twiddles[2 * at]), splat(twiddles[2 * at + 1])
    store(y, place + real, re * wr - im * wi)
    store(y, place + WIDTH - real, re * wi + im * wr)


@njit(cache=True, nogil=True)
def _pass_2(x: Array, y: Array, m: int, s: int, real: int, twiddles: Array) -> None:
    imag = WIDTH - real
    for p in range(m):
        for q in range(s):
            i, o = (q + s * p) * STRIDE, (q + s * 2 * p) * STRIDE
            ar, ai, i = load(x, i + real), load(x, i + imag), i + m * s * STRIDE
            br, bi = load(x, i + real), load(x, i + imag)
            store(y, o + real, ar + br)
            store(y, o + imag, ai + bi)
            _put(y, o + s * STRIDE, real, twiddles, p, ar - br, ai - bi)


@njit(cache=True, nogil=True)
def _pass_3(x: Array, y: Array, m: int, s: int, real: int, twiddles: Array) -> None:
    imag, step = WIDTH - real, m * s * STRIDE
    half, sine = splat(np.float32(0.5)), splat(_SIN_3)
    for p in range(m):
        for q in range(s):
            i, o = (q + s * p) * STRIDE, (q + s * 3 * p) * STRIDE
            ar, ai = load(x, i + real), load(x, i + imag)
            br, bi = load(x, i + step + real), load(x, i + step + imag)
            cr, ci = load(x, i + 2 * step + real), load(x, i + 2 * step + imag)
            tr, ti = br + cr, bi + ci
            store(y, o + real, ar + tr)
            store(y, o + imag, ai + ti)
            mr, mi = ar - half * tr, ai - half * ti
            dr, di = sine * (br - cr), sine * (bi - ci)
            _put(y, o + s * STRIDE, real, twiddles, 2 * p, mr + di, mi - dr)
            _put(y, o + 2 * s * STRIDE, real, twiddles, 2 * p + 1, mr - di, mi + dr)


@njit(cache=True, nogil=True)
def _pass_4(x: Array, y: Array, m: int, s: int, real: int, twiddles: Array) -> None:
    imag, step = WIDTH - real, m * s * STRIDE
    for p in range(m):
        for q in range(s):
            i, o = (q + s * p) * STRIDE, (q + s * 4 * p) * STRIDE
            ar, ai = load(x, i + real), load(x, i + imag)
            br, bi = load(x, i + step + real), load(x, i + step + imag)
            cr, ci = load(x, i + 2 * step + real), load(x, i + 2 * step + imag)
            dr, di = load(x, i + 3 * step + real), load(x, i + 3 * step + imag)
            er, ei, fr, fi = ar + cr, ai + ci, ar - cr, ai - ci
            gr, gi, hr, hi = br + dr, bi + di, br - dr, bi - di
            store(y, o + real, er + gr)
            store(y, o + imag, ei + gi)
            _put(y, o + s * STRIDE, real, twiddles, 3 * p, fr + hi, fi - hr)
            _put(y, o + 2 * s * STRIDE, real, twiddles, 3 * p + 1, er - gr, ei - gi)
            _put(y, o + 3 * s * STRIDE, real, twiddles, 3 * p + 2, fr - hi, fi + hr)


@njit(cache=True, nogil=True)
def _pass_5(x: Array, y: Array, m: int, s: int, real: int, twiddles: Array) -> None:
    imag, step = WIDTH - real, m * s * STRIDE
    c1, c2, s1, s2 = splat(_COS_5A), splat(_COS_5B), splat(_SIN_5A), splat(_SIN_5B)
    for p in range(m):
        for q in range(s):
            i, o = (q + s * p) * STRIDE, (q + s * 5 * p) * STRIDE
            ar, ai = load(x, i + real), load(x, i + imag)
            br, bi = load(x, i + step + real), load(x, i + step + imag)
            cr, ci = load(x, i + 2 * step + real), load(x, i + 2 * step + imag)
            dr, di = load(x, i + 3 * step + real), load(x, i + 3 * step + imag)
            er, ei = load(x, i + 4 * step + real), load(x, i + 4 * step + imag)
            fr, fi, gr, gi = br + er, bi + ei, br - er, bi - ei
            hr, hi, kr, ki = cr + dr, ci + di, cr - dr, ci - di
            store(y, o + real, ar + fr + hr)
            store(y, o + imag, ai + fi + hi)
            ur, ui = ar + c1 * fr + c2 * hr, ai + c1 * fi + c2 * hi
            vr, vi = ar + c2 * fr + c1 * hr, ai + c2 * fi + c1 * hi
            mr, mi = s1 * gr + s2 * kr, s1 * gi + s2 * ki
            nr, ni = s2 * gr - s1 * kr, s2 * gi - s1 * ki
            _put(y, o + s * STRIDE, real, twiddles, 4 * p, ur + mi, ui - mr)
            _put(y, o + 2 * s * STRIDE, real, twiddles, 4 * p + 1, vr + ni, vi - nr)
            _put(y, o + 3 * s * STRIDE, real, twiddles, 4 * p + 2, vr - ni, vi + nr)
            _put(y, o + 4 * s * STRIDE, real, twiddles, 4 * p + 3, ur - mi, ui + mr)


@njit(cache=True, nogil=True)
def transform(x: Array, y: Array, factors: Integers, twiddles: Array, is_inverse: bool) -> tuple[Array, Array]:
    """Transform the columns in x, with y to work in. Returns: both arrays, that with the result first."""
    real = WIDTH if is_inverse else 0
    n, s, at = x.size // STRIDE, 1, 0
    for factor in factors:
        m = n // factor
        own = twiddles[at : at + 2 * m * (factor - 1)]
        if factor == 2:
            _pass_2(x, y, m, s, real, own)
        elif factor == 3:
            _pass_3(x, y, m, s, real, own)
        elif factor == 4:
            _pass_4(x, y, m, s, real, own)
        else:
            _pass_5(x, y, m, s, real, own)
        at += own.size
        n, s = m, s * factor
        x, y = y, x
    return x, y

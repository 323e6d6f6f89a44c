"""Transforms and convolutions of our own agree with SciPy's, at every kind of length and shape."""

import numpy as np
import pytest
from scipy import fft

from gradproof.tsne.convolution import GeneralConvolution, PlaneConvolution, plan_transform
from gradproof.tsne.lanes import WIDTH
from gradproof.tsne.spectrum import build_spectrum
from gradproof.tsne.threads import Team
from gradproof.tsne.transform_loops import transform


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 8, 30, 32, 50, 81, 125, 240, 256, 1250, 1296])
def test_transform(length):
    random = np.random.default_rng(length)
    columns = random.standard_normal((length, WIDTH)) + 1j * random.standard_normal((length, WIDTH))
    factors, twiddles = plan_transform(length)
    for is_inverse, expected in ((False, fft.fft(columns, axis=0)), (True, length * fft.ifft(columns, axis=0))):
        given = np.stack([columns.real, columns.imag], axis=1).astype(np.float32).ravel()
        found = transform(given, np.empty_like(given), factors, twiddles, is_inverse)[0].reshape(length, 2, WIDTH)
        np.testing.assert_allclose(found[:, 0] + 1j * found[:, 1], expected, atol=3e-6 * np.sqrt(length))


def test_a_length_without_a_plan():
    with pytest.raises(ValueError, match="factors 2, 3 and 5"):
        plan_transform(14)


@pytest.mark.parametrize("nodes", [(16, 16), (16, 90), (75, 32), (33 * 3 + 1, 45), (128, 150)])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_plane_convolution(nodes, threads):
    with Team(threads) as team:
        spectrum = build_spectrum(nodes, 0.4, 1.0, np.float32, team)
        plane, general = PlaneConvolution(nodes, team), GeneralConvolution(nodes, np.float32, team)
        charges = np.random.default_rng(1).exponential(size=(threads, *nodes)).astype(np.float32)
        plane.grids[:, :, : nodes[1]] = charges
        general.grids[:] = charges
        expected, energy = general.convolve(general.lay_out(spectrum.influence))
        found, own_energy = plane.convolve(plane.lay_out(spectrum.influence))
    assert np.abs(found[:, : nodes[1]] - expected).max() < 2e-6 * np.abs(expected).max()
    assert own_energy == pytest.approx(energy, rel=1e-5)

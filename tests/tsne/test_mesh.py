"""The mesh agrees with the sum over all pairs, at every spacing, in every dimension, for every kernel."""

import numpy as np
import pytest

from gradproof.tsne.bessel_kernel import kernel_less_one, kernel_transform
from gradproof.tsne.mesh import Mesh
from gradproof.tsne.repulsion import ExactRepulsion
from gradproof.tsne.threads import Team

# The error of the force that the page on t-SNE states, relative to its root mean square: by spacing, at one degree of freedom.
STATED = {0.5: 3e-2, 0.4: 1.5e-2, 1 / 3: 8e-3, 0.25: 3e-3}


def naive(points, dof):
    """The definition, in double precision."""
    differences = points[:, None] - points[None]
    squares = (differences**2).sum(axis=-1)
    normalizer = ((1 + squares / dof) ** (-(dof + 1) / 2)).sum() - len(points)
    weights = (1 + squares / dof) ** (-(dof + 3) / 2) * (dof + 1) / dof
    return normalizer, -(weights[..., None] * differences).sum(axis=1) / (2 * normalizer)


def kernel(squares, dof):
    return 1 + kernel_less_one(np.asarray(squares), dof)


def cloud(n, dimensions, extent, seed=0, dtype=np.float32):
    """Clusters of points over a map of the extent, as embeddings look."""
    random = np.random.default_rng(seed)
    centers = random.uniform(-extent / 2, extent / 2, (8, dimensions))
    return (centers[random.integers(0, 8, n)] + extent / 12 * random.standard_normal((n, dimensions))).astype(dtype)


def relative_error(forces, truth):
    return np.sqrt(((forces - truth) ** 2).sum() / (truth**2).sum())


@pytest.mark.parametrize("spacing", STATED)
@pytest.mark.parametrize("dimensions", [1, 2])
def test_stated_error_at_each_spacing(spacing, dimensions, team):
    points = cloud(1500, dimensions, 60)
    normalizer, truth = naive(points.astype(float), 1.0)
    forces = np.empty_like(points)
    found = Mesh(dimensions, 1.0, spacing, team).repulsion(points, forces)
    assert relative_error(forces, truth) < STATED[spacing]
    assert found == pytest.approx(normalizer, rel=3e-5)


@pytest.mark.parametrize("dof", [0.3, 0.5, 2.0, 10.0, 100.0])
@pytest.mark.parametrize("dimensions", [1, 2])
def test_other_kernels(dof, dimensions, team):
    points = cloud(1000, dimensions, 40)
    normalizer, truth = naive(points.astype(float), dof)
    forces = np.empty_like(points)
    found = Mesh(dimensions, dof, 1 / 3, team).repulsion(points, forces)
    assert relative_error(forces, truth) < 1e-2
    assert found == pytest.approx(normalizer, rel=1e-4)


@pytest.mark.parametrize("dof", [0.5, 1.0, 3.0])
def test_three_dimensions(dof, team):
    points = cloud(800, 3, 20)
    normalizer, truth = naive(points.astype(float), dof)
    forces = np.empty_like(points)
    found = Mesh(3, dof, 1 / 3, team).repulsion(points, forces)
    assert relative_error(forces, truth) < 2e-2
    assert found == pytest.approx(normalizer, rel=1e-4)


@pytest.mark.parametrize("extent", [1e-6, 1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_small_maps(extent, dimensions, team):
    points = cloud(500, dimensions, extent)
    normalizer, truth = naive(points.astype(float), 1.0)
    forces = np.empty_like(points)
    found = Mesh(dimensions, 1.0, 1 / 3, team).repulsion(points, forces)
    assert relative_error(forces, truth) < 1e-3
    assert found == pytest.approx(normalizer, rel=1e-6)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_the_force_is_the_exact_gradient_of_the_mesh_energy(dimensions, team):
    points = cloud(60, dimensions, 25, dtype=np.float64)
    # Two points that stay hold the bounds of the map, and with them the mesh.
    points[0], points[1] = -20, 20
    mesh = Mesh(dimensions, 1.0, 0.5, team)
    forces = np.empty_like(points)
    normalizer = mesh.repulsion(points, forces)
    random = np.random.default_rng(3)
    direction = random.standard_normal(points.shape)
    direction[:2] = 0
    step = 1e-5
    ahead, behind = (mesh.repulsion(points + sign * step * direction, np.empty_like(points)) for sign in (1, -1))
    slope = (ahead - behind) / (2 * step) / (4 * normalizer)
    assert slope == pytest.approx(float((forces * direction).sum()), rel=1e-6)


def test_equal_points_and_one_place(team):
    points = np.ones((200, 2), dtype=np.float32)
    forces = np.empty_like(points)
    found = Mesh(2, 1.0, 1 / 3, team).repulsion(points, forces)
    assert found == pytest.approx(200 * 199, rel=1e-5)
    assert np.isfinite(forces).all()


def test_a_map_that_is_torn_apart_coarsens_the_mesh(team):
    points = cloud(300, 2, 50)
    points[150:] += np.float32(1e6)
    forces = np.empty_like(points)
    found = Mesh(2, 1.0, 1 / 3, team).repulsion(points, forces)
    assert np.isfinite(forces).all()
    assert found > 0


@pytest.mark.parametrize("dof", [0.5, 1.0, 2.0])
def test_exact_repulsion_is_the_definition(dof, team):
    points = cloud(300, 2, 30, dtype=np.float64)
    normalizer, truth = naive(points, dof)
    forces = np.empty_like(points)
    assert ExactRepulsion(dof, team).repulsion(points, forces) == pytest.approx(normalizer, rel=1e-10)
    np.testing.assert_allclose(forces, truth, atol=1e-12)


def test_threads_change_nothing_but_rounding():
    points = cloud(2000, 2, 50)
    found = []
    for threads in (1, 2, 3):
        with Team(threads) as some:
            forces = np.empty_like(points)
            found.append((Mesh(2, 1.0, 1 / 3, some).repulsion(points, forces), forces))
    for normalizer, forces in found[1:]:
        assert normalizer == pytest.approx(found[0][0], rel=1e-6)
        np.testing.assert_allclose(forces, found[0][1], atol=1e-4 * np.abs(found[0][1]).max())


@pytest.mark.parametrize(("dimensions", "dof"), [(1, 1.0), (1, 2.0), (2, 1.0), (2, 3.0), (3, 1.0), (3, 4.0)])
def test_transform_of_the_kernel(dimensions, dof):
    """Against the integral of the kernel times plane waves (in three dimensions: times sin(k r) / (k r))."""
    integrate = pytest.importorskip("scipy.integrate")
    special = pytest.importorskip("scipy.special")
    for k in (0.7, 2.5):
        if dimensions == 1:
            value = 2 * integrate.quad(lambda r: kernel(r * r, dof), 0, np.inf, weight="cos", wvar=k)[0]
        elif dimensions == 3:
            value = 4 * np.pi / k * integrate.quad(lambda r: r * kernel(r * r, dof), 0, np.inf, weight="sin", wvar=k)[0]
        else:
            zeros = np.concatenate([[0], special.jn_zeros(0, 4000) / k])
            nodes, weights = np.polynomial.legendre.leggauss(12)
            middles, halves = (zeros[1:] + zeros[:-1]) / 2, (zeros[1:] - zeros[:-1]) / 2
            r = middles[:, None] + halves[:, None] * nodes
            parts = (halves[:, None] * weights * 2 * np.pi * r * kernel(r * r, dof) * special.j0(k * r)).sum(axis=1)
            sums = np.cumsum(parts)
            value = (sums[-1] + sums[-2]) / 2
        assert kernel_transform(np.array([k]), dof, dimensions)[0] == pytest.approx(value, rel=2e-3)

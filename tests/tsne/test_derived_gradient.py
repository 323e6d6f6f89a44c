"""The gradient that t-SNE descends along is the one that is derived from its formula."""

import numpy as np
import pytest

from gradproof.derivation.derivation import derive
from gradproof.tsne.affinities import Affinities
from gradproof.tsne.mesh import Mesh
from gradproof.tsne.objective import Objective
from gradproof.tsne.repulsion import ExactRepulsion

POINTS = 120


@pytest.fixture(scope="module")
def derived():
    namespace = {}
    derivation = derive("tsne_kl(Y, P)", "Y", assume=["P: n,n symmetric zerodiagonal distribution"])
    exec(compile(derivation.to_code("numpy"), "derived", "exec"), namespace)
    return namespace


def problem(dimensions, extent):
    random = np.random.default_rng(dimensions)
    P = random.random((POINTS, POINTS)) * (random.random((POINTS, POINTS)) < 0.2)
    P = (P + P.T) * (1 - np.eye(POINTS))
    P /= P.sum()
    Y = random.uniform(-extent / 2, extent / 2, (POINTS, dimensions))
    rows, columns = np.nonzero(P)
    starts = np.searchsorted(rows, np.arange(POINTS + 1))
    return P, Y, Affinities(starts.astype(np.int64), columns.astype(np.uint32), P[rows, columns])


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("extent", [1e-3, 4.0, 40.0])
def test_all_pairs_give_the_derived_value_and_gradient(dimensions, extent, derived, team):
    P, Y, affinities = problem(dimensions, extent)
    objective = Objective(affinities, ExactRepulsion(1.0, team), team)
    quarter = np.empty_like(Y)
    normalizer = objective.gradient(Y, 1.0, quarter)
    wanted = derived["derivative"](Y=Y, P=P)
    np.testing.assert_allclose(4 * quarter, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())
    with np.errstate(divide="ignore", invalid="ignore"):
        assert objective.divergence(Y, normalizer) == pytest.approx(float(derived["value"](Y=Y, P=P)), rel=1e-9)


# The errors that the page on t-SNE states for the repulsion, here relative to the root mean square of the derived one.
@pytest.mark.parametrize(("spacing", "stated"), [(0.5, 3e-2), (0.4, 1.5e-2), (1 / 3, 8e-3), (0.25, 3e-3)])
def test_the_mesh_gives_the_derived_gradient_to_the_stated_error(spacing, stated, derived, team):
    P, Y, affinities = problem(2, 12.0)
    quarter, pulls = np.empty_like(Y), np.zeros_like(Y)
    objective = Objective(affinities, Mesh(2, 1.0, spacing, team), team)
    objective.gradient(Y, 1.0, quarter)
    wanted = derived["derivative"](Y=Y, P=P)
    weights = 1 / (1 + ((Y[:, None] - Y[None]) ** 2).sum(axis=-1))
    pulls = 4 * ((P * weights)[..., None] * (Y[:, None] - Y[None])).sum(axis=1)
    error = np.sqrt(((4 * quarter - wanted) ** 2).sum() / ((wanted - pulls) ** 2).sum())
    assert error < stated

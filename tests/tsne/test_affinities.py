"""Affinities: the perplexity is what was asked for, P is symmetric with sum 1, ties and gaps do no harm."""

import numpy as np
import pytest
from scipy import sparse

from gradproof.tsne.affinities import conditional_affinities, symmetric_affinities
from gradproof.tsne.neighbors import NeighborIndex, Neighbors


def entropies(shares):
    shares = shares.astype(float)
    return -np.sum(shares * np.log(np.where(shares > 0, shares, 1)), axis=1)


def as_matrix(found):
    n = len(found.starts) - 1
    return sparse.csr_array((found.values, found.columns.astype(int), found.starts), shape=(n, n))


def neighbors_of(n, count, team, seed=0):
    return NeighborIndex(np.random.default_rng(seed).standard_normal((n, 6)), 1, team, 0).nearest(count, 1)


@pytest.mark.parametrize("perplexity", [1.5, 5.0, 20.0])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_the_perplexity_is_met(perplexity, scale, team):
    distances = (neighbors_of(400, 60, team).distances * scale).astype(np.float32)
    shares = conditional_affinities(distances, [perplexity], team)
    np.testing.assert_allclose(np.exp(entropies(shares)), perplexity, rtol=1e-4)
    assert (np.diff(shares, axis=1) <= 0).all()


def test_affinities_are_gaussian(team):
    distances = neighbors_of(50, 30, team).distances
    shares = conditional_affinities(distances.copy(), [8.0], team)
    slopes = np.diff(np.log(shares.astype(float)), axis=1) / np.diff(distances.astype(float) ** 2, axis=1)
    np.testing.assert_allclose(slopes, np.broadcast_to(slopes.mean(axis=1, keepdims=True), slopes.shape), rtol=2e-2)


def test_several_perplexities_are_averaged(team):
    distances = neighbors_of(300, 90, team).distances
    parts = [conditional_affinities(distances.copy(), [p], team) for p in (3.0, 30.0)]
    np.testing.assert_allclose(conditional_affinities(distances.copy(), [3.0, 30.0], team), (parts[0] + parts[1]) / 2, atol=1e-6)


def test_ties_share_equally(team):
    distances = np.zeros((3, 30), dtype=np.float32)
    distances[1] = 2.5
    distances[2, 20:] = 1
    shares = conditional_affinities(distances, [5.0], team)
    np.testing.assert_allclose(shares[:2], 1 / 30, rtol=1e-6)
    np.testing.assert_allclose(shares[2, :20], 1 / 20, rtol=1e-5)


def test_missing_neighbors_get_nothing(team):
    distances = np.array([[1, 2, 3, np.inf], [1, np.inf, np.inf, np.inf]], dtype=np.float32)
    shares = conditional_affinities(distances, [2.0], team)
    assert (shares[0, 3], *shares[1]) == (0, 1, 0, 0, 0)
    assert np.exp(entropies(shares[:1]))[0] == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize("perplexities", [[10.0], [4.0, 12.0], None])
def test_symmetric_affinities(perplexities, team):
    found = neighbors_of(500, 36, team)
    listed = sparse.csr_array((np.ones(500 * 36), (np.repeat(np.arange(500), 36), found.indices.ravel().copy())), shape=(500, 500))
    matrix = as_matrix(symmetric_affinities(found, perplexities, team))
    assert abs(matrix - matrix.T).max() == 0
    assert matrix.sum() == pytest.approx(1, abs=1e-5)
    assert matrix.has_sorted_indices
    assert ((matrix != 0) != ((listed + listed.T) != 0)).nnz == 0


def test_against_a_dense_reference(team):
    found = neighbors_of(120, 24, team, seed=3)
    shares = conditional_affinities(found.distances.copy(), [8.0], team).astype(float)
    dense = np.zeros((120, 120))
    np.put_along_axis(dense, found.indices.copy(), shares, axis=1)
    matrix = as_matrix(symmetric_affinities(Neighbors(found.indices.copy(), found.distances), [8.0], team))
    np.testing.assert_allclose(matrix.toarray(), (dense + dense.T) / 240, atol=1e-9)


def test_lists_of_unequal_length(team):
    indices = np.array([[1, 2], [0, -1], [0, -1]], dtype=np.int32)
    distances = np.array([[1, 2], [1, np.inf], [2, np.inf]], dtype=np.float32)
    matrix = as_matrix(symmetric_affinities(Neighbors(indices, distances), None, team)).toarray()
    np.testing.assert_allclose(matrix, np.array([[0, 1.5, 1.5], [1.5, 0, 0], [1.5, 0, 0]]) / 6, atol=1e-7)

"""Neighbours: exact ones are the true ones, approximate ones are as good as they say."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from gradproof.tsne.graph import find_neighbors, known_neighbors, nearest_in_table, prepare, sparse_neighbors
from gradproof.tsne.inputs import InputError
from gradproof.tsne.neighbor_loops import keep_smallest
from gradproof.tsne.neighbors import NeighborIndex


def mixture(n, features, seed=0):
    random = np.random.default_rng(seed)
    return 4 * random.standard_normal((20, features))[random.integers(0, 20, n)] + random.standard_normal((n, features))


def quiet(text):
    pass


@pytest.mark.parametrize("shape", [(2, 1), (5, 3), (130, 8), (700, 50), (1000, 17)])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_exact_neighbors(shape, offset, team):
    points = mixture(*shape) + offset
    count = min(20, shape[0] - 1)
    found = NeighborIndex(points, 1, team, 0).nearest(count, 1)
    table = cdist(points - points.mean(axis=0), points - points.mean(axis=0))
    np.fill_diagonal(table, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(table, axis=1)[:, :count], rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(table, found.indices, axis=1), found.distances, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_scales(scale, team):
    points = mixture(300, 10)
    plain, scaled = (NeighborIndex(points * factor, 1, team, 0).nearest(10, 1) for factor in (1.0, scale))
    np.testing.assert_array_equal(plain.indices, scaled.indices)
    np.testing.assert_allclose(plain.distances * scale, scaled.distances, rtol=1e-5)


def test_equal_points_have_distance_zero(team):
    points = np.repeat(mixture(50, 12), 40, axis=0)
    found = NeighborIndex(points, 1, team, 0).nearest(30, 1)
    assert (found.distances == 0).all()
    assert (found.indices != np.arange(2000)[:, None]).all()


def test_approximate_neighbors_have_the_recall_that_is_measured(team):
    points = mixture(6000, 20)
    graph = find_neighbors(points, "euclidean", 30, "approximate", team, 0, quiet)
    truth = find_neighbors(points, "euclidean", 30, "exact", team, 0, quiet)
    np.testing.assert_array_equal(np.sort(graph.order), np.arange(6000))
    original = np.empty((6000, 30), dtype=int)
    original[graph.order] = graph.order[graph.neighbors.indices]
    recall = np.mean([np.isin(a, b).mean() for a, b in zip(truth.neighbors.indices, original, strict=True)])
    assert recall > 0.97
    rows = np.arange(0, 6000, 100)
    far = np.linalg.norm(points[original[rows]] - points[rows, None], axis=2)
    np.testing.assert_allclose(
        np.sort(far, axis=1), np.sort(graph.neighbors.distances[np.argsort(graph.order)][rows], axis=1), rtol=1e-4
    )
    assert (original != np.arange(6000)[:, None]).all()
    assert all(len(set(row)) == 30 for row in original[rows])


def test_other_points(team):
    points, new = mixture(900, 9), mixture(50, 9, seed=1)
    found = NeighborIndex(points, 1, team, 0).nearest_to(new, 7, 1)
    np.testing.assert_allclose(found.distances, np.sort(cdist(new, points), axis=1)[:, :7], rtol=1e-4)


def test_sparse_rows():
    table = sparse.random_array((300, 40), density=0.1, rng=np.random.default_rng(0), format="csr")
    dense = table.toarray()
    found = sparse_neighbors(table, table, 9, leave_out=True)
    truth = cdist(dense, dense)
    np.fill_diagonal(truth, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(truth, axis=1)[:, :9], atol=1e-5)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_cosine(make, team):
    points = mixture(200, 6)
    found = find_neighbors(prepare(make(points), "cosine"), "cosine", 5, "auto", team, 0, quiet).neighbors
    truth = cdist(points, points, "cosine")
    np.fill_diagonal(truth, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(truth, axis=1)[:, :5], atol=1e-6)


def test_cosine_of_a_zero_row():
    points = mixture(10, 3)
    points[4] = 0
    with pytest.raises(InputError, match="zero row 4"):
        prepare(points, "cosine")


def test_table_of_distances():
    table = cdist(mixture(60, 4), mixture(60, 4))
    found = nearest_in_table(table, 5, leave_out=True)
    assert (found.indices != np.arange(60)[:, None]).all()
    np.fill_diagonal(table, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(table, axis=1)[:, :5], rtol=1e-6)


def test_known_neighbors():
    graph = sparse.csr_array(np.array([[0, 2.0, 1.0], [2.0, 0, 0], [1.0, 0, 0]]))
    found = known_neighbors(graph, 2)
    np.testing.assert_array_equal(found.indices, [[2, 1], [0, -1], [0, -1]])
    np.testing.assert_array_equal(found.distances, [[1, 2], [2, np.inf], [1, np.inf]])


def test_selection_keeps_the_smallest():
    random = np.random.default_rng(0)
    for size in (1, 2, 10, 257):
        for count in {1, size // 2 or 1, size}:
            values = random.integers(0, 8, size).astype(np.float32)
            numbers = np.arange(size, dtype=np.int32)
            before = values.copy()
            keep_smallest(values, numbers, size, count)
            np.testing.assert_array_equal(np.sort(values[:count]), np.sort(before)[:count])
            np.testing.assert_array_equal(before[numbers], values)

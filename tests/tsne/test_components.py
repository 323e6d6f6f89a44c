"""Leading principal components by few columns are those of the full decomposition."""

import numpy as np
import pytest

from gradproof.tsne.components import principal_components


def table(samples, features, kind=np.float64):
    source = np.random.default_rng(3)
    scales = 0.7 ** np.arange(features)
    return (source.standard_normal((samples, features)) * scales + 5).astype(kind)


@pytest.mark.parametrize(("samples", "features", "count"), [(200, 60, 8), (12, 40, 5), (50, 9, 8)])
def test_they_are_those_of_the_whole_decomposition(samples, features, count):
    points = table(samples, features)
    left, values, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    found = principal_components(points, count)
    assert found.shape == (samples, count)
    np.testing.assert_allclose(np.abs(found), np.abs(left[:, :count] * values[:count]), rtol=1e-6, atol=1e-7)


def test_single_precision_stays_and_few_columns_are_left_alone():
    assert principal_components(table(100, 20, np.float32), 4).dtype == np.float32
    narrow = table(30, 4)
    assert principal_components(narrow, 4) is narrow


def test_a_constant_table_has_components_of_zero():
    assert not principal_components(np.full((20, 10), 3.0), 2).any()


def test_the_same_seed_gives_the_same_numbers():
    points = table(80, 30, np.float32)
    np.testing.assert_array_equal(principal_components(points, 3, 7), principal_components(points, 3, 7))

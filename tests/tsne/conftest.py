"""Data that several tests share: the real digits that scikit-learn brings, and a team of two threads."""

import pytest

from gradproof.tsne.threads import Team


@pytest.fixture(scope="session")
def digits():
    datasets = pytest.importorskip("sklearn.datasets")
    return datasets.load_digits(return_X_y=True)


@pytest.fixture
def team():
    with Team(2) as some:
        yield some

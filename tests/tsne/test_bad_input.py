"""Bad data end in one clear error, odd data in a map."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from gradproof import TSNE
from gradproof.errors import GradproofError
from gradproof.tsne import graph
from gradproof.tsne.inputs import InputError

POINTS = np.random.default_rng(0).standard_normal((120, 6))
QUICK = {"perplexity": 10, "max_iter": 120, "early_exaggeration_iter": 60, "random_state": 0}


def with_entry(value, row=17):
    points = POINTS.copy()
    points[row, 2] = value
    return points


def negative():
    table = np.abs(POINTS @ POINTS.T)
    table[3, 4] = -1
    return table


BAD_DATA = {
    "nan": (with_entry(np.nan), {}, "NaN in row 17"),
    "infinity": (with_entry(np.inf), {}, "infinity in row 17"),
    "nan in a sparse row": (sparse.csr_array(with_entry(np.nan, 5)), {}, "NaN in row 5"),
    "too large to be squared": (POINTS * 1e200, {}, "Divide the data"),
    "one point": (POINTS[:1], {}, "n_samples = 1"),
    "no points": (POINTS[:0], {}, "n_samples = 0"),
    "no features": (POINTS[:, :0], {}, "0 feature"),
    "one axis": (POINTS[:, 0], {}, "Reshape your data"),
    "three axes": (POINTS[None], {}, "3 axes"),
    "complex": (POINTS + 1j, {}, "Complex data not supported"),
    "text": (np.array([["a", "b"]] * 50), {}, "numbers were expected"),
    "too few for the perplexity": (POINTS, {"perplexity": 45}, "largest perplexity possible is 39.66"),
    "too few for any perplexity": (POINTS[:3], {"perplexity": 1}, "at least 4 points"),
    "too few for the neighbours": (POINTS, {"n_neighbors": 120}, "at most 119"),
    "negative distances": (negative(), {"metric": "precomputed"}, "-1 at row 3, column 4"),
    "negative sparse distances": (sparse.csr_array(negative()), {"metric": "precomputed"}, "at least 0"),
    "distances that are not square": (np.abs(POINTS), {"metric": "precomputed"}, "square"),
    "a point without neighbours": (sparse.csr_array(np.eye(120, k=1)), {"metric": "precomputed"}, "row 119"),
    "a zero row for cosines": (np.vstack([POINTS, np.zeros(6)]), {"metric": "cosine"}, "zero row 120"),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data(name):
    points, settings, message = BAD_DATA[name]
    with pytest.raises(InputError, match=message) as caught:
        TSNE(**{**QUICK, **settings}).fit(points)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith("TSNE: ")


@pytest.mark.parametrize(
    "settings",
    [
        {"n_components": 50}, {"n_components": 0}, {"perplexity": 0.5}, {"perplexity": -1}, {"perplexity": []}, {"perplexity": "many"},
        {"perplexity": np.nan}, {"n_neighbors": 0}, {"n_neighbors": 2.5}, {"metric": "taxi"}, {"init": "nothing"}, {"init": POINTS},
        {"init": np.full((120, 2), np.nan)}, {"early_exaggeration": 0}, {"exaggeration": -1}, {"learning_rate": 0},
        {"learning_rate": "slow"}, {"dof": 0}, {"dof": "more"}, {"max_iter": -1}, {"max_iter": 1.5}, {"early_exaggeration_iter": -1},
        {"tol": -1}, {"tol": np.nan}, {"random_state": -1}, {"random_state": "seed"}, {"n_jobs": 0}, {"n_jobs": 1.5},
        {"dtype": "float16"}, {"dtype": int}, {"method": "magic"}, {"mesh_spacing": 0}, {"mesh_spacing": 3}, {"search": "all"},
    ],
    ids=str,
)  # fmt: skip
def test_bad_parameters(settings):
    with pytest.raises(GradproofError) as caught:
        TSNE(**{**QUICK, **settings}).fit(POINTS)
    assert next(iter(settings)) in str(caught.value) or "perplexity" in str(caught.value)


def test_many_dimensions_say_what_to_do():
    with pytest.raises(InputError, match=r"1, 2 or 3, got 50\. t-SNE draws maps"):
        TSNE(50, **QUICK).fit(POINTS)


def test_memory_that_would_not_fit(monkeypatch):
    monkeypatch.setattr(graph, "available_memory", lambda: 100_000)
    with pytest.raises(InputError, match="Choose a perplexity of at most"):
        TSNE(**QUICK).fit(POINTS)


def parted():
    """Two clouds that share no neighbour, far apart."""
    return np.concatenate([POINTS, POINTS + 1e6])


ODD = {
    "constant": np.ones((100, 4)),
    "thousands of equal points": np.vstack([np.zeros((2000, 6)), POINTS]),
    "every point thrice": np.repeat(POINTS, 3, axis=0),
    "parted": parted(),
    "one feature": POINTS[:, :1],
    "a constant feature": np.column_stack([POINTS, np.full(120, 1e9)]),
    "huge": POINTS * 1e90,
    "tiny": POINTS * 1e-200,
    "an outlier": np.vstack([POINTS, np.full((1, 6), 1e6)]),
    "whole numbers": np.random.default_rng(0).integers(0, 3, (200, 5)),
    "truth values": POINTS > 0,
    "wide": np.random.default_rng(0).standard_normal((40, 3000)),
}


@pytest.mark.parametrize("init", ["pca", "spectral"])
@pytest.mark.parametrize("name", ODD)
def test_odd_data_have_a_map(name, init):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = TSNE(**{**QUICK, "method": "mesh"}, init=init).fit(ODD[name])
    assert np.isfinite(model.embedding_).all()
    assert np.isfinite(model.kl_divergence_)
    assert len(np.unique(model.embedding_, axis=0)) > 0.5 * len(model.embedding_)


def test_parted_clouds_stay_apart():
    embedding = TSNE(**{**QUICK, "max_iter": 300}).fit_transform(parted())
    near, far = embedding[:120].mean(axis=0), embedding[120:].mean(axis=0)
    assert np.linalg.norm(near - far) > 2 * embedding[:120].std()


def test_a_given_start_of_any_size():
    for extent in (0.0, 1e-30, 1e5):
        start = extent * np.random.default_rng(0).standard_normal((120, 2))
        settings = {**QUICK, "method": "mesh", "max_iter": 20}
        assert np.isfinite(TSNE(**settings, init=start).fit_transform(POINTS)).all()


def test_fitting_again_forgets():
    model = TSNE(**QUICK).fit(POINTS)
    with pytest.raises(InputError):
        model.fit(POINTS[:5])
    model.fit(POINTS[:90, :3])
    assert model.embedding_.shape == (90, 2)
    assert model.n_features_in_ == 3

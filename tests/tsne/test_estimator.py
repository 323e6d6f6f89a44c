"""The estimator: what scikit-learn asks of one, what t-SNE promises, on real digits."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

import gradproof
from gradproof import TSNE

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.manifold import trustworthiness  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

QUICK = {"max_iter": 120, "early_exaggeration_iter": 60, "random_state": 0, "n_jobs": 2}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([TSNE(perplexity=3, max_iter=60, early_exaggeration_iter=20, random_state=0)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def share_of_same_class(embedding, y):
    return KNeighborsClassifier(1).fit(embedding[::2], y[::2]).score(embedding[1::2], y[1::2])


@pytest.mark.parametrize("method", ["exact", "mesh"])
def test_digits(digits, method):
    x, y = digits
    model = TSNE(random_state=0, method=method, n_jobs=2)
    embedding = model.fit_transform(x)
    assert embedding.shape == (1797, 2)
    assert embedding.dtype == np.float32
    assert model.n_iter_ == 750
    assert model.stopping_reason_ == "max_iter"
    assert model.kl_divergence_ < (0.745 if method == "exact" else 0.765)
    assert share_of_same_class(embedding, y) > 0.98
    assert trustworthiness(x, embedding, n_neighbors=10) > 0.985
    np.testing.assert_allclose(embedding.mean(axis=0), 0, atol=1e-3)
    assert model.certificate_.relative < 0.05
    assert model.certificate_.mesh_error < 0.015


def test_kl_divergence_is_not_above_that_of_scikit_learn(digits):
    x = digits[0][:500]
    theirs = sklearn.manifold.TSNE(init="pca", random_state=0, max_iter=750, n_jobs=1).fit(x)
    ours = TSNE(random_state=0).fit(x)
    assert ours.kl_divergence_ <= theirs.kl_divergence_ * 1.01


def test_kl_divergence_by_the_definition(digits):
    x = digits[0][:400]
    model = TSNE(perplexity=12, **QUICK).fit(x)
    squares = cdist(x, x) ** 2
    shares = np.zeros((400, 400))
    for i, row in enumerate(squares):
        others = np.argsort(row, kind="stable")[1:37]
        low, high = 1e-8, 1e3
        for _ in range(80):
            beta = np.sqrt(low * high)
            p = np.exp(-beta * (row[others] - row[others].min()))
            p /= p.sum()
            low, high = (beta, high) if -(p @ np.log(p + 1e-300)) > np.log(12) else (low, beta)
        shares[i, others] = p
    p = (shares + shares.T) / 800
    q = 1 / (1 + cdist(model.embedding_, model.embedding_) ** 2)
    np.fill_diagonal(q, 0)
    q /= q.sum()
    felt = p > 0
    assert model.kl_divergence_ == pytest.approx(float((p[felt] * np.log(p[felt] / q[felt])).sum()), rel=2e-3)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_seed_gives_the_same_map(digits, jobs):
    x = digits[0][:700]
    first, second = (TSNE(**{**QUICK, "n_jobs": jobs}, method="mesh", search="approximate").fit_transform(x) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = TSNE(**{**QUICK, "n_jobs": jobs, "random_state": 1}, method="mesh").fit_transform(x)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("dimensions", [1, 3])
@pytest.mark.parametrize("method", ["mesh", "exact"])
def test_other_dimensions(digits, dimensions, method):
    x, y = digits[0][:800], digits[1][:800]
    model = TSNE(dimensions, method=method, random_state=0, early_exaggeration_iter=120, max_iter=300, mesh_spacing=0.5)
    assert share_of_same_class(model.fit_transform(x), y) > 0.93
    assert model.embedding_.shape == (800, dimensions)


@pytest.mark.parametrize("dof", [0.5, 3.0])
def test_degrees_of_freedom(digits, dof):
    x = digits[0][:600]
    models = [TSNE(method=method, dof=dof, random_state=0, max_iter=500).fit(x) for method in ("mesh", "exact")]
    assert models[0].kl_divergence_ == pytest.approx(models[1].kl_divergence_, rel=0.05)
    assert models[0].dof_ == dof


def test_learned_degrees_of_freedom_lower_the_divergence(digits):
    x = digits[0][:600]
    fixed, learned = (TSNE(dof=dof, random_state=0, method="exact").fit(x) for dof in (1.0, "learn"))
    assert learned.kl_divergence_ < fixed.kl_divergence_
    assert learned.dof_ != 1


@pytest.mark.parametrize(
    "settings",
    [
        {"init": "spectral"},
        {"init": "random"},
        {"perplexity": [10, 50]},
        {"n_neighbors": 20},
        {"metric": "cosine"},
        {"dtype": "float64"},
    ],
    ids=str,
)
def test_settings(digits, settings):
    x, y = digits[0][:800], digits[1][:800]
    model = TSNE(random_state=0, max_iter=400, **settings)
    assert share_of_same_class(model.fit_transform(x), y) > 0.93
    assert model.embedding_.dtype == np.dtype(settings.get("dtype", "float32"))


def test_an_array_as_start_is_used_as_it_is(digits):
    x = digits[0][:300]
    start = np.random.default_rng(0).standard_normal((300, 2))
    kept = start.copy()
    found = TSNE(init=start, max_iter=0).fit_transform(x)
    np.testing.assert_allclose(found, start, rtol=1e-6)
    np.testing.assert_array_equal(start, kept)


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda x: x.astype(np.uint8), lambda x: x.astype(np.float32), np.ndarray.tolist]
)
def test_kinds_of_tables(digits, change):
    x = digits[0][:300]
    np.testing.assert_allclose(TSNE(**QUICK).fit_transform(change(x)), TSNE(**QUICK).fit_transform(x), atol=1e-3)


def quality(model, x):
    return model.kl_divergence_, trustworthiness(x, model.embedding_)


def test_sparse_rows(digits):
    x = digits[0][:500]
    for make in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        kl, trust = quality(TSNE(random_state=0).fit(make(x)), x)
        dense = quality(TSNE(random_state=0).fit(x), x)
        assert kl == pytest.approx(dense[0], rel=0.05)
        assert trust > 0.97


def test_precomputed():
    x = np.random.default_rng(1).standard_normal((500, 7))
    start = np.random.default_rng(0).standard_normal((500, 2))
    # So few iterations that rounding has no time to grow.
    settings = {**QUICK, "init": start, "max_iter": 10}
    plain = TSNE(**settings).fit_transform(x)
    distances = TSNE(metric="precomputed", **settings).fit_transform(cdist(x, x))
    graph = KNeighborsTransformer(n_neighbors=95, mode="distance").fit_transform(x)
    neighbors = TSNE(metric="precomputed", **settings).fit_transform(graph)
    np.testing.assert_allclose(distances, plain, atol=1e-3 * np.abs(plain).max())
    np.testing.assert_allclose(neighbors, plain, atol=1e-3 * np.abs(plain).max())
    assert np.isfinite(TSNE(metric="precomputed", **QUICK).fit_transform(cdist(x, x))).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_new_points_land_among_their_kind(digits, metric, dimensions):
    x, y = digits
    model = TSNE(dimensions, metric=metric, random_state=0, max_iter=400, mesh_spacing=0.5).fit(x[:1200])
    placed = model.transform(x[1200:])
    assert placed.shape == (597, dimensions)
    score = KNeighborsClassifier(5).fit(model.embedding_, y[:1200]).score(placed, y[1200:])
    assert score > (0.9 if dimensions > 1 else 0.85)
    np.testing.assert_array_equal(model.transform(x[:1200]), model.embedding_)
    # A place does not depend on its company.
    np.testing.assert_allclose(model.transform(x[1300:1310]), placed[100:110], atol=1e-5)


def test_new_points_by_distances_and_from_sparse_rows(digits):
    x, y = digits
    by_distance = TSNE(metric="precomputed", random_state=0, max_iter=300).fit(cdist(x[:700], x[:700]))
    placed = by_distance.transform(cdist(x[700:900], x[:700]))
    assert KNeighborsClassifier(5).fit(by_distance.embedding_, y[:700]).score(placed, y[700:900]) > 0.85
    by_rows = TSNE(random_state=0, max_iter=300).fit(sparse.csr_array(x[:700]))
    placed = by_rows.transform(sparse.csr_array(x[700:900]))
    assert KNeighborsClassifier(5).fit(by_rows.embedding_, y[:700]).score(placed, y[700:900]) > 0.85


def test_clone_pickle_and_names(digits):
    x = digits[0][:200]
    model = TSNE(perplexity=10, **QUICK).fit(x)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(x), model.embedding_)
    assert clone(model).get_params() == model.get_params()
    assert list(model.get_feature_names_out()) == ["tsne0", "tsne1"]
    assert "TSNE" in gradproof.__all__


WITHOUT = """
import sys
sys.modules["sklearn"] = None
import numpy as np
from gradproof import TSNE
x = np.random.default_rng(0).standard_normal((80, 5))
model = TSNE(perplexity=5, max_iter=50, random_state=0)
assert model.set_params(perplexity=6).get_params()["perplexity"] == 6
print(repr(model), model.fit_transform(x).shape, model.transform(x + 0.1).shape, model.n_features_in_)
for wrong in (lambda: model.set_params(nothing=1), lambda: model.transform(x[:, :3]), lambda: TSNE().transform(x)):
    try:
        wrong()
    except ValueError as error:
        print(error)
"""


def test_without_scikit_learn():
    finished = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    lines = finished.stdout.splitlines()
    assert lines[0] == "TSNE(perplexity=6, max_iter=50, random_state=0) (80, 2) (80, 2) 5"
    assert lines[1].startswith("TSNE: a parameter of TSNE was expected, got 'nothing'")
    assert "X has 3 features, but TSNE is expecting 5 features as input" in lines[2]
    assert "Call 'fit' first" in lines[3]

"""Softmax regression on a Dask array gives what it gives on one machine, also when a worker is killed in the middle."""

import os
import signal

import numpy as np
import pytest
from scipy import sparse

from gradproof.errors import DomainError, ShapeError
from gradproof.estimators import SoftmaxRegression
from gradproof.solvers.distributed import minimize_softmax_blocks
from gradproof.solvers.result import Stopping
from gradproof.solvers.softmax import minimize_softmax

blocked = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

RANDOM = np.random.default_rng(4)
X = RANDOM.standard_normal((300, 6)) + 3
Y = np.argmax(X @ RANDOM.standard_normal((6, 4)) + RANDOM.standard_normal((300, 4)), axis=1)
WEIGHTS = RANDOM.uniform(0.5, 2.0, 300)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_blocks_agree_with_one_machine(fit_intercept, weights):
    whole = minimize_softmax(X, Y, 0.3, fit_intercept=fit_intercept, sample_weight=weights, stopping=Stopping(1e-12, 2000))
    found = minimize_softmax_blocks(
        blocked.from_array(X, chunks=(70, 4)), Y, 0.3, classes=4, fit_intercept=fit_intercept, sample_weight=weights,
        stopping=Stopping(1e-10, 2000),
    )  # fmt: skip
    assert found.is_converged
    assert found.extra["blocks"] == 5
    np.testing.assert_allclose(found.x, whole.x, atol=1e-4)
    assert found.objective == pytest.approx(whole.objective, rel=1e-9)


def test_a_worker_that_is_killed_in_the_middle_changes_nothing():
    killed = []
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster) as client,
    ):
        data = blocked.from_array(X, chunks=(60, 6))
        undisturbed = minimize_softmax_blocks(data, Y, 0.3, classes=4)

        def kill_one(iteration, objective, certificate):
            if iteration == 3:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        found = minimize_softmax_blocks(data, Y, 0.3, classes=4, stopping=Stopping(1e-6, 2000, callback=kill_one))
        assert killed
        assert found.is_converged
        np.testing.assert_array_equal(found.x, undisturbed.x)
        np.testing.assert_array_equal(found.extra["intercept"], undisturbed.extra["intercept"])


def test_the_estimator_takes_blocks():
    names = np.array(["ash", "elm", "fir", "oak"])[Y]
    whole = SoftmaxRegression(C=2.0, tol=1e-10).fit(X, names)
    found = SoftmaxRegression(C=2.0, tol=1e-10).fit(blocked.from_array(X, chunks=(100, 6)), blocked.from_array(names, chunks=75))
    assert list(found.classes_) == list(whole.classes_)
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-4)
    assert (found.predict(X) == whole.predict(X)).all()
    assert found.certificate_.is_met


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sparse_blocks_of_unlike_sizes(fit_intercept):
    order = np.argsort(Y, kind="stable")
    data = np.where(X > 3, X, 0)[order]
    blocks = blocked.from_array(data, chunks=((1, 99, 200), 6)).map_blocks(sparse.csr_matrix)
    model = SoftmaxRegression(fit_intercept=fit_intercept, tol=1e-10).fit(blocks, Y[order], WEIGHTS[order])
    alone = SoftmaxRegression(fit_intercept=fit_intercept, tol=1e-10).fit(data, Y[order], WEIGHTS[order])
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-4)
    assert model.certificate_.is_met


@pytest.mark.parametrize(
    ("settings", "labels", "words"),
    [
        ({}, np.where(np.arange(300) == 7, np.nan, Y), "NaN"),
        ({}, X[:, 0], "continuous"),
        ({"positive": True}, Y, "any sign"),
        ({"Cs": 3}, Y, "one C"),
    ],
)
def test_what_the_cluster_does_not_take_is_refused(settings, labels, words):
    with pytest.raises(ValueError, match=words):
        SoftmaxRegression(**settings).fit(blocked.from_array(X, chunks=(70, 6)), labels)


@pytest.mark.parametrize(
    ("x", "y", "error", "words"),
    [
        (np.where(np.arange(1800).reshape(300, 6) == 700, np.nan, X), Y, DomainError, "block 1 of X"),
        (X, Y + 1, DomainError, "another label in block"),
        (X, Y[:-1], ShapeError, r"need shape \(300,\)"),
        (X[:, 0], Y, ShapeError, "a column for each feature"),
        (X.astype(complex), Y, DomainError, "real numbers"),
    ],
)
def test_bad_input_is_one_clear_error(x, y, error, words):
    with pytest.raises(error, match=words):
        minimize_softmax_blocks(blocked.from_array(x, chunks=100), y, 0.3, classes=4)

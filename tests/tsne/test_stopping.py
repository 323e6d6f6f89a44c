"""How a run ends: callbacks, tol, Ctrl-C; and what it shows on the way."""

import signal

import numpy as np
import pytest

from gradproof import TSNE


@pytest.fixture
def points():
    random = np.random.default_rng(0)
    return 5 * random.standard_normal((6, 8))[random.integers(0, 6, 240)] + random.standard_normal((240, 8))


def run(points, **settings):
    return TSNE(**{"perplexity": 10, "random_state": 0, "max_iter": 300, "early_exaggeration_iter": 100, **settings}).fit(points)


def test_callbacks_see_every_fiftieth_iteration(points):
    seen = []
    model = run(points, callbacks=[lambda *state: seen.append(state)])
    assert [state[0] for state in seen] == [50, 100, 150, 200, 250]
    assert all(np.isfinite(state[1]) for state in seen)
    assert all(state[2].shape == (240, 2) for state in seen)
    assert seen[-1][1] == pytest.approx(model.kl_divergence_, rel=0.1)
    assert model.stopping_reason_ == "max_iter"


def test_callbacks_get_maps_in_the_order_of_the_rows_and_of_their_own(points):
    maps = []
    points = np.repeat(points, 3, axis=0)

    def spoil(iteration, divergence, embedding):
        maps.append(embedding.copy())
        embedding[:] = np.nan

    model = run(points, callbacks=spoil, search="approximate", n_neighbors=30, max_iter=101)
    assert np.isfinite(model.embedding_).all()
    assert np.corrcoef(maps[-1][:, 0], model.embedding_[:, 0])[0, 1] > 0.99


def test_a_callback_stops_the_run(points):
    model = run(points, callbacks=lambda iteration, divergence, embedding: iteration >= 100)
    assert (model.n_iter_, model.stopping_reason_) == (100, "callback")
    assert model.embedding_.shape == (240, 2)


def test_tol_stops_where_kl_falls_no_more(points):
    model = run(points, tol=0.01, max_iter=5000)
    assert model.stopping_reason_ == "tol"
    assert 200 <= model.n_iter_ < 5000
    longer = run(points, max_iter=model.n_iter_ + 50)
    assert model.kl_divergence_ - longer.kl_divergence_ < 0.02


def test_tol_waits_for_the_last_phase(points):
    model = run(points, tol=1e9, early_exaggeration_iter=200)
    assert model.n_iter_ == 250
    assert model.stopping_reason_ == "tol"


@pytest.mark.parametrize("method", ["mesh", "exact"])
def test_ctrl_c_returns_the_map_so_far(points, method):
    before = signal.getsignal(signal.SIGINT)
    seen = {}

    def interrupt(iteration, divergence, embedding):
        seen[iteration] = embedding
        if iteration == 150:
            signal.raise_signal(signal.SIGINT)

    model = run(points, callbacks=interrupt, method=method)
    assert model.stopping_reason_ == "interrupted"
    assert model.n_iter_ == 151
    assert np.isfinite(model.embedding_).all()
    assert np.isfinite(model.kl_divergence_)
    # One more step than the callback saw: near it, and no longer at the start.
    assert np.abs(model.embedding_ - seen[150]).max() < 10 < np.ptp(model.embedding_)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_that_a_callback_raises(points):
    def interrupt(iteration, divergence, embedding):
        raise KeyboardInterrupt

    model = run(points, callbacks=[interrupt])
    assert (model.n_iter_, model.stopping_reason_) == (50, "interrupted")


def test_errors_of_callbacks_reach_the_user(points):
    def fail(iteration, divergence, embedding):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        run(points, callbacks=fail)


def test_verbose_shows_progress_on_standard_error(points, capsys):
    run(points, verbose=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "t-SNE" in shown.err
    assert "KL" in shown.err


def test_silence_is_the_default(points, capsys):
    run(points)
    assert capsys.readouterr() == ("", "")

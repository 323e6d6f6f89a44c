"""A formula over minibatches comes to where the whole of the data has its minimum."""

import numpy as np
import pytest

from gradproof.errors import FormulaError, ShapeError
from gradproof.objective.stochastic import minimize_in_batches
from gradproof.solvers.result import Stopping
from gradproof.solvers.stochastic import Adam, Sgd, adam_w

RANDOM = np.random.default_rng(6)
X = RANDOM.standard_normal((70, 4))
W = np.array([1.0, -2.0, 0.5, 3.0])


@pytest.mark.parametrize("update", [Sgd(0.1, momentum=0.5), Adam(0.1), Sgd(0.05, momentum=0.5, is_nesterov=True)])
def test_least_squares_without_noise(update):
    found = minimize_in_batches(
        "mean((X*w - y).^2)", "w", {"X": X, "y": X @ W}, update, batch_size=16, stopping=Stopping(1e-6, 200)
    )
    np.testing.assert_allclose(found.values["w"], W, atol=1e-3)
    assert found.objective < 1e-5


def test_a_loader_is_anything_that_gives_rows():
    class Loader:
        def __init__(self, values):
            self.values, self.asked = values, 0

        def __len__(self):
            return len(self.values)

        def __getitem__(self, rows):
            self.asked += 1
            return self.values[rows]

    inputs = Loader(X)
    found = minimize_in_batches(
        "mean((X*w - y).^2) + lam*norm2(w)^2", "w", {"X": inputs, "y": X @ W}, adam_w(0.05, 0.0), data={"lam": 0.0},
        stopping=Stopping(1e-9, 3), batch_size=35,
    )  # fmt: skip
    assert inputs.asked >= 6
    assert found.result.iterations == 3


def test_bad_input_is_one_clear_error():
    with pytest.raises(ShapeError, match="one number of samples"):
        minimize_in_batches("mean((X*w - y).^2)", "w", {"X": X, "y": np.ones(3)}, Sgd())
    with pytest.raises(FormulaError, match="without constraints"):
        minimize_in_batches("mean((X*w - y).^2) + indicator(w >= 0)", "w", {"X": X, "y": X @ W}, Sgd())

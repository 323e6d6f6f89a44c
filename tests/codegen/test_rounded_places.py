"""Places that are rounded quotients, as in vec and kron, are rounded in whole numbers."""

import numpy as np
import pytest

from gradproof import compile as compiled


@pytest.mark.parametrize("target", ["numpy", "jax"])
@pytest.mark.parametrize("rows", [1, 3, 6, 49])
def test_vec_takes_every_entry_once(target, rows):
    pytest.importorskip(target)
    matrix = np.arange(rows * 4.0).reshape(rows, 4)
    weights = np.random.default_rng(0).standard_normal(rows * 4)
    program = compiled("sum(a.*vec(W))", target=target)
    found = program(a=weights, W=matrix)
    value = found["value"] if isinstance(found, dict) else found
    assert float(value) == pytest.approx(float(weights @ matrix.T.ravel()), rel=1e-5)

"""Every target computes the derivatives of the tables, in float64 and float32; a sample here, all with GRADPROOF_ALL_TARGETS=1."""

import inspect
import os

import numpy as np
import pytest

from gradproof.codegen.module import TARGETS
from identities.identity import derived, referee, variables
from identities.test_identities import ALL

CHOSEN = ALL if os.environ.get("GRADPROOF_ALL_TARGETS") else ALL[5::16]
DIGITS = {"float64": 1e-9, "float32": 2e-4}


@pytest.fixture
def _double_precision(monkeypatch):
    jax, numba = pytest.importorskip("jax"), pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("_double_precision")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("identity", CHOSEN, ids=str)
def test_a_target_computes_the_derivative_and_keeps_its_type(identity, target):
    if target == "torch":
        pytest.importorskip(target)
    namespace = {}
    exec(compile(derived(identity).to_code(target), "generated", "exec"), namespace)
    function, expected = namespace["derivative"], referee(identity)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    for kind, digits in DIGITS.items():
        values = {name: np.asarray(value, dtype=kind) for name, value in variables(identity).items()}
        if target == "torch":
            values = {name: pytest.importorskip("torch").as_tensor(value) for name, value in values.items()}
        found = function(**{name: value for name, value in values.items() if name in inspect.signature(function).parameters})
        np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=digits, atol=digits * scale)
        if np.ndim(found) and any(value.ndim for value in values.values()):
            assert np.asarray(found).dtype == kind

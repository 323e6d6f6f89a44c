"""Programs that take each sample through all stages, block by block: what is recognised, and the same results as NumPy's stages."""

import numpy as np
import pytest

import gradproof

LAYERS = "relu(tanh(relu(X*W1)*W2)*W3)*W4"
LOSS = f"cross_entropy({LAYERS}, Y)"
ASSUME = ["X: n,d", "Y: n,d", *(f"W{number}: d,d" for number in range(1, 5))]
PRODUCT = "hessian-vector product wrt W1 along Q"
CASES = [
    (LOSS, [PRODUCT], True),
    (LOSS, ["gradient wrt W1", "gradient wrt W3"], True),
    (LOSS, ["gradient wrt X"], True),
    (LAYERS, ["jacobian-vector product wrt W2 along Q"], True),
    # Arrays of three axes, and a sum over samples that is larger than a matrix.
    (LOSS, ["hessian wrt W1"], True),
    (LOSS, ["gradient wrt W1", "hessian wrt W2"], True),
    # What a sum over all samples goes into is no matter of one block.
    (LOSS.replace("X*W1", "X*(X'*X)*W1"), [PRODUCT], False),
]


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)


def data(n, d, dtype):
    random = np.random.default_rng([n, d])
    square = {name: random.normal(size=(d, d)) for name in ("W1", "W2", "W3", "W4", "Q")}
    return {name: array.astype(dtype) for name, array in {"X": random.normal(size=(n, d)), "Y": np.eye(n, d), **square}.items()}


def run(program, values, threads):
    """Run the function of a program with a number of threads, one after the other."""
    namespace = {}
    exec(program.source, namespace)
    namespace["get_num_threads"] = lambda: threads
    function = namespace["outputs" if len(program.requests) > 1 else program.outputs[0].name]
    found = function(**{symbol.name: values[symbol.name] for symbol in program.arguments})
    return list(found.values()) if isinstance(found, dict) else [found]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0][:30]} {case[1][0]}")
def test_blocks_of_rows_give_what_whole_stages_give(case, dtype):
    text, outputs, is_by_rows = case
    program, plain = (gradproof.compile(text, outputs, target, assume=ASSUME) for target in ("numba", "numpy"))
    assert ("_rows(" in program.source) == is_by_rows
    for n, d, threads in [(600, 2, 1), (70, 3, 3), (5, 4, 2), (1, 1, 2)]:
        values = data(n, d, dtype)
        wanted = plain(**{symbol.name: values[symbol.name] for symbol in plain.arguments})
        tolerance = 2e-4 if dtype == np.float32 else 1e-11
        for one, other in zip(run(program, values, threads), wanted.values(), strict=True):
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
            assert one.dtype == dtype
            assert one.flags.c_contiguous

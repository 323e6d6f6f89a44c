"""docs/code.md: its blocks print what the blocks below them show, and the modules on it compute what its program does."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

import gradproof

PAGE = (Path(__file__).parent.parent.parent / "docs" / "code.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", PAGE, flags=re.DOTALL)
MODULES = [body for language, body in BLOCKS if language == "python" and body.startswith('"""')]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))


def library(body):
    return next((name for name in ("torch", "jax", "numba") if re.search(rf"^(import|from) {name}\b", body, re.MULTILINE)), "numpy")


def test_the_page_shows_a_module_for_each_target():
    assert [library(body) for body in MODULES] == ["numpy", "numba", "jax", "torch"]


def test_blocks_print_what_is_shown():
    names: dict[str, object] = {}
    pending = None
    for language, body in BLOCKS:
        if language == "text":
            assert pending in (None, body)
        elif body not in MODULES:
            if library(body) in ("torch", "jax"):
                try:
                    __import__(library(body))
                except ImportError:
                    pending = None
                    continue
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(body, "code.md", "exec"), names)
            pending = output.getvalue()


@pytest.mark.parametrize("body", MODULES, ids=library)
def test_the_modules_compute_what_the_program_does(body):
    pytest.importorskip(library(body))
    namespace = {}
    exec(compile(body, "code.md", "exec"), namespace)
    source = np.random.default_rng(6)
    values = {"X": source.normal(size=(5, 3)), "w": source.normal(size=3), "y": np.sign(source.normal(size=5)), "c": 0.3}
    program = gradproof.compile(
        "sum(log(1 + exp(-y.*(X*w)))) + c/2*norm2(w)^2", ["gradient wrt w"], "numpy", assume=["X: n,d", "c:"]
    )
    expected = program(**values)["gradient wrt w"]
    np.testing.assert_allclose(np.asarray(namespace["gradient_w"](**values)), expected, rtol=1e-4)

"""Gradproof proofreads gradients, and proves them.

The package loads nothing heavy by itself: public names are resolved when first used (PEP 562), and this
module is the one place where that happens.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "TSNE": "gradproof.tsne.estimator",
    "check": "gradproof.checker.check",
    "compile": "gradproof.program.compilation",
    "complete": "gradproof.completion.completion",
    "derive": "gradproof.derivation.derivation",
    "minimize": "gradproof.objective.minimization",
    "parse": "gradproof.formula.parse",
    "top_k_error": "gradproof.metrics.top_k",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'gradproof' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

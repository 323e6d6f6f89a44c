"""What a letter usually stands for: a to g a scalar, h to z a vector, A to Z a matrix. Used only where nothing else decides."""

from __future__ import annotations

from gradproof.formula.kinds import COLUMN, MATRIX, SCALAR, TENSOR3, TENSOR4, TENSOR5

_SCALAR_FIRST = (SCALAR, COLUMN, MATRIX, TENSOR3, TENSOR4, TENSOR5)
_VECTOR_FIRST = (COLUMN, SCALAR, MATRIX, TENSOR3, TENSOR4, TENSOR5)
_MATRIX_FIRST = (MATRIX, TENSOR3, TENSOR4, TENSOR5, COLUMN, SCALAR)

RULE = "a to g and words are scalars, h to z vectors, A to Z matrices"


def preferences(name: str) -> tuple[int, ...]:
    """Return the kinds that a name suggests, the most usual first.

    A letter counts with its digits and marks (``x_1``, ``y_hat``); longer words in small letters are scalars.
    """
    letter = name.partition("_")[0].rstrip("0123456789")
    if not letter or (len(letter) > 1 and letter[0].islower()):
        return _SCALAR_FIRST
    if letter[0].isupper():
        return _MATRIX_FIRST
    return _SCALAR_FIRST if letter < "h" else _VECTOR_FIRST


def usual(name: str) -> int:
    """Return the kind that a name suggests."""
    return preferences(name)[0]

"""Where the true class of every sample ranks, and what ties make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.errors import DomainError, ShapeError
from gradproof.metrics.kernels import Counts, Scores, best_of_labels, count_around

Ties = Literal["optimistic", "pessimistic", "expected", "strict"]
Labels = npt.ArrayLike | Sequence[Sequence[int]]

_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Ranks:
    """For every sample: the classes scored higher than its best true class, the tied ones, the true ones among these.

    ``labels`` are the class numbers, or None where a sample may have several.
    """

    higher: Counts
    tied: Counts
    true: Counts
    labels: Counts | None

    def misses(self, k: int, ties: Ties) -> npt.NDArray[np.float64]:
        """Return for every sample whether it is a miss at k, or with 'expected' how probable it is.

        Formula:  a miss is rank >= k. The rank is the number of classes scored strictly higher ('optimistic'), with the
                  ties that are not true counted too ('pessimistic'), or one in random order among its ties ('expected').
        Raises:   DomainError: 'strict' and ties decide a sample; it names the row.
        """
        lucky, unlucky = self.higher >= k, self.higher + self.tied - self.true >= k
        if ties == "strict":
            _refuse_ties(lucky != unlucky, k)
        if ties == "pessimistic":
            return unlucky.astype(np.float64)
        if ties == "expected":
            return self._expected(k, lucky, unlucky)
        return lucky.astype(np.float64)

    def _expected(self, k: int, lucky: npt.NDArray[np.bool_], unlucky: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Draw the places that are left below k from the tied classes: the chance that none of them is true."""
        chance = lucky.astype(np.float64)
        open_rows = np.flatnonzero(lucky != unlucky)
        if open_rows.size:
            places, tied, true = k - self.higher[open_rows], self.tied[open_rows], self.true[open_rows]
            product = np.ones(open_rows.size)
            for drawn in range(int(places.max())):
                factor = np.maximum(tied - true - drawn, 0) / np.maximum(tied - drawn, 1)
                product = np.where(drawn < places, product * factor, product)
            chance[open_rows] = product
        return chance

    def decided_by_ties(self, k: int) -> int:
        """Return how many samples are a hit or a miss at k according to how ties are broken."""
        return int(np.count_nonzero((self.higher >= k) != (self.higher + self.tied - self.true >= k)))


def _refuse_ties(is_open: npt.NDArray[np.bool_], k: int) -> None:
    if is_open.any():
        raise DomainError(
            f"no tie may decide at k = {k}", got=f"one in row {int(np.argmax(is_open))} ({int(is_open.sum())} in all)", where="top_k_error",
            remedy="Break the ties in the scores, or choose ties='optimistic', 'pessimistic' or 'expected'.",
        )  # fmt: skip


def check_ties(ties: str) -> None:
    """Raises DomainError: ``ties`` is not the name of a way to count them."""
    if ties not in get_args(Ties):
        raise DomainError(f"ties has to be one of {', '.join(get_args(Ties))}", got=repr(ties), where="top_k_error")


def count_ranks(scores: npt.ArrayLike, labels: Labels, threads: int = 1, first_row: int = 0) -> Ranks:
    """Return the ranks of all samples; reads the scores once, in blocks, as they lie (a memory map stays on disk).

    Args:     scores: (n, classes).  labels: (n,) class numbers; or for several true classes a list of lists, or an array
              of zeros and ones (n, classes).  threads: at most so many.  first_row: what messages call the first row.
    Raises:   DomainError: NaN, labels out of range, no label; ShapeError: shapes that do not fit.
    """
    table = score_table(scores)
    n, classes = table.shape
    starts, flat = _truth(labels, n, classes, first_row)
    higher, tied, true = (np.ones(n, dtype=np.int64) for _ in range(3))

    def run(block: slice) -> int:
        part = _plain(table[block])
        if starts is None:
            best = part[np.arange(part.shape[0]), flat[block]]
        else:
            best = np.empty(part.shape[0], dtype=part.dtype)
            best_of_labels(part, starts[block.start : block.stop + 1], flat, best, true[block])
        bad = count_around(part, best, higher[block], tied[block])
        return block.start + bad if bad >= 0 else -1

    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = [row for row in (pool.map(run, _blocks(table)) if threads > 1 else map(run, _blocks(table))) if row >= 0]
    if found:
        row = first_row + min(found)
        raise DomainError(
            "scores have to be numbers", got=f"NaN in row {row}", where="top_k_error", remedy="Mend or leave out this sample."
        )
    return Ranks(higher, tied, true, flat if starts is None else None)


def score_table(scores: npt.ArrayLike) -> Scores:
    """Return the scores as they are if they are a table of real numbers. Raises: ShapeError, DomainError."""
    if sparse.issparse(scores):
        raise ShapeError(
            "scores need an array with all its entries", got="a sparse matrix", where="top_k_error", remedy="Call toarray()."
        )
    table = _array(scores, "scores")
    if np.ma.is_masked(table):
        raise DomainError(
            "every score is needed", got="a masked array", where="top_k_error", remedy="Fill or leave out these samples."
        )
    if table.ndim != 2 or table.shape[1] == 0:
        raise ShapeError(
            "scores need a row for each sample and a column for each class", got=f"shape {table.shape}", where="top_k_error"
        )
    if table.dtype.kind not in "biuf":
        raise DomainError("scores have to be real numbers", got=f"dtype {table.dtype}", where="top_k_error", remedy="Convert them.")
    return table


def _blocks(table: Scores) -> Iterator[slice]:
    rows = max(1, _BLOCK_BYTES // max(1, table.shape[1] * table.dtype.itemsize))
    return (slice(start, min(start + rows, table.shape[0])) for start in range(0, table.shape[0], rows))


def _plain(part: npt.NDArray[Any]) -> Scores:
    """Return a block in an order and precision that the loops are compiled for; nothing is copied if it is so already.

    Wide integers that double precision would tie stay integers.
    """
    if part.dtype == np.float16:
        part = part.astype(np.float32)
    elif part.dtype.kind in "iu" and part.dtype.itemsize == 8 and part.size and max(-int(part.min()), int(part.max())) > 1 << 53:
        part = part.astype(part.dtype.newbyteorder("="))
    elif part.dtype not in (np.float32, np.float64):
        part = part.astype(np.float64)
    return np.asarray(np.ascontiguousarray(part))


def _truth(labels: Labels, n: int, classes: int, first_row: int) -> tuple[Counts | None, Counts]:
    """Return the labels of every row as starts and one flat list; no starts if each row has one label."""
    array = _as_array(labels)
    if array is None:
        lists = [_true_classes(row, first_row + place) for place, row in enumerate(labels)]  # type: ignore[arg-type]
        _check_rows(len(lists), n)
        flat = np.concatenate(lists)
        starts = np.concatenate([[0], np.cumsum([row.size for row in lists])]).astype(np.int64)
    elif array.ndim == 1:
        _check_rows(array.size, n)
        return None, _checked(array, classes, np.arange(n) + first_row)
    elif array.shape == (n, classes):
        rows, flat = _marked(array, first_row)
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)
    else:
        raise ShapeError(
            f"labels need shape ({n},), or zeros and ones in shape ({n}, {classes})", got=f"shape {array.shape}", where="top_k_error",
            remedy="Give lists of class numbers for several true classes.",
        )  # fmt: skip
    without = np.flatnonzero(np.diff(starts) == 0)
    if without.size:
        raise DomainError("every sample needs a true class", got=f"none in row {first_row + int(without[0])}", where="top_k_error")
    flat = _checked(flat, classes, np.repeat(np.arange(n) + first_row, np.diff(starts)))
    _refuse_repeats(starts, flat, first_row)
    return starts, flat


def _marked(array: npt.NDArray[Any], first_row: int) -> tuple[Counts, Counts]:
    """Return the rows and columns of the ones, reading the table in blocks: it may be as large as the scores."""
    rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for block in _blocks(array):
        part = np.asarray(array[block])
        is_one = part == 1
        wrong = np.argwhere(~(is_one | (part == 0)))
        if wrong.size:
            row, column = wrong[0]
            raise DomainError(
                "a table of labels has zeros and ones",
                got=f"{part[row, column]} in row {first_row + block.start + int(row)}",
                where="top_k_error",
                remedy="Give lists of class numbers for several true classes.",
            )
        in_block, of_block = np.nonzero(is_one)
        rows.append(in_block + block.start)
        columns.append(of_block)
    return np.concatenate(rows), np.concatenate(columns)


def _as_array(labels: Labels) -> npt.NDArray[Any] | None:
    """Return labels as an array, or None if they are lists of several true classes."""
    if sparse.issparse(labels):
        return np.asarray(labels.toarray())  # type: ignore[union-attr]
    is_listed = isinstance(labels, list | tuple) or (isinstance(labels, np.ndarray) and labels.ndim == 1 and labels.dtype == object)
    if is_listed and any(isinstance(row, list | tuple | set | frozenset | np.ndarray) for row in labels):  # type: ignore[union-attr]
        return None
    array = _array(labels, "labels")
    return array if array.size or isinstance(labels, np.ndarray) else array.astype(np.int64)


def _array(values: npt.ArrayLike | Labels, name: str) -> npt.NDArray[Any]:
    try:
        return np.asanyarray(values)
    except ValueError:
        raise ShapeError(f"{name} need rows of one length", got="others", where="top_k_error") from None


def _true_classes(row: Any, number: int) -> npt.NDArray[Any]:
    """Return the true classes of a sample, one number or several."""
    listed = sorted(row) if isinstance(row, set | frozenset) else row
    classes = np.atleast_1d(_array(listed, f"labels of row {number}"))
    if classes.ndim != 1:
        raise ShapeError(
            "a sample needs a list of class numbers", got=f"shape {classes.shape} in row {number}", where="top_k_error"
        )
    return classes if classes.size else classes.astype(np.int64)


def _check_rows(found: int, n: int) -> None:
    if found != n:
        raise ShapeError(f"labels need one entry for each of {n} rows of scores", got=f"{found}", where="top_k_error")


def _checked(flat: npt.NDArray[Any], classes: int, rows: Counts) -> Counts:
    if flat.dtype.kind not in "iu":
        raise DomainError(
            "labels have to be whole numbers", got=f"dtype {flat.dtype}", where="top_k_error", remedy="Convert them to int."
        )
    outside = np.flatnonzero((flat < 0) | (flat >= classes))
    if outside.size:
        raise DomainError(
            f"labels have to be from 0 to {classes - 1}", got=f"{flat[outside[0]]} in row {rows[outside[0]]}", where="top_k_error",
            remedy="Number the classes as the columns of the scores.",
        )  # fmt: skip
    return np.ascontiguousarray(flat, dtype=np.int64)


def _refuse_repeats(starts: Counts, flat: Counts, first_row: int) -> None:
    rows = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    order = np.lexsort((flat, rows))
    repeated = np.flatnonzero((np.diff(rows[order]) == 0) & (np.diff(flat[order]) == 0))
    if repeated.size:
        row = first_row + int(rows[order][repeated[0]])
        raise DomainError("a sample needs each true class once", got=f"one twice in row {row}", where="top_k_error")

"""A team of threads that compiled loops are dealt out to; it sleeps when it waits, and is never larger than asked for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import numpy as np

from gradproof.errors import DomainError


def available_threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_threads(n_jobs: int | None) -> int:
    """Return the number of threads that n_jobs stands for: None is 1, -1 all cores, -2 all but one."""
    if n_jobs is None:
        return 1
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0:
        raise DomainError("n_jobs has to be a whole number other than 0", got=repr(n_jobs), where="TSNE")
    return int(n_jobs) if n_jobs > 0 else max(1, available_threads() + 1 + int(n_jobs))


class Team:
    """Threads for loops that release the interpreter lock; use it in a with statement.

    Which rows a part gets depends on the number of parts alone, so sums over parts come out the same in every run.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads - 1) if threads > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def run(self, loop: Callable[..., Any], rows: int, *arguments: Any) -> list[Any]:
        """Call loop(first, last, part, *arguments) for as many parts of range(rows) as there are threads."""
        if self._pool is None or rows < self.threads:
            return [loop(0, rows, 0, *arguments)]
        edges = [rows * part // self.threads for part in range(self.threads + 1)]
        others = [self._pool.submit(loop, edges[part], edges[part + 1], part, *arguments) for part in range(1, self.threads)]
        own = loop(edges[0], edges[1], 0, *arguments)
        return [own, *(other.result() for other in others)]

    def deal(self, loop: Callable[..., Any], rows: int, size: int, *arguments: Any) -> list[Any]:
        """Call loop(first, last, part, *arguments) for parts of the given size; whoever is free takes the next."""
        edges = [*range(0, rows, size), rows]
        if self._pool is None or len(edges) <= 2:
            return [loop(first, last, part, *arguments) for part, (first, last) in enumerate(itertools.pairwise(edges))]
        parts = [
            self._pool.submit(loop, first, last, part, *arguments) for part, (first, last) in enumerate(itertools.pairwise(edges))
        ]
        results: list[Any] = [None] * len(parts)
        # The calling thread works too: it takes from the far end whatever no other has begun.
        for part in range(len(parts) - 1, -1, -1):
            if parts[part].cancel():
                results[part] = loop(edges[part], edges[part + 1], part, *arguments)
        return [mine if other.cancelled() else other.result() for mine, other in zip(results, parts, strict=True)]

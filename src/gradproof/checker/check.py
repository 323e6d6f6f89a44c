"""``check``: documents to a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gradproof import __version__
from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import Report
from gradproof.checker.worker import Task, run_tasks
from gradproof.elaborate.assumptions import declared_by_user


def check_paths(
    paths: Sequence[str],
    options: CheckOptions,
    on_progress: Callable[[int, int], None] | None = None,
    stdin: str | None = None,
) -> Report:
    """Return the report of the documents at the given paths; '-' is ``stdin``.

    A document that cannot be read is reported with its error; the others are decided all the same.
    """
    start = time.monotonic()
    declared = declared_by_user(options.assume)
    tasks = [Task(path, stdin if path == "-" else None) for path in dict.fromkeys(paths)]
    files = run_tasks(tasks, options, declared, on_progress)
    return Report(tuple(files), __version__, options.seed, time.monotonic() - start)


def check(*paths: str, assume: Sequence[str] = (), seed: int = 0, jobs: int = 1, timeout: float = 5.0) -> Report:
    """Return the verdicts on the equations of one or more documents.

    Args:    paths: Markdown (.md, .txt), LaTeX (.tex), notebooks (.ipynb) or web pages (.html).  assume: declarations such as 'W: k,d'.
             timeout: seconds that one equation may take.
    Returns: a ``Report``: per file the equations, each with its links, verdicts and certificates.
    Raises:  FormulaError: a declaration cannot be read.
    """
    return check_paths(paths, CheckOptions(assume=tuple(assume), seed=seed, jobs=jobs, timeout=timeout))

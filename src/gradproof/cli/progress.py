"""A progress bar on standard error, for work that takes longer than a second on a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class ProgressBar:
    """Counts things: ``with ProgressBar() as report: report(done, total)``; ``doing`` says what is done with which."""

    def __init__(self, *, is_wanted: bool = True, doing: tuple[str, str] = ("checking", "equations")) -> None:
        self._doing = doing
        self._is_wanted = is_wanted and sys.stderr.isatty()
        self._start = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __call__(self, done: int, total: int) -> None:
        """Show how many of the things are done."""
        if not self._is_wanted:
            return
        if self._bar is None and time.monotonic() - self._start > _PATIENCE:
            self._open()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _open(self) -> None:
        # Slow to import, and most runs end before it is needed.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn(self._doing[0]), BarColumn(), MofNCompleteColumn(), TextColumn(self._doing[1]), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(self._doing[0])
        self._bar.start()

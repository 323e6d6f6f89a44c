"""What a run says of itself while it goes on: a bar with the KL divergence and the time left, or lines of text."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Monitor:
    """Shows stages and iterations on standard error if it is asked to; use it in a with statement."""

    def __init__(self, is_shown: bool, iterations: int) -> None:
        self._iterations = iterations
        self._progress: Progress | None = None
        self._task: Any = None
        if is_shown:
            self._progress = Progress(
                TextColumn("t-SNE"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[divergence]}"), TimeRemainingColumn(),
                console=Console(stderr=True),
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.stop()

    def say(self, text: str) -> None:
        """Show a line about a stage that begins or has ended."""
        if self._progress is not None:
            self._progress.console.print(f"t-SNE: {text}", markup=False, highlight=False)

    def __call__(self, iteration: int, divergence: float, embedding: Any) -> None:
        """Show how far the optimizer is; a callback of it."""
        if self._progress is None:
            return
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task("", total=self._iterations, divergence="")
        self._progress.update(self._task, completed=iteration, divergence=f"KL {divergence:.4f}")

"""Training as lines: one for every epoch; on a terminal the current one grows in its place."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from gradproof.experiment.fit import Epoch, Watch
from gradproof.experiment.plan import Plan

_WIDTH = 20
_SECONDS_BETWEEN = 0.2


class Progress(Watch):
    """Writes loss, error, and the time that is left, to standard error unless another stream is given."""

    def __init__(self, plan: Plan, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        pruning = plan.pruning
        self._total = sum(phase.epochs for phase in plan.training) + (pruning.epochs + pruning.tuning_epochs if pruning else 0)
        self._done = 0
        self._seconds: list[float] = []
        self._shown = 0.0

    def begin(self, epochs_done: int) -> None:
        """Remember the epochs of an earlier run."""
        self._done = epochs_done
        if epochs_done:
            self._write(f"going on after {epochs_done} of {self._total} epochs", is_last=True)

    def batch(self, phase: str, epoch: int, epochs: int, share: float) -> None:
        """Show a bar, on a terminal and not too often."""
        now = time.monotonic()
        if self._is_terminal and now - self._shown > _SECONDS_BETWEEN:
            self._shown = now
            bar = "=" * round(_WIDTH * share)
            self._write(f"{phase:>10}  epoch {epoch:3d}/{epochs}  [{bar:<{_WIDTH}}] {100 * share:3.0f}%{self._left(share)}")

    def epoch(self, made: Epoch, epochs: int) -> None:
        """Write the line of an epoch."""
        self._done += 1
        self._seconds.append(made.seconds)
        self._write(
            f"{made.phase:>10}  epoch {made.number:3d}/{epochs}  loss {made.loss:8.4f}  error {100 * made.error:6.2f}%"
            f"  {made.seconds:6.2f} s{self._left(0.0)}",
            is_last=True,
        )

    def _left(self, share: float) -> str:
        # The first epoch compiles: the median of the last ones forgets it soon.
        if not self._seconds:
            return ""
        recent = sorted(self._seconds[-5:])
        return f"  about {(self._total - self._done - share) * recent[len(recent) // 2]:.0f} s left"

    def _write(self, text: str, is_last: bool = False) -> None:
        if self._is_terminal:
            self._stream.write(f"\r{text}\033[K" + ("\n" if is_last else ""))
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

"""What a run of ``check`` may be told, checked once at the door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches

from gradproof.checker.codes import CODES
from gradproof.errors import GradproofError


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The options of one run.

    ``assume`` holds declarations; ``select`` and ``ignore`` hold codes or prefixes of codes ('R', 'U10', 'R101');
    ``timeout`` bounds one equation in seconds; ``jobs`` counts worker processes; ``memory_limit`` bounds one worker in
    bytes.

    Raises: GradproofError: a value out of its range, or a code that does not exist.
    """

    assume: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    timeout: float = 5.0
    jobs: int = 1
    seed: int = 0
    memory_limit: int = 1 << 30

    def __post_init__(self) -> None:
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise GradproofError(
                "expected a positive number of seconds",
                got=str(self.timeout),
                remedy="Give for instance 5.",
                where="--timeout",
            )
        if self.jobs < 1:
            raise GradproofError("expected at least 1 worker", got=str(self.jobs), remedy="Give for instance 2.", where="--jobs")
        if self.seed < 0:
            raise GradproofError(
                "expected an integer that is not negative", got=str(self.seed), remedy="Give for instance 0.", where="--seed"
            )
        if self.memory_limit < 1 << 26:
            raise GradproofError(
                "expected at least 64 MiB of memory for a worker", got=f"{self.memory_limit} bytes", where="memory limit"
            )
        object.__setattr__(self, "select", tuple(known_prefix(code, "--select") for code in self.select))
        object.__setattr__(self, "ignore", tuple(known_prefix(code, "--ignore") for code in self.ignore))


def known_prefix(text: str, where: str = "") -> str:
    """Return a code or prefix of codes in its canonical capitals.

    Raises:  GradproofError: no code begins so; the message names the closest.
    Example: >>> known_prefix("r10")
             'R10'
    """
    prefix = text.strip().upper()
    if prefix and any(code.startswith(prefix) for code in CODES):
        return prefix
    close = get_close_matches(prefix, [*CODES, *sorted({code[0] for code in CODES})], n=1, cutoff=0.0)
    raise GradproofError(
        "expected a code or the beginning of one",
        got=repr(text),
        remedy=f"The closest is {close[0]}; 'gradproof explain' lists them all.",
        where=where,
    )

"""What a user may ask of a check."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.errors import GradproofError


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Options of ``check``: ``timeout`` in seconds for one equation, ``jobs`` worker processes, ``memory_limit`` in bytes
    for each of them, ``seed`` of the random instances, ``assume`` declarations that the documents leave out."""

    assume: tuple[str, ...] = ()
    timeout: float = 5.0
    jobs: int = 1
    seed: int = 0
    memory_limit: int = 2 << 30

    def __post_init__(self) -> None:
        if not 0 < self.timeout <= 3600:
            raise GradproofError("--timeout: between 0 and 3600 seconds were expected", got=str(self.timeout))
        if not 1 <= self.jobs <= 256:
            raise GradproofError("--jobs: between 1 and 256 processes were expected", got=str(self.jobs))

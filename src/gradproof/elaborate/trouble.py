"""What can stand in the way of a meaning: each trouble carries the code of the verdict that it leads to."""

from __future__ import annotations


class Trouble(Exception):
    """A formula, or a part of one, to which no meaning can be given. ``code`` is one of ``checker.codes``."""

    def __init__(self, code: str, reason: str, *, hint: str = "") -> None:
        self.code = code
        self.reason = reason
        self.hint = hint
        super().__init__(f"{code}: {reason}")


class Unreadable(Trouble):
    """There is a hole, or a construct without a rule: the claim is left undecided."""


class Misfit(Trouble):
    """Shapes or index ranges that do not fit.

    ``is_certain`` tells whether the document itself fixed both sides (declared sizes, literal matrices); a misfit that
    rests on a guessed rank only rules out a reading.
    """

    def __init__(self, code: str, reason: str, *, is_certain: bool, hint: str = "") -> None:
        self.is_certain = is_certain
        super().__init__(code, reason, hint=hint)

"""What an entry says of itself: its function, its proximal operator and where they come from, as its docstring states them."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from gradproof.prox.function import AbstractFunction

_LETTER = re.compile(r"(\w+): (?:the )?(\w)(?:_[a-z])?[,;.]")
_FIELD = re.compile(r"^(Prox|Args|Raises|Source|Example):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reference:
    """The facts of one entry, in words: the step size is gamma, the point x, an argument goes by its letter if it has one."""

    name: str
    function: str
    prox: str
    source: str
    letters: dict[str, str]


def reference(entry: type[AbstractFunction]) -> Reference:
    """Return what an entry says of itself; empty words where Python dropped the docstrings (-OO).

    Example: >>> from gradproof.prox import L2
             >>> reference(L2).prox
             '(1 - gamma lambda / max(||x||_2, gamma lambda)) x'
    """
    head, *rest = _FIELD.split(inspect.cleandoc(entry.__doc__ or ""))
    fields = {name: " ".join(text.split()).removesuffix(".") for name, text in zip(rest[::2], rest[1::2], strict=True)}
    function = " ".join(head.split("\n\n")[0].split()).removesuffix(".")
    return Reference(
        entry.__name__,
        function,
        fields.get("Prox", ""),
        fields.get("Source", ""),
        dict(_LETTER.findall(f"{fields.get('Args', '')}.")),
    )

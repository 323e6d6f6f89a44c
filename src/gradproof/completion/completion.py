"""``complete``: a document in, the same document with its open places answered out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradproof.checker.options import CheckOptions
from gradproof.checker.verdict import FileReport
from gradproof.completion.corrections import Correction, corrected
from gradproof.completion.places import open_places
from gradproof.completion.prompts import prompted_places
from gradproof.completion.run import FilledPlace, OpenPlace, Run
from gradproof.completion.tables import table_places
from gradproof.reader.read import SUFFIXES, read_document


@dataclass(frozen=True, slots=True)
class Completion:
    """A completed document: ``text`` is what its file is to hold; ``report`` is the checker's report of it."""

    path: str
    original: str
    text: str
    filled: tuple[FilledPlace, ...] = ()
    left_open: tuple[OpenPlace, ...] = ()
    report: FileReport | None = None
    corrected: tuple[Correction, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left open."""
        return not self.left_open

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before, after = self.original.splitlines(keepends=True), self.text.splitlines(keepends=True)
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(before, after, fromfile=self.path, tofile=self.path, n=2)
        )

    def __str__(self) -> str:
        return self.text


def complete(
    document: str | Path,
    *,
    steps: bool = False,
    correct: bool = False,
    assume: Sequence[str] = (),
    seed: int = 0,
    timeout: float = 5.0,
) -> Completion:
    """Return a document with its open places (``= ?`` and the like) answered, each answer verified by the checker.

    Args:    document: a path, or the text of a Markdown document, a LaTeX document or a notebook.  steps: the derivation below every answer.
             correct: refuted right sides are replaced by the right ones and marked.
             assume: declarations such as 'W: k,d'.  timeout: seconds that one equation may take.
    Returns: a ``Completion``: the text, what was filled in, what was left open and why.
    Raises:  ReadError: the document cannot be read.  FormulaError: a declaration cannot be read.
    Example: >>> print(complete("The slope is $\\\\frac{d}{dx} x^2 = ?$\\n").text)
             The slope is $\\frac{d}{dx} x^2 = 2 x$
             <BLANKLINE>
    """
    options = CheckOptions(assume=tuple(assume), seed=seed, timeout=timeout)
    if isinstance(document, Path) or ("\n" not in document and len(document) < 1000 and Path(document).exists()):
        return complete_document(str(document), None, options, wants_steps=steps, wants_corrections=correct)
    if "\n" not in document and Path(document).suffix in SUFFIXES:
        read_document(document)  # says that there is no such file
    return complete_document(_name_for(document), document, options, wants_steps=steps, wants_corrections=correct)


def _name_for(text: str) -> str:
    """Return the file name that a text without one is read under."""
    if text.lstrip().startswith("{") and '"cells"' in text:
        return "document.ipynb"
    if re.match(r"\s*<(?:!doctype html|html|body|head|p|h[1-6]|div)\b", text, re.IGNORECASE):
        return "document.html"
    return "document.tex" if "\\begin{document}" in text or "\\section{" in text else "document.md"


def complete_document(
    path: str,
    text: str | None,
    options: CheckOptions,
    *,
    wants_steps: bool = False,
    wants_corrections: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Completion:
    """Return the completion of the document at a path, or of a text that is read as if it stood there.

    ``on_progress`` is told how many of the open places are worked out, and how many there are.
    """
    original = Run.of(path, text, options, wants_steps, None).source.raw
    corrections: tuple[Correction, ...] = ()
    if wants_corrections:
        text, corrections = corrected(path, text, options, on_progress)
    run = Run.of(path, text, options, wants_steps, on_progress)
    places, parts = open_places(run.document)
    prompted, not_understood = prompted_places(run.document, places)
    is_prompted = {at for place in prompted for at in range(place.start, place.end)}
    doubtful = [(at, "the blank is only a part of a side") for at in parts if at not in is_prompted]
    taken = {place.start for place in (*places, *prompted)}
    cells = [place for place in table_places(run.document, run.source.raw) if place.start not in taken]
    every = sorted([*places, *prompted, *cells], key=lambda place: place.start)
    answered = run.answered(every)
    edits, report = run.with_steps(answered)
    return Completion(
        path,
        original,
        run.source.edited(edits),
        tuple(run.filled(entry, answered.found[entry.question.place.start]) for entry in answered.chosen),
        tuple(run.left_open(every, [*doubtful, *not_understood], answered.chosen)),
        report,
        corrections,
    )

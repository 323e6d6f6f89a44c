"""Where a report goes: standard output, or a file that is replaced in one step."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gradproof.errors import GradproofError


def check_destination(output: str, inputs: Iterable[str]) -> None:
    """Refuse, before any work is done, a file that cannot be written or that would replace a document.

    Raises: GradproofError: the folder is missing or not writable, or the file is a folder or an input.
    """
    file = Path(output)
    if file.is_dir():
        raise GradproofError("a file was expected", got="a folder", where=_place(output), remedy="Name a file in it.")
    folder = file.parent
    if not folder.is_dir():
        raise GradproofError(f"the folder '{folder}' does not exist", where=_place(output), remedy="Make it, or name another file.")
    if not os.access(folder, os.W_OK):
        raise GradproofError(f"the folder '{folder}' cannot be written", where=_place(output), remedy="Name another file.")
    for path in inputs:
        if file.exists() and os.path.exists(path) and os.path.samefile(file, path):
            raise GradproofError(
                "a new file was expected", got="a file that is read", where=_place(output),
                remedy="Name another file.",
            )  # fmt: skip


def write_file(output: str, text: str, *, newline: str = "\n") -> None:
    """Write the text to a temporary file beside ``output`` and put it in its place; a device is written directly.

    ``newline`` is what a line feed is written as; the empty string writes the text as it is.

    Raises: GradproofError: the file cannot be written.
    """
    file = Path(output)
    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8", errors="replace", newline=newline)
        else:
            _replace(file.resolve(), text, newline)
    except OSError as trouble:
        raise GradproofError(
            f"the file cannot be written: {trouble.strerror}", where=_place(output), remedy="Name another file."
        ) from None


def write_standard_output(text: str) -> None:
    """Write the text to standard output as UTF-8, whatever the locale says."""
    stream = sys.stdout
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
    else:
        binary.write(text.encode("utf-8", "replace"))
    stream.flush()


def allows_color(is_terminal: bool) -> bool:
    """Obey NO_COLOR (no-color.org), then FORCE_COLOR, then what the terminal says of itself."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _replace(file: Path, text: str, newline: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline=newline) as stream:
            stream.write(text)
        os.chmod(temporary, _rights(file))
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def _rights(file: Path) -> int:
    if file.exists():
        return file.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _place(output: str) -> str:
    return f"-o {output}"

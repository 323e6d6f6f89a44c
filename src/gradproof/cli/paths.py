"""The paths of a command line, folders expanded to the documents in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Web pages are read where they are named: those in a folder are mostly the output of other tools.
SUFFIXES = frozenset({".md", ".markdown", ".txt", ".tex", ".ipynb"})
_KNOWN = ".md, .txt, .tex, .ipynb"


@dataclass(frozen=True, slots=True)
class Target:
    """A document to check, or the reason why it is not checked."""

    path: str
    error: str = ""


def expand(paths: Iterable[str]) -> list[Target]:
    """Return the documents to check, each once: named files as they are, the documents below named folders sorted.

    Hidden folders are skipped. A link that leads out of its folder is not followed, and reported as an error, so
    that nothing is read that the user did not name.
    """
    targets: dict[str, Target] = {}
    for path in paths:
        for target in _targets(path):
            targets.setdefault(target.path, target)
    return list(targets.values())


def _targets(path: str) -> Iterator[Target]:
    if path == "-":
        yield Target(path)
    elif "\0" in path:
        yield Target(path, "the name of a file was expected, got a name with a null character. Check the path.")
    elif os.path.isdir(path):
        found = list(_documents(Path(path)))
        yield from found or [Target(path, f"a folder with documents ({_KNOWN}) was expected, got none. Check the path.")]
    elif not os.path.lexists(path):
        yield Target(path, "the file does not exist. Check the path.")
    else:
        yield Target(path)


def _documents(folder: Path) -> Iterator[Target]:
    root = folder.resolve()
    unreadable: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if os.path.islink(os.path.join(place, name))]
        candidates = [name for name in names if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")]
        for name in sorted(candidates + linked):
            file = Path(place, name)
            if file.is_symlink() and not _stays_inside(file, root):
                yield Target(str(file), f"it links out of {folder}, so it is not followed. Name it to check it.")
            elif name not in linked:
                yield Target(str(file))
    for trouble in unreadable:
        yield Target(str(trouble.filename), f"the folder cannot be read: {trouble.strerror}. Check its rights.")


def _stays_inside(file: Path, root: Path) -> bool:
    try:
        return file.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False

"""Reads a document of any known kind into blocks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from gradproof.errors import ReadError, Span
from gradproof.reader.directives import directives
from gradproof.reader.document import Block, Display, Document, Formula, Heading, Problem, Prose
from gradproof.reader.macros import Macro, collect
from gradproof.reader.markup import Scan, split_rows
from gradproof.reader.parts import empty_parts
from gradproof.reader.webpage import readable

SUFFIXES = frozenset({".md", ".txt", ".markdown", ".tex", ".ipynb", ".html", ".htm"})
_LARGEST_FILE = 50 << 20
_DEEPEST_INPUT = 8
_INPUT = re.compile(r"\\(?:input|include)\s*\{([^{}\n]*)\}")
_TEX_COMMENT = re.compile(r"(?<!\\)%(?!%*\s*gradproof:)[^\n]*")
_VERBATIM = re.compile(r"\\begin\{(verbatim|lstlisting|minted|comment)\*?\}.*?\\end\{\1\*?\}", re.DOTALL)


def read_document(path: str, text: str | None = None) -> Document:
    """Return a document: by its suffix Markdown (.md, .txt), LaTeX (.tex), a notebook (.ipynb) or a web page (.html).

    Args:   text: the content, when it does not come from the file (standard input); read as Markdown unless the path says otherwise.
    Raises: ReadError: the file is missing, a folder, binary, too large, of no known kind, or a broken notebook.
    """
    content = _content(path) if text is None else text
    content = content.removeprefix("﻿").replace("\r\n", "\n").replace("\r", "\n")
    suffix = Path(path).suffix.lower()
    if suffix == ".ipynb":
        return _notebook(path, content)
    if suffix in (".html", ".htm"):
        scan = Scan(readable(content), "html").run()
        return _document(path, scan, tuple(scan.problems), "html")
    if suffix == ".tex" or (suffix not in SUFFIXES and "\\begin{document}" in content):
        return _latex(path, content)
    return _markdown(path, content)


def _content(path: str) -> str:
    file = Path(path)
    try:
        if file.is_dir():
            raise ReadError("a document was expected", got="a folder", where=path, remedy="Name the files in it.")
        if file.stat().st_size > _LARGEST_FILE:
            raise ReadError("a document of at most 50 MB was expected", where=path, remedy="Split the file.")
        data = file.read_bytes()
    except FileNotFoundError:
        raise ReadError("the file does not exist", where=path, remedy="Check the path.") from None
    except OSError as trouble:
        raise ReadError(f"the file cannot be read: {trouble.strerror}", where=path, remedy="Check its rights.") from None
    if file.suffix.lower() not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise ReadError(f"a document ({known}) was expected", got=f"'{file.suffix}'", where=path, remedy="Rename it.")
    if b"\x00" in data:
        raise ReadError("a text file was expected", got="binary data", where=path, remedy="Check the path.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as trouble:
        where = f"{path}: byte {trouble.start}"
        raise ReadError("a text file in UTF-8 was expected", got="other bytes", where=where, remedy="Convert it.") from None


def _markdown(path: str, text: str) -> Document:
    scan = Scan(text, "markdown").run()
    return _document(path, scan, tuple(scan.problems), "markdown")


def _document(path: str, scan: Scan, problems: tuple[Problem, ...], kind: str) -> Document:
    blocks = tuple(_with_rows(scan.blocks))
    suppressions, assumptions, wrong = directives(scan.text, scan.positions, blocks)
    return Document(
        path=path,
        source=scan.text,
        blocks=blocks,
        suppressions=suppressions,
        assumptions=assumptions,
        empty_parts=empty_parts(blocks),
        problems=problems + wrong,
        format=kind,  # type: ignore[arg-type]
    )


def _with_rows(blocks: list[Block]) -> list[Block]:
    found: list[Block] = []
    for block in blocks:
        if isinstance(block, Display):
            found.extend(Display(formula, block.span) for formula in split_rows(block.formula))
        else:
            found.append(block)
    return found


# Notebooks ---------------------------------------------------------------------------------------------------------


def _notebook(path: str, text: str) -> Document:
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]
        texts = [source if isinstance(source, str) else "".join(source) for source in sources]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ReadError("a notebook was expected", got="broken JSON", where=path, remedy="Save it again.") from None
    starts: list[int] = []
    line = 1
    for cell in texts:
        starts.append(line)
        line += cell.count("\n") + 2
    scan = Scan("\n\n".join(texts), "markdown").run()
    return replace(_document(path, scan, tuple(scan.problems), "notebook"), cell_lines=tuple(starts))


# LaTeX -------------------------------------------------------------------------------------------------------------


def _latex(path: str, text: str) -> Document:
    macros: dict[str, Macro] = {}
    problems: list[Problem] = []
    scan = _latex_scan(Path(path), text, macros, problems, (Path(path).resolve(),))
    document = _document(path, scan, tuple(problems + scan.problems), "latex")
    suppressions, assumptions, _ = directives(text, scan.positions, document.blocks)
    return replace(document, source=text, suppressions=suppressions, assumptions=assumptions)


def _latex_scan(path: Path, text: str, macros: dict[str, Macro], problems: list[Problem], seen: tuple[Path, ...]) -> Scan:
    """Scan a file; the blocks of the files that it asks for stand where it asks, with the span of that line."""
    blank = _blanked(text)
    collected = collect(blank, macros)
    scan = Scan(collected, "latex", macros)
    scan.run()
    inputs = list(_INPUT.finditer(blank))
    for match in reversed(inputs):
        span = scan.positions.span(match.start(), match.end())
        included = _included(path, match.group(1).strip(), span, macros, problems, seen)
        place = next((at for at, block in enumerate(scan.blocks) if block.span.line > span.line), len(scan.blocks))
        scan.blocks[place:place] = [_moved(block, span) for block in included]
    return scan


def _blanked(text: str) -> str:
    """Blank out comments, verbatim text and the preamble's prose, keeping every offset."""
    text = _TEX_COMMENT.sub(lambda match: " " * len(match.group()), text)
    text = _VERBATIM.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    begin = text.find("\\begin{document}")
    if begin == -1:
        return text
    end = text.find("\\end{document}")
    end = len(text) if end == -1 else end
    preamble = re.sub(r"\\(?:usepackage|documentclass)[^\n]*", lambda match: " " * len(match.group()), text[:begin])
    return preamble + " " * len("\\begin{document}") + text[begin + len("\\begin{document}") : end]


def _included(
    path: Path, name: str, span: Span, macros: dict[str, Macro], problems: list[Problem], seen: tuple[Path, ...]
) -> list[Block]:
    folder = path.resolve().parent
    wanted = (folder / (name if name.endswith(".tex") else name + ".tex")).resolve()
    if not wanted.is_relative_to(folder):
        problems.append(Problem(f"\\input{{{name}}} leaves the folder of the document and is not read.", span))
        return []
    if wanted in seen or len(seen) > _DEEPEST_INPUT:
        problems.append(Problem(f"\\input{{{name}}} asks for itself and is not read again.", span))
        return []
    try:
        text = _content(str(wanted))
    except ReadError as trouble:
        problems.append(Problem(f"\\input{{{name}}} is not read: {trouble.expected}.", span))
        return []
    return _latex_scan(wanted, text, macros, problems, (*seen, wanted)).blocks


def _moved(block: Block, span: Span) -> Block:
    if isinstance(block, Display):
        return Display(replace(block.formula, span=span), span)
    if isinstance(block, Prose | Heading):
        pieces = tuple(replace(piece, span=span) if isinstance(piece, Formula) else piece for piece in block.pieces)
        return replace(block, span=span, pieces=pieces)
    return replace(block, span=span)

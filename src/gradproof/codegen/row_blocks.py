"""Functions that treat every sample alike, block by block of samples: each thread takes its rows through all stages.

What one stage hands to the next stays in the caches, products of small matrices and the loops between them run side by side on all
threads, and the sums over samples, ``X'R``, are added up by thread. That is sound where no line but such a sum looks at two rows at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gradproof.codegen.signature import Signature
from gradproof.codegen.sizes import size_text
from gradproof.codegen.whole_body import CALL, EMPTY, FACTOR, PRODUCT, SCALED
from gradproof.expr.node import Expr

#: So many lines over the rows at least are worth threads of their own.
_WORTH = 6
_HEAD = re.compile(r"@njit\((?:parallel=True, )?\*\*LOOPS\)\ndef (?P<name>\w+)\((?P<parameters>[\w, ]*)\):\n")
_LOOP = re.compile(r"for (?P<letter>\w+) in p?range\((?P<end>.+)\):")

Shape = tuple[str, ...]


@dataclass
class Blocks:
    """The lines of a function before, over and behind the blocks of rows, and the sums over these.

    ``totals`` are the shapes of the sums, ``width`` counts the entries that a row has in all arrays of a block.
    """

    row: str
    shapes: dict[str, Shape]
    before: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    totals: dict[str, Shape] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    width: list[str] = field(default_factory=list)
    kernels: set[str] = field(default_factory=set)

    def has_rows(self, name: str) -> bool:
        """Tell whether an array has a row for each sample."""
        return self.shapes.get(name, ())[:1] == (self.row,)


def in_blocks(made: Signature, lines: Sequence[str], kernels: Mapping[str, str]) -> tuple[Blocks, dict[str, str]] | None:
    """Return the lines of a function sorted by blocks, and its kernels for the rows of a block; None where rows do not stand alone."""
    shapes = {made.names[symbol.name]: tuple(_length(axis.size, made) for axis in symbol.axes) for symbol in made.arguments}
    leading = {shape[0] for shape in shapes.values() if len(shape) == 2} & {made.names[size.name] for size in made.sizes}
    leading -= {length for shape in shapes.values() for length in shape[1:]}
    for row in sorted(leading):
        blocks = Blocks(row, dict(shapes))
        if all(_sorted(line, blocks, kernels) for line in lines) and len(blocks.inside) >= _WORTH:
            own = {name: _of_rows(source, blocks.row) for name, source in kernels.items() if name in blocks.kernels}
            return blocks, {**kernels, **own}
    return None


def _length(size: Expr, made: Signature) -> str:
    return size_text(size, made.names) or "?"


def _sorted(line: str, blocks: Blocks, kernels: Mapping[str, str]) -> bool:
    """Put a line where it belongs; tell whether there is such a place."""
    if found := EMPTY.fullmatch(line):
        shape = tuple(length for length in (part.strip(",") for part in found["shape"].split(", ")) if length)
        return _placed(line, found["name"], shape, (), blocks)
    if found := CALL.fullmatch(line):
        return _kernel(line, found, blocks, kernels)
    if found := SCALED.fullmatch(line):
        return _placed(line, found["name"], blocks.shapes[found["array"]], (found["array"],), blocks)
    found = PRODUCT.fullmatch(line)
    if found is None:
        return False
    values = [value for value in (found["value"], found["other"]) if value is not None]
    product = _shape_of(values[0], blocks)
    if product is None or any(_shape_of(value, blocks) != product for value in values):
        return False
    read = tuple(name for value in values for name in re.findall(r"(?<!\.)\b[A-Za-z_]\w*", value))
    if any(map(blocks.has_rows, read)) and product[:1] != (blocks.row,):
        return _total(found["name"], found["value"], product, read, blocks) if len(values) == 1 else False
    return _placed(line, found["name"], product, read, blocks)


def _placed(line: str, name: str, shape: Shape, read: Sequence[str], blocks: Blocks) -> bool:
    if blocks.row in shape[1:]:
        return False
    blocks.shapes[name] = shape
    is_late = any(other in blocks.late for other in read)
    if shape[:1] == (blocks.row,):
        blocks.inside.append(re.sub(rf"= np\.empty\(\({blocks.row}\b", "= np.empty((rows", line))
        blocks.width.append(" * ".join(shape[1:]) or "1")
        return not is_late
    if is_late:
        blocks.late.add(name)
    (blocks.behind if is_late else blocks.before).append(line)
    return True


def _shape_of(product: str, blocks: Blocks) -> Shape | None:
    """Return the shape of a product of vectors and matrices, None where rows meet other rows without being summed over."""
    shapes: list[Shape] = []
    for part in product.replace("(", "").replace(")", "").split(" @ "):
        factor = FACTOR.fullmatch(part)
        known = blocks.shapes.get(factor[1]) if factor else None
        if known is None:
            return None
        shapes.append(known[::-1] if part.endswith(".T") else known)
    made = shapes[0]
    for shape in shapes[1:]:
        if made[-1:] == (blocks.row,) and shape[:1] != (blocks.row,):
            return None
        made = (*made[:-1], *shape[1:])
    return None if blocks.row in made[1:] else made


def _total(name: str, value: str, shape: Shape, read: Sequence[str], blocks: Blocks) -> bool:
    """Take a sum over the rows, of two arrays that have them, down as one that threads add up."""
    if len(read) != 2 or not all(map(blocks.has_rows, read)) or any(other in blocks.late for other in read) or not shape:
        return False
    blocks.shapes[name] = shape
    blocks.totals[name] = shape
    blocks.late.add(name)
    blocks.inside.append(f"{name} += {value}")
    return True


# Kernels ----------------------------------------------------------------------------------------------------------------


def _kernel(line: str, found: re.Match[str], blocks: Blocks, kernels: Mapping[str, str]) -> bool:
    """Put the call of a kernel that goes row by row inside, that of one without rows beside it."""
    given = found["arguments"].split(", ")
    source = kernels[found["kernel"]]
    head = _HEAD.match(source)
    late = [name for name in given if name in blocks.late]
    if not any(map(blocks.has_rows, given)):
        if late or blocks.row in given or found["names"]:
            return False
        blocks.before.append(line)
        return True
    if head is None or found["names"] or late:
        return False
    rows = {own for own, name in zip(head["parameters"].split(", "), given, strict=True) if blocks.has_rows(name)}
    if not _goes_by_rows(source[head.end() :], rows, blocks.row):
        return False
    blocks.kernels.add(found["kernel"])
    blocks.inside.append(f"{found['kernel']}(rows, {found['arguments']})")
    return True


def _goes_by_rows(body: str, arrays: set[str], row: str) -> bool:
    """Tell whether the loops of a kernel run over the rows, and look at no other row than their own."""
    letter = ""
    for line in body.splitlines():
        text = line.strip()
        loop = _LOOP.fullmatch(text)
        if line.startswith("    ") and not line.startswith("     "):
            if loop is None or loop["end"] != row:
                if text and not text.startswith("real = "):
                    return False
                continue
            letter = loop["letter"]
        elif loop is not None and re.search(rf"\b{row}\b", loop["end"]):
            return False
        if any(place != letter for name in arrays for place in re.findall(rf"\b{name}\[(\w*)(?=[\],])", text)):
            return False
        if any(
            not re.match(rf"{letter}[\],]", text[found.end() :]) for name in arrays for found in re.finditer(rf"\b{name}\[", text)
        ):
            return False
    return bool(letter)


def _of_rows(source: str, row: str) -> str:
    """Return a kernel for the rows of a block: it is called by every thread, so nothing in it is parallel."""
    head = _HEAD.match(source)
    assert head is not None, "the kernel was looked at before"
    body = re.sub(rf"\bp?range\({row}\)", "range(rows)", source[head.end() :])
    return f"@njit(**LOOPS)\ndef {head['name']}(rows, {head['parameters']}):\n{body}"

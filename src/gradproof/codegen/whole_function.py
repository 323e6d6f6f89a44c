"""The compiled function that does all of the work of a function for Numba: its source, in blocks of rows where rows stand alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradproof.codegen.functions import by_name, used_lines
from gradproof.codegen.row_blocks import Blocks, in_blocks
from gradproof.codegen.signature import Output, Signature, quotable, shape_text
from gradproof.codegen.whole_body import unfitting, whole_body


@dataclass(frozen=True)
class Whole:
    """The compiled function: its source with the kernels that it calls, and how it is called; ``by_rows`` are the arguments that it slices."""

    kernels: tuple[str, ...]
    name: str
    parameters: tuple[str, ...]
    checks_shapes: bool
    by_rows: frozenset[str] = frozenset()

    def call(self, group: Sequence[Output]) -> list[str]:
        """Return the lines that call it and return what it computes."""
        threads = ["get_num_threads()"] if self.by_rows else []
        call = f"{self.name}({', '.join([*self.parameters, *threads])})"
        if len(group) == 1:
            return [f"return {call}"]
        results = [f"result_{number}" for number in range(1, len(group) + 1)]
        return [f"{', '.join(results)} = {call}", f"return {by_name(group, results)}"]


def whole_function(
    made: Signature, lines: Sequence[str], results: Sequence[str], kernels: Mapping[str, str], name: str
) -> Whole | None:
    """Return the lines of a function as one compiled function, None where NumPy computes some of them better."""
    arrays = [made.names[symbol.name] for symbol in made.arguments if symbol.axes]
    found = whole_body(made, lines, results, list(kernels)) if arrays else None
    if found is None:
        return None
    tests = unfitting(made)
    checks = _checks(made, tests) if tests else []
    typed = f"dtype = {arrays[0]}.dtype.type"
    called = f"_{name}_whole"
    sorted_ = in_blocks(made, lines, kernels)
    stored = _stored(found[1], sorted_[0]) if sorted_ else None
    if sorted_ is not None and stored is not None:
        blocks, own = sorted_
        rows, computed = _by_rows(made, blocks, stored, typed, name)
        own = {**own, f"_{name}_rows": rows}
        decorator, sliced = "parallel=True, **LOOPS", frozenset(filter(blocks.has_rows, made.parameters))
    else:
        computed, own, decorator, sliced = found[0], dict(kernels), "**LOOPS", frozenset()
    computed = [*computed, f"return {', '.join(found[1])}"]
    body = "\n    ".join([*checks, *used_lines([typed], computed), *used_lines(made.measured(), computed), *computed])
    parameters = [*made.parameters, *(["threads"] if sliced else [])]
    source = f"@njit({decorator})\ndef {called}({', '.join(parameters)}):\n    {body}\n"
    return Whole((*own.values(), source), called, tuple(made.parameters), tests is not None, sliced)


def _stored(returned: Sequence[str], blocks: Blocks) -> list[str] | None:
    """Return the results that have a row for each sample, None where one of them is turned round."""
    if any(blocks.has_rows(name) and name not in returned for code in returned for name in re.findall(r"\w+", code)):
        return None
    return [name for name in dict.fromkeys(returned) if blocks.has_rows(name)]


def _by_rows(made: Signature, blocks: Blocks, stored: Sequence[str], typed: str, name: str) -> tuple[str, list[str]]:
    """Return the function that does the work on the rows of a block, and the lines that let threads call it."""
    inside = [*blocks.inside, *(f"all_{result}[:] = {result}" for result in stored)]
    words = set(re.findall(r"\w+", "\n".join(inside)))
    made_inside = {line.partition(" ")[0] for line in blocks.inside if " = " in line and line[0] != " "}
    known = [*made.parameters, *(made.names[size.name] for size in made.sizes), *blocks.shapes]
    given = [known_name for known_name in dict.fromkeys(known) if known_name in words and known_name not in made_inside]
    given += [f"all_{result}" for result in stored]
    measured = next(known_name for known_name in given if blocks.has_rows(known_name))
    lines = [*used_lines([typed], inside), f"rows = {measured}.shape[0]", *inside]
    first_array = next(known_name for known_name in given if blocks.shapes.get(known_name))
    lines = [line.replace(typed, f"dtype = {first_array}.dtype.type") for line in lines]
    separator = "\n    "
    rows = f"@njit(**LOOPS)\ndef _{name}_rows({', '.join(given)}):\n    {separator.join(lines)}\n"
    passed = [_argument(known_name, blocks, stored) for known_name in given]
    width = " + ".join(dict.fromkeys(blocks.width)) if len(set(blocks.width)) > 1 else blocks.width[0]
    return rows, [
        *blocks.before,
        *(f"all_{result} = np.empty(({', '.join(blocks.shapes[result])},), dtype)" for result in stored),
        f"step = max(256, 131_072 // max(1, {len(blocks.width)} * ({width})))",
        f"threads = min(threads, max(1, {blocks.row} // 16))",
        *(f"{total}_by_thread = np.zeros((threads, {', '.join(shape)}), dtype)" for total, shape in blocks.totals.items()),
        "for thread in prange(threads):",
        f"    end_row = {blocks.row} * (thread + 1) // threads",
        f"    for first_row in range({blocks.row} * thread // threads, end_row, step):",
        "        last_row = min(first_row + step, end_row)",
        f"        _{name}_rows({', '.join(passed)})",
        *(f"{total} = {total}_by_thread.sum(axis=0)" for total in blocks.totals),
        *(f"{result} = all_{result}" for result in stored),
        *blocks.behind,
    ]


def _argument(name: str, blocks: Blocks, stored: Sequence[str]) -> str:
    if blocks.has_rows(name) or (name.startswith("all_") and name.removeprefix("all_") in stored):
        return f"{name}[first_row:last_row]"
    return f"{name}_by_thread[thread]" if name in blocks.totals else name


def _checks(made: Signature, tests: Sequence[str]) -> list[str]:
    """Return the lines that refuse shapes that do not fit each other."""
    shapes = ", ".join(f"{made.names[symbol.name]} {shape_text(symbol)}" for symbol in made.arguments if symbol.axes)
    condition = (
        f"if {tests[0]}:"
        if len(tests) == 1
        else "\n        ".join(["if (", " or ".join(tests[:1]), *(f"or {test}" for test in tests[1:])]) + "\n    ):"
    )
    return [condition, f'    raise ValueError("{quotable(f"arrays whose shapes fit each other were expected: {shapes}")}")']

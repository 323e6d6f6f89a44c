"""The compiled function that does all of the work of a function for Numba: its source, in blocks of rows where rows stand alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gradproof.codegen.functions import by_name, used_lines
from gradproof.codegen.kernel import ROWS
from gradproof.codegen.loop_code import LoopCode, bare
from gradproof.codegen.mixed_source import Result
from gradproof.codegen.products import EachProduct, EitherOrder, InOrder, Length, Operation, Permuted, Product, Scaled
from gradproof.codegen.row_blocks import Blocks, Total, in_blocks, length_of_rows
from gradproof.codegen.signature import Output, Signature, quotable, shape_text
from gradproof.codegen.statements import Assignment, KernelCall, NewArray, Plain, Statement
from gradproof.codegen.whole_body import compiled_lines, compiled_result, is_whole, unfitting
from gradproof.elaborate.sizes import extent
from gradproof.expr.node import Index, Symbol
from gradproof.expr.walk import symbols


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


def whole_function(made: Signature, statements: Sequence[Statement], results: Sequence[Result], name: str) -> Whole | None:
    """Return the statements of a function as one compiled function, None where NumPy computes some of them better."""
    arrays = [made.names[symbol.name] for symbol in made.arguments if symbol.axes]
    if not arrays or not is_whole(statements, results):
        return None
    length = LoopCode(made.names).length
    returned = [compiled_result(result, length) for result in results]
    if set(returned) & set(made.parameters):
        return None
    tests = unfitting(made)
    checks = _checks(made, tests) if tests else []
    typed = f"dtype = {arrays[0]}.dtype.type"
    called = f"_{name}_whole"
    kernels = {statement.kernel.name: statement.kernel for statement in statements if isinstance(statement, KernelCall)}
    blocks = in_blocks(made, statements)
    if blocks is not None and _are_row_major(results, blocks):
        kernels |= blocks.kernels
        functions, computed = _by_rows(made, blocks, results, length, name)
        sources = [*(kernel.source for kernel in kernels.values()), *functions]
        sliced = frozenset(filter(blocks.has_rows, made.parameters))
        decorator = "**LOOPS" if blocks.behind else "parallel=True, **LOOPS"
    else:
        computed = [line for statement in statements for line in compiled_lines(statement, length)]
        sources = [kernel.source for kernel in kernels.values()]
        decorator, sliced = "**LOOPS", frozenset()
    computed = [*computed, f"return {', '.join(returned)}"]
    body = "\n    ".join([*checks, *used_lines([typed], computed), *used_lines(made.measured(), computed), *computed])
    parameters = [*made.parameters, *(["threads"] if sliced else [])]
    source = f"@njit({decorator})\ndef {called}({', '.join(parameters)}):\n    {body}\n"
    return Whole((*sources, source), called, tuple(made.parameters), tests is not None, sliced)


def _are_row_major(results: Sequence[Result], blocks: Blocks) -> bool:
    """Tell whether results with a row for each sample have their axes in the order in which blocks make them."""
    made = [result.compiled for result in results if isinstance(result.compiled, Permuted)]
    return all(result.places == tuple(range(len(result.places))) for result in made if blocks.has_rows(result.name))


def _by_rows(made: Signature, blocks: Blocks, results: Sequence[Result], length: Length, name: str) -> tuple[list[str], list[str]]:
    """Return the functions that do the work on the rows of a block and let threads call it, and the lines that call these.

    Where there is work behind the blocks, which the threads of BLAS share, one thread takes all rows: two sets of threads wait for each other.
    """
    wanted = [result.compiled.name for result in results if isinstance(result.compiled, Permuted)]
    stored = [own for own in dict.fromkeys([*wanted, *blocks.whole]) if own in blocks.made and blocks.has_rows(own)]
    filled = [s.name for s in blocks.inside if isinstance(s, NewArray) and s.name in stored]
    copied = [own for own in stored if own not in filled]
    statements = [s for s in blocks.inside if not (isinstance(s, NewArray) and s.name in filled)]
    inside = [line for statement in statements for line in _row_lines(statement, blocks, length)]
    inside += [f"all_{own}[:] = {own}" for own in copied]
    given = [own for own in _given(made, blocks) if own not in blocks.made or own in filled]
    given += [f"all_{own}" for own in copied]
    measured = next(own for own in given if blocks.has_rows(own))
    first_array = next(own for own in given if blocks.shapes.get(own))
    lines = [*used_lines([f"dtype = {first_array}.dtype.type"], inside), f"{ROWS} = {measured}.shape[0]", *inside]
    count = made.names[blocks.row.name]
    lengths = LoopCode(made.names)
    shapes = {own: [bare(lengths.whole(size)) for size in shape] for own, shape in blocks.shapes.items()}
    totals = [total.name for total in blocks.totals]
    separator = "\n    "
    rows = f"@njit(**LOOPS)\ndef _{name}_rows({', '.join(given)}):\n    {separator.join(lines)}\n"
    loop = _loop_over_threads(
        "range" if blocks.behind else "prange", count, f"_{name}_rows({', '.join(_argument(own, blocks, copied) for own in given)})"
    )
    return [rows], [
        *(line for statement in blocks.before for line in compiled_lines(statement, length)),
        *(f"{own} = np.empty(({', '.join(shapes[own])},), dtype)" for own in filled),
        *(f"all_{own} = np.empty(({', '.join(shapes[own])},), dtype)" for own in copied),
        f"step = max(256, 131_072 // max(1, {len(blocks.made)} * ({_width(blocks, shapes)})))",
        "threads = 1" if blocks.behind else f"threads = min(threads, max(1, {count} // 16))",
        *(f"{own}_by_thread = np.zeros((threads, {', '.join(shapes[own])}), dtype)" for own in totals),
        *loop,
        *(f"{own} = added_up({own}_by_thread)" for own in totals),
        *(f"{own} = all_{own}" for own in copied),
        *(line for statement in blocks.behind for line in compiled_lines(statement, length)),
    ]


def _loop_over_threads(kind: str, count: str, call: str) -> list[str]:
    """Return the lines in which each thread takes its share of the rows, a block at a time."""
    return [
        f"for thread in {kind}(threads):",
        f"    end_row = {count} * (thread + 1) // threads",
        f"    for first_row in range({count} * thread // threads, end_row, step):",
        "        last_row = min(first_row + step, end_row)",
        f"        {call}",
    ]


def _width(blocks: Blocks, shapes: Mapping[str, Sequence[str]]) -> str:
    """Return the code of the entries that a row has in arrays of a block."""
    widths = list(dict.fromkeys(" * ".join(shapes[own][1:]) or "1" for own in blocks.made))
    return " + ".join(widths)


def _row_lines(statement: Statement | Total, blocks: Blocks, length: Length) -> list[str]:
    """Return the lines of a statement for the rows of a block."""
    by_rows = length_of_rows(length, blocks.row)
    match statement:
        case Total(name, operation):
            return [f"{name} += {operation.text(by_rows)}"]
        case NewArray(name, axes) if blocks.has_rows(name):
            lengths = ", ".join(map(by_rows, axes))
            return [f"{name} = np.empty(({lengths}{',' if len(axes) == 1 else ''}), dtype)"]
        case NewArray() | Assignment() | KernelCall() | Plain():
            return compiled_lines(statement, by_rows)


def _given(made: Signature, blocks: Blocks) -> list[str]:
    """Return the names that the work on rows is given: variables, sizes, sums, in this order."""
    read: set[str] = set()
    for statement in blocks.inside:
        match statement:
            case KernelCall(_, arguments):
                read |= set(arguments)
            case NewArray(_, axes):
                read |= _sizes(axes, made, blocks.row)
            case Total(name, operation):
                read |= {name, *_read(operation, made, blocks.row)}
            case Assignment(_, array):
                assert array.operation is not None, "statements were looked at before"
                read |= _read(array.operation, made, blocks.row)
    known = [*made.parameters, *(made.names[size.name] for size in made.sizes), *blocks.shapes]
    return [own for own in dict.fromkeys(known) if own in read]


def _read(operation: Operation, made: Signature, row: Symbol) -> set[str]:
    """Return the names in the code of an operation on rows."""
    match operation:
        case Scaled(name, _, _, read):
            return {name, *(made.names[symbol.name] for symbol in read)}
        case Permuted(name):
            return {name}
        case EitherOrder(_, _, costs):
            counted = {index for terms in costs for term in terms for index in term}
            return {operand.name for operand in operation.operands} | _sizes(counted, made, row)
        case Product() | EachProduct() | InOrder():
            parts = [operation.axes, *(operand.axes for operand in operation.operands if operand.is_flattened)]
            is_flat = len(parts) > 1 or isinstance(operation, EachProduct | InOrder)
            axes = {index for part in parts for index in part} if is_flat else set()
            return {operand.name for operand in operation.operands} | _sizes(axes, made, row)


def _sizes(axes: Collection[Index], made: Signature, row: Symbol) -> set[str]:
    """Return the names of the sizes in the lengths of axes: that of the rows is the block's own."""
    return {made.names[size.name] for index in axes for size in symbols(extent(index)) if size is not row}


def _argument(name: str, blocks: Blocks, stored: Sequence[str]) -> str:
    if blocks.has_rows(name) or (name.startswith("all_") and name.removeprefix("all_") in stored):
        return f"{name}[first_row:last_row]"
    return f"{name}_by_thread[thread]" if any(total.name == name for total in blocks.totals) else name


def _checks(made: Signature, tests: Sequence[str]) -> list[str]:
    """Return the lines that refuse shapes that do not fit each other."""
    shapes = ", ".join(f"{made.names[symbol.name]} {shape_text(symbol)}" for symbol in made.arguments if symbol.axes)
    condition = (
        f"if {tests[0]}:"
        if len(tests) == 1
        else "\n        ".join(["if (", " or ".join(tests[:1]), *(f"or {test}" for test in tests[1:])]) + "\n    ):"
    )
    return [condition, f'    raise ValueError("{quotable(f"arrays whose shapes fit each other were expected: {shapes}")}")']

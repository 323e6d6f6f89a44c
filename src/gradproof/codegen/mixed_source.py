"""Outputs for Numba: products of matrices as lines of NumPy, everything between them as compiled loops that the lines call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gradproof.codegen.array import Array
from gradproof.codegen.array_writer import Writer
from gradproof.codegen.diagonals import beside, diagonals
from gradproof.codegen.late_numbers import of_one_sign, sums_at_once, without_waiting
from gradproof.codegen.loop_code import LoopCode, Stored, bare, own_entry, stable
from gradproof.codegen.loop_ends import with_offsets, without_idle_tests
from gradproof.codegen.loop_parts import axes_of, outer_sums, pairwise, rows_of
from gradproof.codegen.loop_source import LoopWriter
from gradproof.codegen.plan import planned
from gradproof.codegen.renaming import Renaming
from gradproof.codegen.row_passes import Names, RowPass, pass_lines, row_pass, vector_first
from gradproof.codegen.steps import is_by_library, is_plain, library_parts, scaled, steps
from gradproof.codegen.windows import Windows, convolution_of
from gradproof.expr.node import Element, Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import transform


@dataclass
class MixedWriter(Writer):
    """Writes the lines of a function and the kernels that they call; ``kernel`` is the beginning of the names of these."""

    kernel: str = "_kernel"
    kernels: list[str] = field(default_factory=list)
    common: Renaming = field(default_factory=Renaming)
    axes_wanted: dict[Expr, tuple[Index, ...]] = field(default_factory=dict)
    #: The transposes that are at hand.
    turned: dict[Symbol, str] = field(default_factory=dict)
    #: The numbers that kernels return: these are Python's own.
    numbers: set[str] = field(default_factory=set)
    #: The stage at hand, and its name.
    called: tuple[Expr | None, str] = (None, "")
    #: The kernels by what they do, whatever their arrays are called: the name of each, and the places of its arguments in ``_form``.
    forms: dict[str, tuple[str, list[int]]] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        """The kernels by name."""
        return dict(zip((name for name, _ in self.forms.values()), self.kernels, strict=True))

    def written(self, root: Expr, axes: Sequence[Index]) -> str:
        """Write an expression and return the code of its value over these axes; a number of a kernel is one already."""
        code = super().written(root, axes)
        inner = code.removeprefix("float(").removesuffix(")")
        return inner if inner in self.numbers else code

    def lowered(self, root: Expr, axes: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
        """Return an expression in the form that is computed, under the names that all outputs share."""
        whole = transform(stable(planned(root)), _in_loops)
        named, places = self.common.of_output(transform(without_waiting(whole), lambda node: _by_rows(node, axes)), axes)
        return transform(named, of_one_sign), places

    def stage(self, name: str, root: Expr, axes: Sequence[Index]) -> None:
        """Write a stage under its name, row-major: the loops of later ones read it."""
        self.wanted = tuple(axes)
        self._want(root, tuple(index for index in axes if index in root.free_indices), [])
        self.called = root, name
        made = self._prepared(root)
        if made.code == name and made.axes == self.wanted:
            return
        if made.axes == self.wanted and self.lines[-1].startswith(f"{made.code} = "):
            self._rename(made.code, name)
        elif made.axes == self.wanted:
            self.lines.append(f"{name} = {made.code}")
        else:
            self.lines.append(f"{name} = {self._dense(made, axes)}")

    def prepare(self, roots: Sequence[tuple[Expr, tuple[Index, ...]]]) -> None:
        """Write what some outputs need, all of them at once, so that what they share is computed once."""
        wanted: list[Expr] = []
        for root, axes in roots:
            sparse = diagonals(root, axes)
            rest = beside(root, sparse) if sparse else root
            for diagonal in sparse:
                kept = tuple(dict.fromkeys(diagonal.same.get(index, index) for index in axes))
                self._want(diagonal.value, tuple(index for index in kept if index in diagonal.value.free_indices), wanted)
            if rest is not None:
                self._want(rest, tuple(index for index in axes if index in rest.free_indices), wanted)
        for node in wanted:
            early = sums_at_once(node, self.axes_wanted[node])
            if early and not any(node in self.done for node in early):
                self._by_loops(early)
        self._run(wanted)

    def _want(self, node: Expr, axes: tuple[Index, ...], wanted: list[Expr]) -> None:
        self.axes_wanted.setdefault(node, axes)
        wanted.append(node)

    def _prepared(self, root: Expr) -> Array:
        if root not in self.done:
            self._run([root])
        return self.done[root]

    def _run(self, roots: Sequence[Expr]) -> None:
        roots = [root for root in roots if root not in self.done]
        pending = steps(roots, self.done)
        while pending:
            nodes = [node for step in pending for node in step]
            found = row_pass(nodes, self.done)
            if found is not None and self._in_one_pass(found, nodes):
                pending = steps([root for root in roots if root not in self.done], self.done)
                continue
            step, *pending = pending
            self._step([node for node in step if node not in self.done])

    def _windows_of(self, node: Expr) -> Windows | None:
        return convolution_of(node)

    def _step(self, nodes: Sequence[Expr]) -> None:
        """Write what needs nothing of each other."""
        loops = [node for node in nodes if not is_by_library(node)]
        if loops:
            self._by_loops(loops)
        for node in nodes:
            if node not in loops:
                self._by_library(node)

    def _by_library(self, node: Expr) -> None:
        parts = scaled(node)
        if parts is None:
            self._of(node)
            return
        product, factor = parts
        made = self._of(product)
        self.done[node] = self._line(Array(f"{made.code} * {self._scalar(factor)}", made.axes, is_atom=False))

    def _scalar(self, node: Expr) -> str:
        code = bare(LoopCode(self.names).value(node).replace("real(", "dtype("))
        return code if re.fullmatch(r"dtype\([^()]*\)", code) else f"dtype({code})"

    def _by_loops(self, nodes: Sequence[Expr]) -> None:
        """Write one kernel that computes some nodes, and the line that calls it."""
        code = self._loop_code()
        self._turn(nodes)
        code.columns = self.turned
        wanted = [(node, self.axes_wanted.get(node, axes_of(node)), self._own_name(node)) for node in nodes]
        writer = LoopWriter(code, count=self.count)
        writer.written(wanted)
        self.count = writer.count
        for node, axes, name in wanted:
            self.done[node] = Array(name, axes)
        results = [name for _, axes, name in wanted if not axes]
        self.lines += [f"{name} = np.empty({shape}, dtype)" for name, shape in writer.arrays.items()]
        self.numbers.update(results)
        returned = f"    return {', '.join(f'float({name})' for name in results)}\n" if results else ""
        call = self._kernel("\n".join(writer.lines), returned, writer.arrays)
        self.lines.append(f"{', '.join(results)}{' = ' if results else ''}{call}")

    def _turn(self, nodes: Sequence[Expr]) -> None:
        """Lay arrays of few columns out column by column where pairs of their rows meet: the loop inside reads its numbers in a row."""
        for symbol in pairwise(nodes):
            if symbol not in self.turned:
                self.turned[symbol] = self._line(Array(f"np.ascontiguousarray({self.names[symbol.name]}.T)"), is_new=True).code

    def _loop_code(self) -> LoopCode:
        code = LoopCode(self.names)
        for node, array in self.done.items():
            if array.code.isidentifier():
                code.stored[own_entry(node) if isinstance(node, TensorEntry) else node] = Stored(array.code, array.axes)
        return code

    def _kernel(self, text: str, returned: str, arrays: Iterable[str], options: Sequence[str] = ()) -> str:
        """Write a kernel and return the call of it: its arguments are the names that it reads, ``arrays`` and ``options`` among them."""
        known = [
            *self.names.values(),
            *arrays,
            *(array.code for array in self.done.values() if array.code.isidentifier()),
            *self.turned.values(),
            *options,
        ]
        made = set(re.findall(r"^ *(\w+) = ", text, re.MULTILINE)) | set(re.findall(r"\bfor (\w+) in", text))
        used = [name for name in dict.fromkeys(known) if re.search(rf"\b{name}\b", text) and name not in made]
        read = [name for name in used if re.search(rf"\b{name}\[", text)]
        real = f"{read[0]}.dtype.type" if read else "float"
        form, order = _form("\n".join((text, returned, real)), (*used, *made))
        if form in self.forms:
            name, places = self.forms[form]
            return f"{name}({', '.join(order[place] for place in places)})"
        name = f"{self.kernel}_{len(self.kernels) + 1}" if self.kernels else self.kernel
        decorator = "parallel=True, **LOOPS" if "prange(" in text else "**LOOPS"
        head = f"@njit({decorator})\ndef {name}({', '.join(used)}):\n"
        type_line = f"    real = {real}\n" if re.search(r"\breal\b", text) else ""
        self.kernels.append(f"{head}{type_line}{text}\n{returned}")
        self.forms[form] = name, [order.index(own) for own in used]
        return f"{name}({', '.join(used)})"

    def _in_one_pass(self, made: RowPass, nodes: Sequence[Expr]) -> bool:
        """Write products with a matrix and with its transpose as one kernel over its rows, which takes the sums over these along.

        Return whether that was possible.
        """
        before = self.count
        code = self._loop_code()
        names: dict[Expr, str] = {}
        for forward in made.forwards:
            names[forward.node] = self._name()
            code.stored[forward.node] = Stored(names[forward.node], (made.row, *forward.columns))
        wanted = [(b.rows_of, (made.row, *b.columns), self._name()) for b in made.backwards if b.rows_of not in names]
        wanted = list({node: (node, axes, name) for node, axes, name in wanted}.values())
        wanted += [(node, (), self._name()) for node in nodes if self._is_along(node, made)]
        writer = LoopWriter(code, count=self.count, ends=("first_row", "last_row"))
        writer.written(wanted)
        outermost = [line for line in writer.lines if line.startswith("    for ")]
        if set(writer.arrays) != {name for _, axes, name in wanted if axes} or len(outermost) > min(1, len(wanted)):
            self.count = before
            return False
        self.count = writer.count
        names.update({node: name for node, _, name in wanted})
        self._write_pass(made, names, writer, [(node, name) for node, axes, name in wanted if not axes])
        return True

    def _is_along(self, node: Expr, made: RowPass) -> bool:
        """Tell whether a number is a sum over the rows of a pass that needs nothing which is not at hand there."""
        if node in self.done or node.free_indices or is_by_library(node) or rows_of(node, ()) is not made.row:
            return False
        if any(part.operation != "sum" for part in outer_sums(node)):
            return False
        at_hand = {forward.node for forward in made.forwards}
        return all(part in at_hand or part in self.done or is_plain(part) for part in library_parts(node))

    def _write_pass(self, made: RowPass, names: dict[Expr, str], writer: LoopWriter, numbers: Sequence[tuple[Expr, str]]) -> None:
        """Write the kernel of a pass and the lines around it: where the sizes do not suit it, NumPy multiplies before and behind it."""
        matrix = self.names[made.matrix.symbol.name]
        factors = {f.node: self._over(self._of(f.other), (f.inner, *f.columns), atom=True) for f in made.forwards}
        columns = [self._length(index) for index in made.columns] or ["1"]
        self.lines.append(f"once = reads_once({matrix}, {', '.join(columns)})")
        for forward in made.forwards:
            name, axes = names[forward.node], (made.row, *forward.columns)
            self.lines.append(f"{name} = np.empty({writer.shape(axes)}, dtype) if once else {matrix} @ {factors[forward.node]}")
            self.done[forward.node] = Array(name, axes)
        self.lines += [f"{name} = np.empty({shape}, dtype)" for name, shape in writer.arrays.items()]
        self.lines.append("threads = get_num_threads()")
        for backward in made.backwards:
            self.done.setdefault(backward.rows_of, Array(names[backward.rows_of], (made.row, *backward.columns)))
        sums = {backward.node: self._name() for backward in made.backwards}
        turned = {forward.node: self._name() for forward in made.forwards}
        called = Names(matrix, self._length(made.row), names, sums, factors, turned)
        returned = [*(f"{name}.sum(axis=0)" for name in sums.values()), *(name for _, name in numbers)]
        text = "\n".join(pass_lines(made, writer.lines, called))
        call = self._kernel(text, f"    return {', '.join(returned)}\n", writer.arrays, ("threads", "once"))
        self.lines.append(f"{', '.join([*sums.values(), *(name for _, name in numbers)])} = {call}")
        self.done.update({node: Array(name) for node, name in numbers})
        for backward in made.backwards:
            total = sums[backward.node]
            kept = f"{total}.T" if backward.columns else f"{total}[0]"
            code = f"{kept} if once else {matrix}.T @ {names[backward.rows_of]}"
            self.done[backward.node] = self._line(Array(code, (backward.inner, *backward.columns), is_atom=False))

    def _own_name(self, node: Expr) -> str:
        """Return the name of the stage that a node is, where it has the axes of that; else a new one."""
        stage, name = self.called
        return name if node is stage and node.free_indices == set(self.wanted) else self._name()

    def _name(self) -> str:
        self.count += 1
        while f"t{self.count}" in self.names.values():
            self.count += 1
        return f"t{self.count}"


def _in_loops(node: Expr) -> Expr:
    """Return a sum as loops compute it best; a convolution is left to its kernel."""
    return node if convolution_of(node) is not None else vector_first(with_offsets(without_idle_tests(node)))


def _form(text: str, names: Iterable[str]) -> tuple[str, list[str]]:
    """Return code with its names numbered in the order in which they come, and that order: equal kernels have equal forms."""
    order: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[0] not in order:
            order.append(found[0])
        return f"<{order.index(found[0])}>"

    return re.sub(rf"(?<!\.)\b(?:{'|'.join(map(re.escape, names))})\b", numbered, text), order


def _by_rows(node: Expr, axes: Sequence[Index]) -> Expr:
    """Read a symmetric matrix along its rows, where a row belongs to an entry of the result."""
    match node:
        case Element(symbol, (first, second)) if "symmetric" in symbol.properties and second in axes and first not in axes:
            return Element(symbol, (second, first))
    return node

"""Outputs for Numba: products of matrices as lines of NumPy, everything between them as compiled loops that the lines call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.codegen.array import Array
from gradproof.codegen.array_source import Writer
from gradproof.codegen.diagonals import beside, diagonals
from gradproof.codegen.loop_code import LoopCode, Stored, own_entry, stable
from gradproof.codegen.loop_ends import with_offsets, without_idle_tests
from gradproof.codegen.loop_source import LoopWriter, axes_of
from gradproof.codegen.plan import planned
from gradproof.codegen.renaming import Renaming
from gradproof.codegen.steps import is_by_library, scaled, steps
from gradproof.expr.node import Element, Expr, Index, TensorEntry
from gradproof.expr.walk import transform


@dataclass
class MixedWriter(Writer):
    """Writes the lines of a function and the kernels that they call; ``kernel`` is the beginning of the names of these."""

    kernel: str = "_kernel"
    kernels: list[str] = field(default_factory=list)
    common: Renaming = field(default_factory=Renaming)
    axes_wanted: dict[Expr, tuple[Index, ...]] = field(default_factory=dict)

    def lowered(self, root: Expr, axes: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
        """Return an expression in the form that is computed, under the names that all outputs share."""
        whole = transform(stable(planned(root)), lambda node: with_offsets(without_idle_tests(node)))
        return self.common.of_output(transform(whole, lambda node: _by_rows(node, axes)), axes)

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
        for step in steps(roots):
            nodes = [node for node in step if node not in self.done]
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
        return f"({LoopCode(self.names).value(node).replace('real(', 'dtype(')})"

    def _by_loops(self, nodes: Sequence[Expr]) -> None:
        """Write one kernel that computes some nodes, and the line that calls it."""
        code = LoopCode(self.names)
        for node, array in self.done.items():
            if array.code.isidentifier():
                code.stored[own_entry(node) if isinstance(node, TensorEntry) else node] = Stored(array.code, array.axes)
        wanted = [(node, self.axes_wanted.get(node, axes_of(node)), self._name()) for node in nodes]
        writer = LoopWriter(code, count=self.count)
        writer.written(wanted)
        self.count = writer.count
        for node, axes, name in wanted:
            self.done[node] = Array(name, axes)
        results = [name for _, axes, name in wanted if not axes]
        self.lines += [f"{name} = np.empty({shape}, dtype)" for name, shape in writer.arrays.items()]
        known = [*self.names.values(), *writer.arrays, *(array.code for array in self.done.values() if array.code.isidentifier())]
        text = "\n".join(writer.lines)
        made = set(re.findall(r"^ *(\w+) = ", text, re.MULTILINE)) | set(re.findall(r"\bfor (\w+) in", text))
        used = [name for name in dict.fromkeys(known) if re.search(rf"\b{name}\b", text) and name not in made]
        arrays = [name for name in used if re.search(rf"\b{name}\[", text)]
        real = f"{arrays[0]}.dtype.type" if arrays else "float"
        name = f"{self.kernel}_{len(self.kernels) + 1}" if self.kernels else self.kernel
        options = "parallel=True, **LOOPS" if "prange(" in text else "**LOOPS"
        head = f"@njit({options})\ndef {name}({', '.join(used)}):\n"
        type_line = f"    real = {real}\n" if "real" in text else ""
        returned = f"    return {', '.join(results)}\n" if results else ""
        self.kernels.append(f"{head}{type_line}{text}\n{returned}")
        self.lines.append(f"{', '.join(results)}{' = ' if results else ''}{name}({', '.join(used)})")

    def _name(self) -> str:
        self.count += 1
        while f"t{self.count}" in self.names.values():
            self.count += 1
        return f"t{self.count}"


def _by_rows(node: Expr, axes: Sequence[Index]) -> Expr:
    """Read a symmetric matrix along its rows, where a row belongs to an entry of the result."""
    match node:
        case Element(symbol, (first, second)) if "symmetric" in symbol.properties and second in axes and first not in axes:
            return Element(symbol, (second, first))
    return node

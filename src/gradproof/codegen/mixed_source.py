"""Outputs for Numba: products of matrices as lines of NumPy, everything between them as compiled loops that the lines call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gradproof.codegen.array import Array
from gradproof.codegen.array_writer import Writer
from gradproof.codegen.contraction import Factor, Tools
from gradproof.codegen.diagonals import beside, diagonals
from gradproof.codegen.early_reads import in_range
from gradproof.codegen.kernel import Kernel, Line, Loop
from gradproof.codegen.late_numbers import of_one_sign, sums_at_once, without_waiting
from gradproof.codegen.loop_code import LoopCode, Stored, bare, is_closed, own_entry, stable
from gradproof.codegen.loop_ends import with_offsets, without_idle_tests
from gradproof.codegen.loop_parts import axes_of, outer_sums, pairwise, rows_of
from gradproof.codegen.loop_source import LoopWriter, Wanted
from gradproof.codegen.plan import planned
from gradproof.codegen.products import Operand, Permuted, Product, Scaled, in_order
from gradproof.codegen.renaming import Renaming
from gradproof.codegen.row_passes import Names, RowPass, pass_lines, row_pass, vector_first
from gradproof.codegen.statements import Assignment, KernelCall, NewArray, Plain, Statement, made_by, read_by
from gradproof.codegen.steps import is_by_library, is_plain, library_parts, scaled, steps
from gradproof.codegen.windows import Windows, convolution_of
from gradproof.elaborate.sizes import extent
from gradproof.expr.build import multiply, reduce
from gradproof.expr.node import Axis, Element, Expr, Index, Symbol, TensorEntry
from gradproof.expr.walk import symbols, transform


@dataclass(frozen=True, slots=True)
class Result:
    """The code of a result in NumPy; in compiled code the operation that makes it, or the name of a number, None where there is neither."""

    code: str
    compiled: Permuted | str | None


@dataclass
class MixedWriter(Writer):
    """Writes the lines of a function and the kernels that they call; ``kernel`` is the beginning of the names of these."""

    kernel: str = "_kernel"
    kernels: list[Kernel] = field(default_factory=list)
    common: Renaming = field(default_factory=Renaming)
    axes_wanted: dict[Expr, tuple[Index, ...]] = field(default_factory=dict)
    #: The transposes that are at hand.
    turned: dict[Symbol, str] = field(default_factory=dict)
    #: The numbers that kernels return: these are Python's own.
    numbers: set[str] = field(default_factory=set)
    #: The stage at hand, and its name.
    called: tuple[Expr | None, str] = (None, "")
    #: The kernels by what they do, whatever their arrays are called: each with the places of its arguments among its names.
    forms: dict[str, tuple[Kernel, list[int]]] = field(default_factory=dict)
    #: What was multiplied entry by entry, and summed.
    entries: dict[tuple[Expr, tuple[Index, ...]], Array] = field(default_factory=dict)
    #: Whether the threads of the loops multiply a large matrix.
    has_gram: bool = False

    def result(self, root: Expr, axes: Sequence[Index]) -> Result:
        """Write an expression and return its value over these axes; a number of a kernel is one of Python's already."""
        self._put_in_order(root, tuple(axes))
        code = self.written(root, axes)
        if axes:
            return Result(code, self._operation_of(root, axes))
        inner = code.removeprefix("float(").removesuffix(")")
        return Result(inner if inner in self.numbers else code, inner if inner.isidentifier() else None)

    def _put_in_order(self, root: Expr, axes: tuple[Index, ...]) -> None:
        """Make a product that nothing else reads in the order of its result."""
        made = self.done.get(root)
        if made is None:
            return
        for place, statement in enumerate(self.lines):
            if made_by(statement) == (made.code,) and isinstance(statement, Assignment):
                product = statement.array.operation
                ordered = in_order(product, axes) if isinstance(product, Product) else None
                read = [read_by(later) for later in self.lines[place + 1 :]]
                if ordered is not None and all(names is not None and made.code not in names for names in read):
                    array = Array(ordered.all_at_once(self._length), axes, operation=ordered)
                    self.lines[place] = Assignment(made.code, array)
                    self.named = {code: name for code, name in self.named.items() if name != made.code}
                    places = [made.axes.index(index) for index in axes]
                    for node, array in self.done.items():
                        if array.code == made.code:
                            self.done[node] = Array(made.code, tuple(array.axes[own] for own in places))
                return

    def with_own_threads(self) -> list[Statement]:
        """Return the lines; beside a large product by the threads of the loops these multiply matrices by vectors as well.

        The threads of NumPy's library go on waiting for work for a while, on the same cores.
        """
        return [_by_own_threads(line) for line in self.lines] if self.has_gram else self.lines

    def _operation_of(self, root: Expr, axes: Sequence[Index]) -> Permuted | None:
        """Return what makes a result of the array that it is: a new row-major one."""
        made = self.done.get(root)
        if made is None or set(made.axes) != set(axes) or made.code in self.names.values() or not made.code.isidentifier():
            return None
        return Permuted(made.code, tuple(axes), tuple(made.axes.index(index) for index in axes))

    def lowered(self, root: Expr, axes: Sequence[Index]) -> tuple[Expr, tuple[Index, ...]]:
        """Return an expression in the form that is computed, under the names that all outputs share."""
        whole = transform(stable(planned(root)), _in_loops)
        named, places = self.common.of_output(transform(without_waiting(whole), lambda node: _by_rows(node, axes)), axes)
        return in_range(transform(named, of_one_sign)), places

    def stage(self, name: str, root: Expr, axes: Sequence[Index]) -> None:
        """Write a stage under its name, row-major: the loops of later ones read it."""
        self.wanted = tuple(axes)
        self._want(root, tuple(index for index in axes if index in root.free_indices), [])
        self.called = root, name
        made = self._prepared(root)
        if made.code == name and made.axes == self.wanted:
            return
        if made.axes == self.wanted and self.lines and made_by(self.lines[-1]) == (made.code,):
            self._rename(made.code, name)
        elif made.axes == self.wanted:
            self.lines.append(Assignment(name, made))
        else:
            dense = Array(self._dense(made, axes), self.wanted, operation=self._operation_of(root, axes))
            self.lines.append(Assignment(name, dense))

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

    def _tools(self) -> Tools:
        """Return how contractions are written: what is no product of matrices is a loop."""
        return replace(
            super()._tools(),
            times=lambda factors, axes: self._by_entries(factors, axes, ()),
            total=lambda factor, summed: self._by_entries((factor,), _without(factor.axes, summed), summed),
            einsum=self._einsum,
            tensordot="",
            scaled_gram=self._scaled_gram,
        )

    def _scaled_gram(self, rows: str, roots: str) -> str:
        self.has_gram = True
        return f"scaled_gram({rows}, {roots})"

    def _einsum(self, one: Factor, other: Factor, axes: tuple[Index, ...]) -> Array:
        """Return the sum of products over all but some axes: by loops where one of the factors is no larger than the result."""
        if set(one.axes) <= set(other.axes) or set(other.axes) <= set(one.axes):
            return self._by_entries((one, other), axes, _without((*one.axes, *other.axes), axes))
        return super()._einsum(one, other, axes)

    def _by_entries(self, factors: Sequence[Factor], axes: tuple[Index, ...], summed: tuple[Index, ...]) -> Array:
        """Return the sum of the products of the entries of arrays, by a kernel."""
        entries: dict[Expr, Stored] = {}
        read: list[Expr] = []
        for factor in factors:
            read.append(Element(Symbol(factor.code, tuple(Axis(extent(index)) for index in factor.axes)), factor.axes))
            entries[read[-1]] = Stored(factor.code, factor.axes)
        node = reduce("sum", summed, multiply(*read)) if summed else multiply(*read)
        if (node, axes) not in self.entries:
            name = self._name()
            self._loops([(node, axes, name)], entries)
            self.entries[node, axes] = Array(name, axes)
        return self.entries[node, axes]

    def _line(self, array: Array, *, is_new: bool = False) -> Array:
        return array if array.code.isidentifier() and not is_new else super()._line(array, is_new=is_new)

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
        made, number = self._of(product), self._scalar(factor)
        scaled_by = Scaled(made.code, made.axes, number, frozenset(symbols(factor)))
        self.done[node] = self._line(Array(f"{made.code} * {number}", made.axes, False, scaled_by))

    def _scalar(self, node: Expr) -> str:
        code = bare(LoopCode(self.names).value(node).replace("real(", "dtype("))
        return code if code.startswith("dtype(") and is_closed(code.removeprefix("dtype")) else f"dtype({code})"

    def _by_loops(self, nodes: Sequence[Expr]) -> None:
        """Write one kernel that computes some nodes, and the line that calls it."""
        self._turn(nodes)
        self._loops([(node, self.axes_wanted.get(node, axes_of(node)), self._own_name(node)) for node in nodes])

    def _loops(self, wanted: Sequence[Wanted], stored: Mapping[Expr, Stored] | None = None) -> None:
        """Write one kernel that computes nodes over their axes, each under its name; ``stored`` are arrays beside those that are done."""
        code = self._loop_code()
        code.columns = self.turned
        code.stored.update(stored or {})
        before = dict(code.stored)
        writer = LoopWriter(code, count=self.count)
        writer.written(wanted)
        self.count = writer.count
        self.done.update({node: Array(name, axes) for node, axes, name in wanted})
        results = tuple(name for _, axes, name in wanted if not axes)
        self.numbers.update(results)
        used = [name for name in code.used if name not in results]
        form = self._form(wanted, [*used, *results], LoopCode(self.names, before, columns=self.turned))
        self.lines += [NewArray(name, axes, writer.shape(axes)) for name, axes in writer.arrays.items()]
        returned = tuple(f"float({name})" for name in results)
        made = self._kernel(writer.lines, returned, code, self._known(used, writer.arrays), form=(form, used))
        self.lines.append(replace(made, results=results))

    def _form(self, wanted: Sequence[Wanted], order: Sequence[str], code: LoopCode) -> str:
        """Return what a kernel does, whatever its arrays are called: its text with the names that it uses numbered in an order."""
        places = {name: f"<{place}>" for place, name in enumerate(order)}
        writer = LoopWriter(code.numbered(order))
        writer.written([(node, axes, places.get(name, name)) for node, axes, name in wanted])
        return "\n".join(line.text for line in writer.lines)

    def _turn(self, nodes: Sequence[Expr]) -> None:
        """Lay arrays of few columns out column by column where pairs of their rows meet: the loop inside reads its numbers in a row."""
        for symbol in pairwise(nodes):
            if symbol not in self.turned:
                self.turned[symbol] = self._line(Array(f"np.ascontiguousarray({self.names[symbol.name]}.T)"), is_new=True).code

    def _loop_code(self) -> LoopCode:
        code = LoopCode(self.names)
        for node, array in self.done.items():
            is_turned = isinstance(node, TensorEntry) and node is not own_entry(node)  # its axes are those of another reading
            if array.code.isidentifier() and not is_turned:
                code.stored[node] = Stored(array.code, array.axes)
        return code

    def _known(self, used: Collection[str], *more: Collection[str]) -> list[str]:
        """Return names that a kernel uses in the order of its arguments: variables and sizes, new arrays, what is done."""
        done = [array.code for array in self.done.values()]
        known = dict.fromkeys(
            [*self.names.values(), *(name for names in more for name in names), *done, *self.turned.values(), *used]
        )
        return [name for name in known if name in used]

    def _kernel(
        self,
        lines: Sequence[Line | Loop],
        returned: tuple[str, ...],
        code: LoopCode,
        parameters: Sequence[str],
        *,
        form: tuple[str, Sequence[str]] | None = None,
        is_parallel: bool = False,
    ) -> KernelCall:
        """Make a kernel of lines, where none has the same form, and return the call of it."""
        touched = {name: frozenset(first) for name, first in code.touched.items()}
        indexed = next((name for name in parameters if name in touched), None)
        real = (f"{indexed}.dtype.type" if indexed else "float") if any("real(" in line.text for line in lines) else ""
        is_parallel = is_parallel or any(isinstance(line, Loop) and line.is_parallel for line in lines)
        key, order = form or (f"{len(self.kernels)}", parameters)
        key = f"{key}\n{len(returned)}, {order.index(indexed) if real and indexed else None}"
        if key in self.forms:
            kernel, places = self.forms[key]
            return KernelCall(kernel, tuple(order[place] for place in places))
        name = f"{self.kernel}_{len(self.kernels) + 1}" if self.kernels else self.kernel
        kernel = Kernel(name, tuple(parameters), tuple(lines), real, returned, touched, is_parallel)
        self.kernels.append(kernel)
        self.forms[key] = kernel, [order.index(own) for own in parameters]
        return KernelCall(kernel, tuple(parameters))

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
        outermost = [line for line in writer.lines if isinstance(line, Loop) and line.depth == 1]
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
        self.lines.append(Plain(f"once = reads_once({matrix}, {', '.join(columns)})"))
        for forward in made.forwards:
            name, axes = names[forward.node], (made.row, *forward.columns)
            self.lines.append(
                Plain(f"{name} = np.empty({writer.shape(axes)}, dtype) if once else {matrix} @ {factors[forward.node]}")
            )
            self.done[forward.node] = Array(name, axes)
        self.lines += [NewArray(name, axes, writer.shape(axes)) for name, axes in writer.arrays.items()]
        self.lines.append(Plain("threads = get_num_threads()"))
        for backward in made.backwards:
            self.done.setdefault(backward.rows_of, Array(names[backward.rows_of], (made.row, *backward.columns)))
        sums = {backward.node: self._name() for backward in made.backwards}
        turned = {forward.node: self._name() for forward in made.forwards}
        called = Names(matrix, self._length(made.row), names, sums, factors, turned)
        own = tuple(name for _, name in numbers)
        returned = (*(f"added_up({name})" for name in sums.values()), *own)
        used = [name for name in writer.code.used if name not in own]
        used += [matrix, *names.values(), *(self._of(forward.other).code for forward in made.forwards)]
        used += [self.names[size.name] for size in symbols(extent(made.row))]
        parameters = self._known([*(name for name in used if name not in own), "threads", "once"], writer.arrays)
        call = self._kernel(pass_lines(made, writer.lines, called), returned, writer.code, parameters, is_parallel=True)
        self.lines.append(replace(call, results=(*sums.values(), *own)))
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


def _by_own_threads(line: Statement) -> Statement:
    match line:
        case Assignment(name, Array(_, axes, _, Product(Operand() as left, Operand() as right))):
            if not left.is_turned and not left.is_flattened and len(left.sides) > len(right.sides) == 1:
                return Assignment(name, Array(f"times_vector({left.name}, {right.name})", axes))
    return line


def _in_loops(node: Expr) -> Expr:
    """Return a sum as loops compute it best; a convolution is left to its kernel."""
    return node if convolution_of(node) is not None else vector_first(with_offsets(without_idle_tests(node)))


def _without(axes: Sequence[Index], others: Collection[Index]) -> tuple[Index, ...]:
    return tuple(dict.fromkeys(index for index in axes if index not in others))


def _by_rows(node: Expr, axes: Sequence[Index]) -> Expr:
    """Read a symmetric matrix along its rows, where a row belongs to an entry of the result."""
    match node:
        case Element(symbol, (first, second)) if "symmetric" in symbol.properties and second in axes and first not in axes:
            return Element(symbol, (second, first))
    return node

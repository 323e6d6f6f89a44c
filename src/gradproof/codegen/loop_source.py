"""Nodes as nested loops: fused where they run over the same rows, parallel over the outermost, sums taken on the spot.

A part that does not hang on an inner loop is computed before it; one that an outer loop would compute again and again is an array of
its own. Conditions on indices become the ends of loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradproof.codegen.goals import Finish, Goal
from gradproof.codegen.kernel import Line, Loop
from gradproof.codegen.loop_code import LoopCode, Stored, bare, shift
from gradproof.codegen.loop_ends import End, ends_by, has_data, is_always, separate
from gradproof.codegen.loop_parts import FEW, SMALL, axes_of, by_dependence, guarded_reads, is_short, outer_sums, rows_of, turns
from gradproof.codegen.scattering import scattered
from gradproof.expr.build import add, multiply, number
from gradproof.expr.node import Add, Apply, Expr, Index, Iverson, Multiply, Number, Power, Reduce, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import children, substitute

_START = {"sum": "real(0)", "prod": "real(1)", "max": "real(-math.inf)", "min": "real(math.inf)"}
#: Functions that are as quick as a read.
_CHEAP = frozenset({"abs", "sign", "maximum", "minimum", "relu", "step", "floor", "ceil"})
#: What kernels call the rows that they are at.
OF_PASSES = ("thread", "threads", "first_row", "last_row", "end_row", "step", "once")


#: A node, the axes that its value is wanted over, and its name.
Wanted = tuple[Expr, tuple[Index, ...], str]


@dataclass
class LoopWriter:
    """Writes the lines of one compiled function."""

    code: LoopCode
    lines: list[Line | Loop] = field(default_factory=list)
    #: The axes of the arrays that are written, by name: NumPy makes them, in pages that are quick to fill.
    arrays: dict[str, tuple[Index, ...]] = field(default_factory=dict)
    count: int = 0
    #: The ends of the outermost loops, where these run over a part of the rows; nothing is parallel then.
    ends: tuple[str, str] | None = None

    def written(self, wanted: Sequence[Wanted]) -> None:
        """Write the loops that compute nodes over their axes, each under its name."""
        for node, axes, _ in wanted:
            scatter = scattered(node, axes)
            self._before(*((node, axes) if scatter is None else (scatter.value, scatter.loops)))
        pending = list(wanted)
        while pending:
            group = [pending.pop(0)]
            for item in list(pending):
                if _may_join(item, group):
                    group.append(item)
                    pending.remove(item)
            self._nest(group)

    def shape(self, axes: Sequence[Index]) -> str:
        """Return the code of the shape of an array over some axes."""
        sizes = LoopCode(self.code.names)
        lengths = ", ".join(sizes.length(index) for index in axes)
        return f"({lengths}{',' if len(axes) == 1 else ''})"

    # Nests --------------------------------------------------------------------------------------------------------------

    def _nest(self, group: Sequence[Wanted]) -> None:
        """Write one nest of loops, or what stands before all loops."""
        goals: list[Goal] = []
        for node, axes, name in group:
            if axes:
                self.arrays[name] = axes
                goals.append(self._entry_by_entry(node, axes, name))
        self._named([index for _, axes, _ in group for index in axes])
        scalars = [node for node, axes, _ in group if not axes]
        sums = [part for node in scalars for part in outer_sums(node) if part not in self.code.local]
        self._hoist([part for goal in goals for part in (goal.node,)], (), 1)
        self._hoist([part for node in sums for part in children(node)], (), 1)
        named: dict[Expr, str] = {}
        goals += [self._started(node, (), 1, named) for node in dict.fromkeys(sums)]
        self._inner(goals, (), 1)
        self.code.local.update(named)
        self._hoist(scalars, (), 1)
        for node, axes, name in group:
            if not axes:
                self._line(1, f"{name} = {bare(self.code.value(node))}")
            self.code.stored[node] = Stored(name, axes)

    def _entry_by_entry(self, node: Expr, axes: tuple[Index, ...], name: str) -> Goal:
        """Return what computes an array: along its own axes, or window by window."""
        scatter = scattered(node, axes)
        self.code.name(name)
        if scatter is None:
            return Goal(node, axes, (), Finish(name, "set", is_along=True))
        self._named(scatter.loops)
        places = ", ".join(bare(self.code.whole(place)) for place in scatter.places)
        self.code.entry(name, None, places)
        return Goal(scatter.value, scatter.loops, (), Finish(name, "set", places))

    def _inner(self, goals: Sequence[Goal], opened: tuple[Index, ...], depth: int) -> None:
        """Write what some goals need at this depth, then the loops inside."""
        for goal in goals:
            if not goal.rest:
                self._finish(goal, opened, depth)
        few = [goal for goal in goals if _has_few(goal) and not self._is_stored(goal.node)]
        entries = [entry for goal in few for entry in self._entries(goal, opened)]
        pending = [goal for goal in goals if goal.rest and goal not in few]
        named: dict[Expr, str] = {}
        is_shared = bool(pending)  # then the sums of the entries go into the loops of the others
        if is_shared:
            pending += self._sums_of(entries, opened, depth, named)
        else:
            self._entered(entries, opened, depth)
        while pending:
            first = pending[0]
            if self._is_row(first, opened):
                self._row(first, opened, depth)
                pending.remove(first)
                continue
            key = _key(first, opened)
            group = [goal for goal in pending if _key(goal, opened) == key and not self._is_row(goal, opened)]
            pending = [goal for goal in pending if goal not in group]
            self._loop(group, opened, depth)
        if is_shared:
            self.code.local.update(named)
            self._entered(entries, opened, depth)

    def _is_stored(self, node: Expr) -> bool:
        """Tell whether the sums of a node are arrays that are at hand."""
        return all(part in self.code.stored for part in outer_sums(node))

    def _sums_of(self, entries: Sequence[Goal], opened: tuple[Index, ...], depth: int, named: dict[Expr, str]) -> list[Goal]:
        """Start the sums that some entries are made of and return what is left to do."""
        parts = dict.fromkeys(part for entry in entries for part in outer_sums(entry.node))
        sums = [p for p in parts if p not in self.code.local and p not in self.code.stored and p.free_indices <= set(opened)]
        self._hoist([part for node in sums for part in children(node)], opened, depth)
        return [self._started(node, opened, depth, named) for node in sums]

    def _entered(self, entries: Sequence[Goal], opened: tuple[Index, ...], depth: int) -> None:
        """Write the entries along a short axis, and before them what they share."""
        self._hoist([entry.node for entry in entries], opened, depth)
        for entry in entries:
            self._finish(entry, opened, depth)

    def _loop(self, group: Sequence[Goal], opened: tuple[Index, ...], depth: int) -> None:
        index = group[0].rest[0]
        before = dict(self.code.local)
        around = (*opened, index)
        inside = [replace(goal, rest=goal.rest[1:], tests=_left(goal.tests, index, opened)) for goal in group]
        known = [end for test in group[0].tests for end in ends_by(test, index, opened) or ()]
        self._for(index, known, depth, is_outer=not opened, is_worth=_may_be_parallel(group))
        self._hoist([part for goal in inside for part in (goal.node, *goal.tests)], around, depth + 1)
        self._before_loops(inside, around, depth + 1)
        totals = [] if opened else [self._row_total(goal, depth + 1) for goal in inside]
        self._inner([total or goal for total, goal in zip(totals, inside, strict=True)] if totals else inside, around, depth + 1)
        for total, goal in zip(totals, inside, strict=False):
            if total is not None:
                self._line(depth + 1, goal.finish.line(total.finish.name, ""))
        self.code.local = before

    def _before_loops(self, goals: Sequence[Goal], opened: tuple[Index, ...], depth: int) -> None:
        """Give a name to a whole value that the loops inside would only write again and again: what they write may be what it reads."""
        for goal in goals:
            is_settled = goal.node.free_indices <= set(opened) and not self._parts([goal.node], opened)
            if goal.rest and is_settled and has_data(goal.node) and goal.node not in self.code.local:
                name = self._new()
                self._line(depth, f"{name} = {bare(self.code.value(goal.node))}")
                self.code.local[goal.node] = name

    def _row_total(self, goal: Goal, depth: int) -> Goal | None:
        """Sum over a row by itself, of the arrays' own type; the sum of all rows has double precision."""
        if not goal.rest or goal.finish.step != "sum" or goal.finish.is_entry:
            return None
        name = self._new()
        self._line(depth, f"{name} = real(0)")
        return replace(goal, finish=Finish(name, "sum"))

    def _for(self, index: Index, ends: Sequence[End], depth: int, *, is_outer: bool, is_worth: bool) -> None:
        is_part = self.ends is not None and is_outer and depth == 1
        start = shift(index)
        lower = ["0"] if start or _is_zero(index.lower) else [self.code.whole(index.lower)]
        upper = [self._end(End(index.upper, 1, is_upper=True), start)]
        if self.ends is not None and is_part:
            lower, upper = [self.ends[0]], [self.ends[1]]
        for end in ends:
            (upper if end.is_upper else lower).append(self._end(end, start))
        low = lower[0] if len(lower) == 1 else f"max({', '.join(dict.fromkeys(lower))})"
        high = upper[0] if len(upper) == 1 else f"min({', '.join(dict.fromkeys(upper))})"
        is_parallel = is_outer and depth == 1 and is_worth and not is_part
        limits = (index.lower, index.upper, *(end.above for end in ends))
        self.lines.append(Loop(depth, index, self.code.letters[index], low, high, is_parallel, limits))

    def _end(self, end: End, start: int) -> str:
        """Return the code of an end of a loop that counts from zero where its index counts from ``start``; an upper one is not reached."""
        amount = 1 - start if end.is_upper else -start
        if end.below == 1 and isinstance(end.above, Add | Symbol | Index):
            return bare(self.code.whole(add(end.above, number(amount))))
        code = bare(self.code.whole(end.above))
        if code.lstrip("-").isdigit() and end.below == 1:
            return str(int(code) + amount)
        if end.below > 1:
            code = f"({code}) // {end.below}" if end.is_upper else f"-(-({code}) // {end.below})"
        return f"{code} {'+' if amount > 0 else '-'} {abs(amount)}" if amount else code

    def _entries(self, goal: Goal, opened: tuple[Index, ...]) -> list[Goal]:
        """Return a goal for each entry along a short axis."""
        (index,) = goal.rest
        name, places = goal.finish.name, self.code.places(opened)
        found = []
        for turn in range(turns(index)):
            node = substitute(goal.node, {index: add(index.lower, number(turn))})
            at = f"{f'{places}, ' if places else ''}{turn}"
            self.code.entry(name, opened[0] if opened else None, at)
            found.append(Goal(node, (), (), Finish(name, "set", at)))
        return found

    def _finish(self, goal: Goal, opened: tuple[Index, ...], depth: int) -> None:
        value = self.code.value(goal.node)
        if goal.tests:
            tests = self.code.joined("and", goal.tests)
            if goal.finish.step == "sum" and not goal.finish.is_entry:  # a choice runs on vectors, a branch does not
                value = f"{value} if {tests} else real(0)"
            else:
                self._line(depth, f"if {tests}:")
                depth += 1
        if goal.finish.is_along:
            self.code.entry(goal.finish.name, opened[0], "")
        self._line(depth, goal.finish.line(bare(value), self.code.places(_of_result(goal, opened))))

    # Parts --------------------------------------------------------------------------------------------------------------

    def _hoist(self, nodes: Sequence[Expr], opened: tuple[Index, ...], depth: int) -> None:
        """Give a name to every sum, and every function worth it, that hangs on the opened loops alone."""
        while True:
            ready = [part for part in self._parts(nodes, opened) if not self._parts(children(part), opened)]
            if not ready:
                return
            sums: dict[tuple[Index, ...], list[Reduce]] = {}
            for part in sorted(ready, key=_after_reciprocals):
                if isinstance(part, Reduce):
                    sums.setdefault(part.indices, []).append(part)
                else:
                    name = self._new()
                    self._line(depth, f"{name} = {bare(self.code.value(part))}")
                    self.code.local[part] = name
            for found in sums.values():
                self._reductions(found, opened, depth)

    def _parts(self, nodes: Sequence[Expr], opened: tuple[Index, ...]) -> list[Expr]:
        """Return the parts that may be computed now, inner ones before what they are part of."""
        known = set(opened)
        found: dict[Expr, None] = {}
        seen: set[Expr] = set()
        stack: list[tuple[Expr, bool]] = [(node, False) for node in reversed(nodes)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                found[node] = None
                continue
            if node in seen or node in self.code.local or node in self.code.stored or isinstance(node, Index):
                continue
            seen.add(node)
            if _is_worth_a_name(node) and node.free_indices <= known:
                stack.append((node, True))
            stack += [(read, True) for read in guarded_reads(node) if read.free_indices <= known and read not in self.code.local]
            stack += [(part, False) for part in reversed(children(node)) if not (isinstance(node, TensorEntry))]
        return list(found)

    def _reductions(self, nodes: Sequence[Reduce], opened: tuple[Index, ...], depth: int) -> None:
        """Write sums over the same indices in one nest."""
        named: dict[Expr, str] = {}
        goals = [self._started(node, opened, depth, named) for node in nodes]
        self._inner(goals, opened, depth)
        self.code.local.update(named)

    def _started(self, node: Reduce, opened: tuple[Index, ...], depth: int, named: dict[Expr, str]) -> Goal:
        """Write the start of a sum and return what is left to do; what it is called holds behind its loops only."""
        name = named[node] = self._new()
        start = "0.0" if not opened and node.operation == "sum" else _START[node.operation]
        self._line(depth, f"{name} = {start}")
        return self._reduction(node, name, opened)

    def _reduction(self, node: Reduce, name: str, opened: tuple[Index, ...]) -> Goal:
        indices, body, where = node.indices, node.body, node.where
        clashing = {index: fresh_index(index.name, index.lower, index.upper) for index in indices if index in opened}
        if clashing:
            body = substitute(body, clashing)
            where = None if where is None else substitute(where, clashing)
            indices = tuple(clashing.get(index, index) for index in indices)
        self._named(indices)
        tests = [] if where is None else [where]
        if node.operation == "sum":
            factors = body.factors if isinstance(body, Multiply) else (body,)
            tests += [factor.condition for factor in factors if isinstance(factor, Iverson)]
            body = multiply(*(factor for factor in factors if not isinstance(factor, Iverson)))
        kept = tuple(test for test in separate(tests) if not is_always(test))
        return Goal(body, tuple(by_dependence(indices)), kept, Finish(name, node.operation))

    def _before(self, node: Expr, opened: tuple[Index, ...]) -> None:
        """Store what the loops around would compute again and again."""
        pending: list[tuple[Expr, tuple[Index, ...]]] = [(node, opened)]
        while pending:
            part, around = pending.pop()
            if part in self.code.stored:
                continue
            is_part = part is not node and _is_worth_a_name(part) and not isinstance(part, Power)
            if is_part and part.free_indices and not _is_aligned(part, around) and has_data(part):
                axes = axes_of(part)
                self.written([(part, axes, self._new())])
                continue
            inner = (*around, *by_dependence(part.indices)) if isinstance(part, Reduce) else around
            pending += [(below, inner) for below in children(part) if not isinstance(below, Index)]

    # Rows ---------------------------------------------------------------------------------------------------------------

    def _is_row(self, goal: Goal, opened: tuple[Index, ...]) -> bool:
        """Tell whether a sum over short windows is taken for a whole row at once: the long loop stands inside."""
        if len(goal.rest) != 1 or not goal.finish.is_along or is_short(goal.rest[0]):
            return False
        node = goal.node.terms[0] if isinstance(goal.node, Add) and len(goal.node.terms) == 1 else goal.node
        if not (isinstance(node, Reduce) and node.operation == "sum" and node.where is None and goal.rest[0] in node.free_indices):
            return False
        inner = self._reduction(node, "", opened)
        linked = [test for test in inner.tests if goal.rest[0] in test.free_indices]
        known = (*opened, *inner.rest)
        return bool(linked) and is_short(inner.rest[-1]) and all(ends_by(test, goal.rest[0], known) for test in linked)

    def _row(self, goal: Goal, opened: tuple[Index, ...], depth: int) -> None:
        (last,) = goal.rest
        weight = goal.node.weights[0] if isinstance(goal.node, Add) else None
        node = goal.node.terms[0] if isinstance(goal.node, Add) else goal.node
        assert isinstance(node, Reduce)
        place = goal.finish.name
        axes = (*_of_result(goal, opened), last)
        at = self.code.places(axes)
        self.code.entry(place, axes[0], at)
        self._for(last, (), depth, is_outer=False, is_worth=False)
        self._line(depth + 1, f"{place}[{at}] = real(0)")
        sums = self._reduction(node, "", opened)
        body = sums.node if weight is None else multiply(Number(weight), sums.node)
        step = Goal(body, (*sums.rest, last), sums.tests, Finish(place, "sum", at))
        self._inner([step], opened, depth)

    # Lines --------------------------------------------------------------------------------------------------------------

    def _named(self, indices: Sequence[Index]) -> None:
        """Give letters to indices: their own where nothing else has it."""
        taken = {*self.code.names.values(), *self.code.letters.values(), "math", "np", "real", *OF_PASSES}
        for index in indices:
            if index not in self.code.letters:
                letter = index.name if index.name.strip("_").isidentifier() and index.name.isascii() else "i"
                while letter in taken:
                    letter = f"{letter.rstrip('0123456789')}{int('0' + letter[len(letter.rstrip('0123456789')) :]) + 1}"
                self.code.letters[index] = letter
                taken.add(letter)

    def _new(self) -> str:
        taken = {*self.code.names.values(), *(stored.name for stored in self.code.stored.values())}
        self.count += 1
        while f"t{self.count}" in taken:
            self.count += 1
        return f"t{self.count}"

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(Line(depth, text))


def _may_join(item: Wanted, group: Sequence[Wanted]) -> bool:
    """Tell whether a node goes into the loops of others: over the same rows, and it needs none of them whole."""
    node, axes, _ = item
    first = group[0]
    if rows_of(node, axes) is None or rows_of(node, axes) is not rows_of(first[0], first[1]):
        return False
    scatter = scattered(node, axes)
    loops = () if scatter is None else scatter.loops
    return not any(_contains(node, other) and not (around and loops[: len(around)] == around) for other, around, _ in group)


def _contains(node: Expr, wanted: Expr) -> bool:
    pending, seen = [node], set()
    while pending:
        part = pending.pop()
        if part is wanted:
            return True
        if part not in seen:
            seen.add(part)
            pending += [] if isinstance(part, Index) else children(part)
    return False


def _has_few(goal: Goal) -> bool:
    """Tell whether what is left of a goal is a short axis of sums over long loops: these share their work."""
    if len(goal.rest) != 1 or not goal.finish.is_along or turns(goal.rest[0]) > FEW or goal.tests:
        return False
    return any(not is_short(index) for part in outer_sums(goal.node) for index in part.indices)


def _key(goal: Goal, opened: tuple[Index, ...]) -> tuple[Index, frozenset[Expr]]:
    """Return which loop comes next, and the conditions that set its ends."""
    index = goal.rest[0]
    return index, frozenset(test for test in goal.tests if ends_by(test, index, opened))


def _left(tests: Sequence[Expr], index: Index, opened: tuple[Index, ...]) -> tuple[Expr, ...]:
    return tuple(test for test in tests if not ends_by(test, index, opened))


def _of_result(goal: Goal, opened: tuple[Index, ...]) -> tuple[Index, ...]:
    return opened if goal.finish.is_along else ()


def _after_reciprocals(node: Expr) -> bool:
    """Tell whether a part may be made of a reciprocal: 1 / x^2 where 1 / x has a name."""
    return isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value < -1


def _is_worth_a_name(node: Expr) -> bool:
    match node:
        case Reduce():
            return True
        case Apply(function):
            return function not in _CHEAP and has_data(node)
        case Power(_, Number(value)):
            return (value < 0 or value.denominator != 1) and has_data(node)
        case Power():
            return has_data(node)
    return False


def _is_aligned(part: Expr, around: tuple[Index, ...]) -> bool:
    """Tell whether the loops down to where a part can be computed are all its own, but for short ones."""
    free = part.free_indices
    places = [place for place, index in enumerate(around) if index in free]
    if not places or not free <= set(around):
        return True
    return all(index in free or (is_short(index) and index.upper is not index.lower) for index in around[: places[-1] + 1])


def _may_be_parallel(group: Sequence[Goal]) -> bool:
    """Tell whether threads may share a loop: it is worth them, and they can add up what they find. A maximum that passes NaN on is none."""
    can_join = all(goal.finish.is_entry or goal.finish.step in ("sum", "prod") for goal in group)
    return can_join and any(_is_large(goal) for goal in group)


def _is_large(goal: Goal) -> bool:
    """Tell whether a goal is worth a second thread."""
    size = 1
    for index in goal.rest:
        size *= turns(index)
    pending = [goal.node]
    while pending and size <= SMALL:
        part = pending.pop()
        if isinstance(part, Reduce):
            for index in part.indices:
                size *= turns(index)
        pending += [] if isinstance(part, Index) else children(part)
    return size > SMALL


def _is_zero(node: Expr) -> bool:
    return isinstance(node, Number) and node.value == 0

"""What a function computes as lines of an array library: its stages, and its results, dense or on their diagonals."""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.codegen.array import Array, letters_of
from gradproof.codegen.array_source import ArrayCode
from gradproof.codegen.diagonals import Diagonal, beside, diagonals
from gradproof.codegen.statements import Assignment, Plain, made_by, renamed
from gradproof.codegen.structured import Part, parts_of
from gradproof.expr.node import Expr, Index


class Writer(ArrayCode):
    """Writes the lines of one function body."""

    def stage(self, name: str, root: Expr, axes: Sequence[Index]) -> None:
        """Write a stage: what its last line computes gets its name."""
        self.wanted = tuple(axes)
        made = self._prepared(root)
        if made.axes == self.wanted and self.lines and made_by(self.lines[-1]) == (made.code,):
            self._rename(made.code, name)
        elif set(made.axes) == set(axes):
            self.lines.append(Assignment(name, Array(self._over(made, axes), self.wanted)))
        else:
            code = self.dialect.dense.format(self._spread(made, axes), self._shape(axes))
            self.lines.append(Assignment(name, Array(code, self.wanted)))

    def _rename(self, old: str, name: str) -> None:
        """Give what the last line computes a name that was not counted."""
        self.lines[-1] = renamed(self.lines[-1], name)
        self.named = {known: name if given == old else given for known, given in self.named.items()}
        self.done = {node: Array(name, array.axes) if array.code == old else array for node, array in self.done.items()}
        self.count -= 1

    def written(self, root: Expr, axes: Sequence[Index]) -> str:
        """Write an expression and return the code of its value over these axes, dense and row-major."""
        self.wanted = tuple(axes)
        sparse = diagonals(root, axes) if self.dialect.has_views else ()
        if sparse:
            return self._with_diagonals(root, axes, sparse)
        made = self._prepared(root)
        return self._dense(made, axes) if axes else self.dialect.scalar.format(made.code)

    def structured(self, root: Expr, axes: Sequence[Index], columns: int) -> str:
        """Write an expression and return the code of an operator, or of its dense value where it stands on no diagonal."""
        parts = parts_of(root, axes, columns)
        if not parts:
            return self.written(root, axes)
        self.wanted = tuple(axes)
        listed = ", ".join(f'({self._stored(part)}, "{part.own}", "{part.places}")' for part in parts)
        return f"Structured({self._shape(axes)}, {columns}, [{listed}])"

    def _stored(self, part: Part) -> str:
        made = self._prepared(part.value)
        return self._dense(made, part.axes) if part.axes else self.dialect.argument.format(made.code)

    def _dense(self, array: Array, axes: Sequence[Index]) -> str:
        """Return the code of a dense array of its own: no argument is handed back as a result."""
        if set(array.axes) == set(axes) and array.code not in self.names.values():
            return self.dialect.whole_array.format(self._over(array, axes, atom=True))
        return self.dialect.dense.format(self._spread(array, axes), self._shape(axes))

    def _with_diagonals(self, root: Expr, axes: Sequence[Index], sparse: Sequence[Diagonal]) -> str:
        """Write what stands on diagonals there and nowhere else: a delta is never an array."""
        rest = beside(root, sparse)
        result = self._line(Array(self._start(rest, axes), tuple(axes)), is_new=True).code
        for diagonal in sparse:
            value = self._prepared(diagonal.value)
            places = [diagonal.same.get(index, index) for index in axes]
            letters = letters_of(places)
            kept = tuple(dict.fromkeys(places))
            spelled = "".join(letters[index] for index in places), "".join(letters[index] for index in kept)
            view = self.now.einsum.format(f"{spelled[0]}->{spelled[1]}", result)
            self.lines.append(Plain(f"{view}[...] += {self._over(value, kept)}"))
        return result

    def _start(self, rest: Expr | None, axes: Sequence[Index]) -> str:
        if rest is None:
            return f"{self.now.call('zeros')}({self._shape(axes)}, dtype=dtype)"
        code = f"{self.now.call('broadcast_to')}({self._over(self._prepared(rest), axes)}, {self._shape(axes)})"
        return f'{self.now.call("array")}({code}, dtype=dtype, order="C")'

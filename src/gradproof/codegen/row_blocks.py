"""Functions that treat every sample alike, block by block of samples: each thread takes its rows through all stages.

What one stage hands to the next stays in the caches, products of small matrices and the loops between them run side by side on all
threads, and the sums over samples, ``X'R``, are added up by thread. That is sound where no statement but such a sum looks at two rows at
once; a sum that is larger than a matrix is taken behind the blocks, from arrays that these fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradproof.codegen.kernel import ROWS, Kernel
from gradproof.codegen.products import EachProduct, EitherOrder, InOrder, Length, Operand, Operation, Permuted, Product, Scaled
from gradproof.codegen.signature import Signature
from gradproof.codegen.statements import Assignment, KernelCall, NewArray, Statement
from gradproof.elaborate.sizes import extent
from gradproof.expr.node import Expr, Symbol

#: So many statements over the rows at least are worth threads of their own.
_WORTH = 6
#: A sum over the rows with more axes is not added up by thread.
_MATRIX = 2

#: The lengths of the axes of an array.
Shape = tuple[Expr, ...]


@dataclass(frozen=True)
class Total:
    """A sum over the rows that every thread adds up for its own."""

    name: str
    operation: Product


@dataclass
class Blocks:
    """The statements of a function before, over and behind the blocks of rows, and the sums over these.

    ``late`` are the names of what is known behind the blocks alone, ``whole`` those of arrays with rows that are read there.
    """

    row: Symbol
    shapes: dict[str, Shape]
    before: list[Statement] = field(default_factory=list)
    inside: list[Statement | Total] = field(default_factory=list)
    behind: list[Statement] = field(default_factory=list)
    late: set[str] = field(default_factory=set)
    whole: dict[str, None] = field(default_factory=dict)
    kernels: dict[str, Kernel] = field(default_factory=dict)

    def has_rows(self, name: str) -> bool:
        """Tell whether an array has a row for each sample."""
        return self.shapes.get(name, ())[:1] == (self.row,)

    @property
    def made(self) -> list[str]:
        """The arrays that are made inside the blocks."""
        return [s.name for s in self.inside if isinstance(s, NewArray | Assignment)]

    @property
    def totals(self) -> list[Total]:
        """The sums over the rows."""
        return [statement for statement in self.inside if isinstance(statement, Total)]


def in_blocks(made: Signature, statements: Sequence[Statement]) -> Blocks | None:
    """Return the statements of a function sorted by blocks; None where rows do not stand alone."""
    shapes = {made.names[symbol.name]: tuple(axis.size for axis in symbol.axes) for symbol in made.arguments}
    leading = {shape[0] for shape in shapes.values() if len(shape) > 1} & set(made.sizes)
    leading -= {length for shape in shapes.values() for length in shape[1:]}
    for row in sorted((size for size in leading if isinstance(size, Symbol)), key=lambda size: size.name):
        blocks = Blocks(row, dict(shapes))
        if all(_is_sorted(statement, blocks, made.names[row.name]) for statement in statements) and len(blocks.inside) >= _WORTH:
            return blocks
    return None


def length_of_rows(length: Length, row: Symbol) -> Length:
    """Return the code of lengths inside a block."""
    return lambda index: ROWS if extent(index) is row else length(index)


def _is_sorted(statement: Statement, blocks: Blocks, row: str) -> bool:
    """Put a statement where it belongs; tell whether there is such a place."""
    match statement:
        case NewArray(name, axes):
            return _is_placed(statement, name, tuple(map(extent, axes)), (), blocks)
        case KernelCall():
            return _is_kernel_placed(statement, blocks, row)
        case Assignment(name, array) if array.operation is not None:
            return _is_product_placed(statement, name, array.operation, blocks)
    return False


def _is_product_placed(statement: Assignment, name: str, operation: Operation, blocks: Blocks) -> bool:
    shape = tuple(map(extent, operation.axes))
    match operation:
        case Scaled(read) | Permuted(read):
            if isinstance(operation, Permuted) and blocks.has_rows(read) and operation.places[0] != 0:
                return False
            return _is_placed(statement, name, shape, (read,), blocks)
        case EachProduct(shared):
            factors = tuple(operand.name for operand in operation.operands)
            is_by_rows = extent(shared) is blocks.row
            if any(blocks.has_rows(other) is not is_by_rows for other in factors) or blocks.row in shape[1:]:
                return False
            return _is_placed(statement, name, shape, factors, blocks)
        case Product():
            return _is_placed_by_rows(statement, name, (operation,), blocks)
        case InOrder(whole):
            if blocks.row in shape:
                return False
            return _is_placed_by_rows(statement, name, (whole,), blocks)
        case EitherOrder(first, second):
            return _is_placed_by_rows(statement, name, (first, second), blocks)


def _is_placed_by_rows(statement: Assignment, name: str, orders: Sequence[Product], blocks: Blocks) -> bool:
    assert statement.array.operation is not None, "statements were looked at before"
    shape = tuple(map(extent, statement.array.operation.axes))
    read = tuple(dict.fromkeys(operand.name for order in orders for operand in order.operands))
    sums = [part for order in orders for part in _parts(order) if blocks.row in map(extent, part.inner)]
    if not sums:
        return _is_placed(statement, name, shape, read, blocks)
    (product, *more) = orders
    both = product.left, product.right
    is_one = not more and all(isinstance(operand, Operand) and blocks.has_rows(operand.name) for operand in both)
    if not is_one or blocks.row in shape or not shape or any(other in blocks.late for other in read):
        return False
    blocks.shapes[name] = shape
    blocks.late.add(name)
    if len(shape) > _MATRIX or isinstance(statement.array.operation, InOrder):
        blocks.whole.update(dict.fromkeys(read))
        blocks.behind.append(statement)
    else:
        blocks.inside.append(Total(name, product))
    return True


def _parts(product: Product) -> list[Product]:
    """Return a product and those that it is made of."""
    found = [product]
    for side in (product.left, product.right):
        found += _parts(side) if isinstance(side, Product) else []
    return found


def _is_placed(statement: Statement, name: str, shape: Shape, read: Sequence[str], blocks: Blocks) -> bool:
    if blocks.row in shape[1:]:
        return False
    blocks.shapes[name] = shape
    is_late = any(other in blocks.late for other in read)
    if shape[:1] == (blocks.row,):
        blocks.inside.append(statement)
        return not is_late
    if any(map(blocks.has_rows, read)):
        return False
    if is_late:
        blocks.late.add(name)
    (blocks.behind if is_late else blocks.before).append(statement)
    return True


def _is_kernel_placed(call: KernelCall, blocks: Blocks, row: str) -> bool:
    """Put the call of a kernel that goes row by row inside, that of one without rows beside it."""
    late = [name for name in call.arguments if name in blocks.late]
    if not any(map(blocks.has_rows, call.arguments)):
        if late or row in call.arguments or call.results:
            return False
        blocks.before.append(call)
        return True
    given = zip(call.kernel.parameters, call.arguments, strict=True)
    rows = [own for own, name in given if blocks.has_rows(name)]
    if late or not call.kernel.goes_by_rows(rows, blocks.row):
        return False
    kernel = blocks.kernels.setdefault(call.kernel.name, call.kernel.of_rows())
    blocks.inside.append(KernelCall(kernel, (ROWS, *call.arguments)))
    return True

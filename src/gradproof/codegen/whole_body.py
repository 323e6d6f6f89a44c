"""The statements of a function for Numba as one compiled function: products of small matrices cost no call of NumPy each.

Every statement has to be one that Numba compiles to what NumPy computes: calls of kernels, new arrays, products of vectors and matrices,
products with numbers. A product of a matrix with its own transpose that stands alone stays with NumPy, for which it is half the work.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradproof.codegen.mixed_source import Result
from gradproof.codegen.products import EachProduct, EitherOrder, InOrder, Length, Permuted, Product
from gradproof.codegen.signature import Signature
from gradproof.codegen.sizes import size_text
from gradproof.codegen.statements import Assignment, KernelCall, NewArray, Plain, Statement, compiled
from gradproof.expr.node import Expr, Symbol


def is_whole(statements: Sequence[Statement], results: Sequence[Result]) -> bool:
    """Tell whether one compiled function can do all that statements do, and saves calls by that."""
    products = sum(isinstance(statement, Assignment) and _multiplies(statement) for statement in statements)
    calls = sum(isinstance(statement, KernelCall) for statement in statements) + products
    calls += sum(isinstance(statement, Assignment) and not _multiplies(statement) for statement in statements)
    can_return = all(result.compiled is not None for result in results)
    return products > 0 and calls > 1 and can_return and all(_is_compiled(statement) for statement in statements)


def _multiplies(statement: Assignment) -> bool:
    return isinstance(statement.array.operation, Product | EitherOrder | EachProduct | InOrder)


def _is_compiled(statement: Statement) -> bool:
    """Tell whether Numba compiles a statement to what NumPy computes."""
    match statement:
        case NewArray() | KernelCall():
            return True
        case Assignment(_, array):
            return array.operation is not None and not (isinstance(array.operation, Product) and array.operation.is_square)
        case Plain():
            return False


def compiled_lines(statement: Statement, length: Length) -> list[str]:
    """Return the lines of a statement in compiled code."""
    match statement:
        case Assignment(name, array):
            assert array.operation is not None, "statements were looked at before"
            return compiled(name, array.operation, length)
        case _:
            return [statement.text]


def compiled_result(result: Result, length: Length) -> str:
    """Return a result as the compiled function returns it: a new row-major array, or a number."""
    match result.compiled:
        case Permuted(name, _, places) if places == tuple(range(len(places))):
            return name
        case Permuted():
            return result.compiled.text(length)
        case _:
            return result.code


def unfitting(made: Signature) -> list[str] | None:
    """Return what tells that the shapes of the arguments do not fit each other, None where sizes are not known one by one."""
    known = {symbol.name: made.names[symbol.name] for symbol in made.arguments if "size" in symbol.properties}
    compared: list[tuple[str, Expr]] = []
    for symbol in made.arguments:
        for place, axis in enumerate(symbol.axes):
            own = f"{made.names[symbol.name]}.shape[{place}]"
            if isinstance(axis.size, Symbol) and axis.size.name not in known:
                known[axis.size.name] = own
            else:
                compared.append((own, axis.size))
    tests = [(own, size_text(size, known)) for own, size in compared]
    return None if any(text is None for _, text in tests) else [f"{own} != {text}" for own, text in tests]

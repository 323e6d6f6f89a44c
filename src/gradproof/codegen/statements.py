"""The lines of a function body as objects: what each makes and reads, over which axes, and the text that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradproof.codegen.array import Array
from gradproof.codegen.kernel import Kernel
from gradproof.codegen.products import Axes, EachProduct, EitherOrder, InOrder, Length, Operation, Permuted, Product, Scaled


@dataclass(frozen=True, slots=True)
class Assignment:
    """A name for the value of some code."""

    name: str
    array: Array

    @property
    def text(self) -> str:
        """The line in NumPy."""
        return f"{self.name} = {self.array.code}"


@dataclass(frozen=True, slots=True)
class NewArray:
    """An array that kernels fill; ``shape`` is the code of its lengths."""

    name: str
    axes: Axes
    shape: str

    @property
    def text(self) -> str:
        """The line in NumPy."""
        return f"{self.name} = np.empty({self.shape}, dtype)"


@dataclass(frozen=True, slots=True)
class KernelCall:
    """The call of a compiled kernel: ``results`` are names for the numbers that it returns."""

    kernel: Kernel
    arguments: tuple[str, ...]
    results: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line in NumPy."""
        return f"{', '.join(self.results)}{' = ' if self.results else ''}{self.kernel.name}({', '.join(self.arguments)})"

    @property
    def indexed(self) -> frozenset[str]:
        """The arrays whose entries the kernel reads or writes."""
        given = zip(self.kernel.parameters, self.arguments, strict=True)
        return frozenset(name for own, name in given if own in self.kernel.touched)


@dataclass(frozen=True, slots=True)
class Plain:
    """A line that is no more than its text: NumPy alone knows what it does."""

    text: str


Statement = Assignment | NewArray | KernelCall | Plain


def renamed(statement: Statement, name: str) -> Statement:
    """Return a statement that gives what it makes another name."""
    match statement:
        case Assignment() | NewArray():
            return replace(statement, name=name)
        case KernelCall(kernel, arguments, (_,)):
            return KernelCall(kernel, arguments, (name,))
        case _:
            raise AssertionError("a statement that makes one thing was expected")


def made_by(statement: Statement) -> tuple[str, ...]:
    """Return the names of what a statement makes."""
    match statement:
        case Assignment(name) | NewArray(name):
            return (name,)
        case KernelCall(_, _, results):
            return results
        case Plain():
            return ()


def read_by(statement: Statement) -> set[str] | None:
    """Return the names of the arrays that a statement reads, None where that is not known."""
    match statement:
        case NewArray():
            return set()
        case KernelCall(_, arguments):
            return set(arguments)
        case Assignment(_, Array(operation=Scaled(name) | Permuted(name))):
            return {name}
        case Assignment(_, Array(operation=Product() | EitherOrder() | EachProduct() | InOrder() as operation)):
            return {operand.name for operand in operation.operands}
    return None


def flattened_by(statement: Statement) -> set[str]:
    """Return the arrays that a statement takes as matrices though they have more axes: these have to be row-major."""
    match statement:
        case Assignment(_, Array(operation=Product() | EachProduct() | InOrder() as operation)):
            is_each = isinstance(operation, EachProduct | InOrder)
            return {operand.name for operand in operation.operands if operand.is_flattened or is_each}
    return set()


def texts(statements: Sequence[Statement]) -> list[str]:
    """Return the lines in NumPy."""
    return [statement.text for statement in statements]


def compiled(name: str, operation: Operation, length: Length) -> list[str]:
    """Return the lines that give a name to the value of an operation, in code that Numba compiles."""
    code = operation.text(length)
    if not isinstance(operation, EachProduct | InOrder):
        return [f"{name} = {code}"]
    shape = ", ".join(map(length, operation.axes))
    head = [f"{name} = np.empty(({shape}), dtype)", f"for each in range({length(operation.axes[0])}):"]
    if isinstance(operation, EachProduct):
        return [*head, f"    np.dot({code}, {name}[each])"]
    places = {index: f"at_{place}" for place, index in enumerate(operation.axes[1:], start=1)}
    loops = [f"{'    ' * depth}for {own} in range({length(index)}):" for depth, (index, own) in enumerate(places.items(), start=1)]
    read = ", ".join(places[index] for index in operation.part.axes)
    copied = f"{name}[each, {', '.join(places.values())}] = part[{read}]"
    return [*head, f"    part = {code}", *loops, f"{'    ' * (len(places) + 1)}{copied}"]

"""What the language knows of a function: its names, its parameters, the kinds that it takes, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gradproof.elaborate.value import Value
from gradproof.formula.context import Context
from gradproof.formula.kinds import Relation
from gradproof.reader.plain.source import Source
from gradproof.reader.plain.tree import Call, Name, Tree
from gradproof.reader.presentation import Place


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: a 'tensor' is an expression of the formula, an 'option' a size, a flag, an axis or a word.

    One that is taken ``by_name`` is never meant by an argument without a name.
    """

    name: str
    role: str = "option"
    required: bool = False
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call by parameter; ``present`` names the tensors that were given, in order.

    ``constant`` tells which of them have no name in them: those say nothing about the shapes beside them.
    """

    call: Call
    present: tuple[str, ...]
    tensors: tuple[Tree, ...]
    options: dict[str, Tree] = field(default_factory=dict)
    constant: tuple[bool, ...] = ()

    def place(self, name: str) -> Place:
        """Return where an argument stands, the function's name where it was left out."""
        if name in self.options:
            return self.options[name].place
        return self.tensors[self.present.index(name)].place if name in self.present else self.call.head


@dataclass(frozen=True, slots=True)
class Entry:
    """A function of the language.

    ``relation`` ties the kinds of the given tensors and of the result; ``lower`` returns its meaning at their values. With
    ``variadic`` more tensors may follow those that have names.
    """

    names: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    relation: Callable[[Arguments], Relation]
    lower: Callable[[Context, Arguments, tuple[Value, ...]], Value]
    variadic: bool = False
    is_layer: bool = False


def tensor(name: str, *, required: bool = True, by_name: bool = False) -> Parameter:
    """Return a parameter that is an expression."""
    return Parameter(name, "tensor", required, by_name)


def option(name: str, *, required: bool = False, by_name: bool = False) -> Parameter:
    """Return a parameter that is no expression."""
    return Parameter(name, "option", required, by_name)


def matched(entry: Entry, call: Call, source: Source) -> Arguments:
    """Return the arguments of a call by parameter.

    Raises: FormulaError: too many, too few, an unknown name, or one given twice.
    """
    given: dict[str, Tree] = {}
    placed = [parameter for parameter in entry.parameters if not parameter.by_name]
    extra = call.arguments[len(placed) :]
    if extra and not entry.variadic:
        raise _count_error(entry, call, source)
    for parameter, argument in zip(placed, call.arguments, strict=False):
        given[parameter.name] = argument
    known = {parameter.name for parameter in entry.parameters}
    for keyword in call.keywords:
        if keyword.name not in known or keyword.name in given:
            got = f"'{keyword.name}'" + (" twice" if keyword.name in given else "")
            names = ", ".join(parameter.name for parameter in entry.parameters)
            raise source.error(keyword.place, f"an argument of {call.function} was expected", got=got, remedy=f"It takes {names}.")
        given[keyword.name] = keyword.value
    given = {name: tree for name, tree in given.items() if not (isinstance(tree, Name) and tree.text == "None")}
    if any(parameter.required and parameter.name not in given for parameter in entry.parameters):
        raise _count_error(entry, call, source)
    present = [parameter.name for parameter in entry.parameters if parameter.role == "tensor" and parameter.name in given]
    tensors = [given[name] for name in present]
    options = {name: tree for name, tree in given.items() if name not in present}
    more = tuple(f"{placed[-1].name}{place}" for place in range(len(extra)))
    return Arguments(call, (*present, *more), (*tensors, *extra), options)


def _count_error(entry: Entry, call: Call, source: Source) -> Exception:
    needed = [parameter.name for parameter in entry.parameters if parameter.required]
    least, most = len(needed), len(entry.parameters)
    count = f"{least}" if least == most else f"{least} or more" if entry.variadic else f"{least} to {most}"
    plural = "argument" if count == "1" else "arguments"
    got = len(call.arguments) + len(call.keywords)
    listed = ", ".join(parameter.name for parameter in entry.parameters)
    expected = f"{call.function} takes {count} {plural} ({listed}{', ...' if entry.variadic else ''})"
    return source.error(call.head, expected, got=str(got), remedy="Give what it takes.")

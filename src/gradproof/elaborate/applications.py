"""Functions at their arguments: catalogue functions, functions of the document, unknown functions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from gradproof.elaborate import conditions, prox
from gradproof.elaborate.names import base_name, spoken
from gradproof.elaborate.references import named_arguments
from gradproof.elaborate.scope import Definition
from gradproof.elaborate.sizes import extent
from gradproof.elaborate.trouble import Misfit, Unreadable
from gradproof.elaborate.value import (
    Value,
    diagonal,
    entry,
    freshened,
    inverse,
    mapped,
    renamed,
    scalar,
    tensor_same,
    tensor_scalar,
    with_tensor,
)
from gradproof.expr import build
from gradproof.expr.catalogue import BY_TEXT, FUNCTIONS, Function, TensorFunction
from gradproof.expr.node import Apply, Axis, Call, Constant, Expr, Number, Reduce
from gradproof.reader.presentation import (
    Adjacent,
    Fenced,
    Name,
    Numeral,
    Prefix,
    Root,
    Scripted,
    Tree,
)
from gradproof.reader.presentation import Fraction as FractionTree

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering

Taken = tuple[Value, tuple[Tree, ...]]

#: Letters that people use for functions: before a parenthesis they apply, unless the document shows them to be quantities.
FUNCTION_LETTERS = frozenset({"f", "g", "h", "F", "G", "H", "phi", "varphi", "psi", "Phi", "Psi", "L", "J", "E", "ell", "u"})

#: Words that mean a function of the catalogue in documents but are too short or too free for its spellings.
_WORDS = {
    "sgn": "sign",
    "ReLU": "relu",
    "sigm": "sigma",
    "Sigmoid": "sigma",
    "SoftMax": "softmax",
    "Softmax": "softmax",
}

_INVERSES = {"sin": "arcsin", "cos": "arccos", "tan": "arctan", "tanh": "arctanh", "sinh": "arcsinh", "cosh": "arccosh"}

_ARGUMENT_KINDS = (Numeral, Name, Scripted, FractionTree, Root)


def application(lowering: Lowering, rest: tuple[Tree, ...]) -> Taken | None:
    """Apply the function at the head of ``rest`` to what follows it, or return None when there is none."""
    head = rest[0]
    name = _head_name(head)
    if name is None:
        return None
    if (
        name.text in ("O", "o")
        and name.font != "bold"
        and len(rest) > 1
        and is_fence(rest[1])
        and not lowering.scope.survey.rank(name.text)
    ):
        raise Unreadable("U109", "a remainder of an order stands for many values")
    if name.text == "1" and name.font == "blackboard" and len(rest) > 1:
        return _indicator_fence(lowering, rest)
    if name.text == "prox" and isinstance(head, Scripted) and len(rest) > 1:
        fence = rest[1]
        value = prox.proximal(lowering, head, fence.base if isinstance(fence, Scripted) else fence)
        return with_fence_scripts(lowering, value, fence), rest[2:]
    document = _document_function(lowering, head, name, rest)
    if document is not None:
        return document
    entry_found = catalogue_entry(lowering, name)
    if entry_found is not None:
        return _apply_catalogue(lowering, head, name, entry_found, rest)
    special = _SPECIAL.get(name.text) if name.font == "roman" else None
    if special is not None and len(rest) > 1:
        arguments, remaining = _arguments(lowering, rest)
        value = special(lowering, [lowering.value(argument) for argument in arguments])
        return _with_scripts_behind(lowering, value, rest[1]), remaining
    if name.text in ("max", "min") and name.font == "roman" and len(rest) > 1:
        arguments, remaining = _arguments(lowering, rest)
        value = extremum(lowering, name.text, [lowering.value(argument) for argument in arguments])
        return _with_scripts_behind(lowering, value, rest[1]), remaining
    return _unknown_function(lowering, head, name, rest)


def scripted_function(lowering: Lowering, tree: Scripted) -> Value | None:
    """Return the value of an indicator with its condition below it: ``\\mathbb{1}_{x > 0}``."""
    if isinstance(tree.base, Name) and tree.base.text == "1" and tree.base.font == "blackboard" and tree.sub is not None:
        sub = tree.sub.body if isinstance(tree.sub, Fenced) and tree.sub.body is not None else tree.sub
        return scalar(conditions.bracket(lowering, sub))
    return None


def _indicator_fence(lowering: Lowering, rest: tuple[Tree, ...]) -> Taken | None:
    argument = rest[1]
    fence = argument.base if isinstance(argument, Scripted) else argument
    if not isinstance(fence, Fenced) or fence.body is None:
        return None
    value = conditions.indicator(lowering, fence.body)
    return with_fence_scripts(lowering, value, argument), rest[2:]


def _head_name(tree: Tree) -> Name | None:
    if isinstance(tree, Name):
        return tree
    if isinstance(tree, Scripted) and isinstance(tree.base, Name):
        return tree.base
    return None


def is_fence(tree: Tree) -> bool:
    """Tell whether a tree is a parenthesis with something in it, with scripts or without."""
    base = tree.base if isinstance(tree, Scripted) else tree
    return isinstance(base, Fenced) and base.opening in "([{" and base.body is not None


# Functions of the document ----------------------------------------------------------------------------------------


def _document_function(lowering: Lowering, head: Tree, name: Name, rest: tuple[Tree, ...]) -> Taken | None:
    if len(rest) < 2 or not is_fence(rest[1]):
        return None
    primes = name.primes + (head.primes if isinstance(head, Scripted) else 0)
    if isinstance(head, Scripted) and head.sup is not None:
        return None
    key = function_key(lowering, head, name)
    fence = rest[1]
    definition = lowering.scope.function(key, lowering.position, len(fence_arguments(fence)))
    definition = definition or lowering.scope.function(key, lowering.position)
    if definition is None:
        return None
    arguments = [lowering.value(argument) for argument in fence_arguments(fence)]
    value = call(lowering, key, definition, arguments, primes)
    return with_fence_scripts(lowering, value, fence), rest[2:]


def function_key(lowering: Lowering, head: Tree, name: Name) -> str:
    """Return the key of a function's name: primes count derivatives and are no part of it."""
    plain = Name(name.text, name.place, name.font, name.accents)
    if isinstance(head, Scripted) and head.sub is not None:
        from_label = prox.label(head.sub)
        return f"{base_name(plain)}_{from_label}" if from_label else base_name(plain)
    return base_name(plain)


def call(lowering: Lowering, key: str, definition: Definition, arguments: list[Value], primes: int = 0) -> Value:
    """Return a document's function at its arguments: named where they are scalars, put in where they are tensors."""
    parameters = definition.parameters
    if len(arguments) != len(parameters):
        words = f"{spoken(key)} takes {len(parameters)} arguments, here are {len(arguments)}"
        raise Misfit("M102", words, is_certain=False)
    if not any(parameter.axes for parameter in parameters) and not definition.axes:
        orders = (primes, *(0 for _ in parameters[1:]))
        return elementwise_call(lowering, lambda *bodies: Call(key, bodies, orders), arguments)
    if primes:
        raise Unreadable("U110", "no rule for a primed function of a tensor")
    value = freshened(Value(definition.body, definition.axes))
    for parameter, argument in zip(parameters, arguments, strict=True):
        value = with_tensor(value, parameter, argument, lowering.scope.sizes)
    return value


def _unknown_function(lowering: Lowering, head: Tree, name: Name, rest: tuple[Tree, ...]) -> Taken | None:
    """An undefined letter before a parenthesis: a function when it looks like one, else a factor."""
    if len(rest) < 2 or not is_fence(rest[1]) or not _looks_like_function(lowering, name, rest[1]):
        return None
    if function_key(lowering, head, name) in lowering.scope.definitions:
        return None  # h_2 (1 - h_2), where h_2 is defined as a quantity
    arguments = [lowering.value(argument) for argument in fence_arguments(rest[1])]
    if name.text in _NORMAL and isinstance(head, Name) and not name.primes and len(arguments) == 1 and _speaks_of_normal(lowering):
        lowering.note("Φ and φ alone are the standard normal distribution and its density")
        return with_fence_scripts(lowering, mapped(_NORMAL[name.text], arguments[0]), rest[1]), rest[2:]
    if isinstance(head, Scripted) and head.sup is not None:
        raise Unreadable("U103", f"the function {spoken(name.text)} is not defined")
    key = function_key(lowering, head, name)
    if any(argument.rank for argument in arguments):
        raise Unreadable("U103", f"the function {spoken(key)} of a tensor is not defined")
    primes = name.primes + (head.primes if isinstance(head, Scripted) else 0)
    orders = (primes, *(0 for _ in arguments[1:]))
    value = scalar(Call(key, tuple(argument.body for argument in arguments), orders))
    return with_fence_scripts(lowering, value, rest[1]), rest[2:]


def _speaks_of_normal(lowering: Lowering) -> bool:
    """Tell whether the document has the Gaussian error linear unit, or the error function: then Φ and φ are those of the normal law."""
    return bool(lowering.scope.survey.applied.keys() & {"GELU", "gelu", "Gelu", "erf"})


def _normal_density(at: Expr) -> Expr:
    exponential = build.apply("exp", build.scale(Fraction(-1, 2), build.power(at, build.TWO)))
    return build.divide(exponential, build.square_root(build.multiply(build.TWO, Constant("pi"))))


def _normal_distribution(at: Expr) -> Expr:
    return build.scale(Fraction(1, 2), build.add(build.ONE, build.apply("erf", build.divide(at, build.square_root(build.TWO)))))


_NORMAL: dict[str, Callable[[Expr], Expr]] = {
    "Phi": _normal_distribution,
    "phi": _normal_density,
    "varphi": _normal_density,
}


def _looks_like_function(lowering: Lowering, name: Name, fence: Tree) -> bool:
    survey, key = lowering.scope.survey, base_name(Name(name.text, name.place, name.font, name.accents))
    if name.font == "roman" and len(name.text) > 1:
        return True
    if len(fence_arguments(fence)) > 1 or name.primes:
        return True
    if survey.rank(key) or key in lowering.scope.definitions or key in lowering.scope.declared:
        return False
    alone = survey.bare.get(key, 0) - survey.applied.get(key, 0)
    if key in FUNCTION_LETTERS:
        return alone == 0 or key in ("f", "g", "h", "phi", "psi", "E")
    return False


# Functions of the catalogue -----------------------------------------------------------------------------------------


def catalogue_entry(lowering: Lowering, name: Name) -> Function | TensorFunction | None:
    """Return the catalogue's function of this name, under the reading."""
    text = _WORDS.get(name.text, name.text)
    if lowering.scope.is_known(base_name(name)):
        return None
    if text == "sigma":
        return _sigma(lowering, name)
    if text in ("max", "min", "argmax", "argmin") or (len(text) == 1 and text != "Gamma"):
        return None
    if name.font != "roman" and text not in ("Gamma", "erf"):
        return None
    if text == "log":
        lowering.questions.add("log")
    found = BY_TEXT.get(text)
    return found if found is not None else BY_TEXT.get(text.lower())


def _sigma(lowering: Lowering, name: Name) -> Function | TensorFunction | None:
    if name.font == "roman":
        return FUNCTIONS["sigma"]
    if not lowering.scope.survey.applied.get("sigma"):
        return None
    answer = lowering.answer("sigma")
    return BY_TEXT["softmax"] if answer == "softmax" else FUNCTIONS["sigma"]


def _apply_catalogue(
    lowering: Lowering, head: Tree, name: Name, found: Function | TensorFunction, rest: tuple[Tree, ...]
) -> Taken | None:
    if len(rest) < 2:
        if name.text == "sigma" and name.font == "italic":
            return None
        raise Unreadable("U110", f"{spoken(name.text)} stands without an argument")
    if name.text == "sigma" and name.font == "italic" and not is_fence(rest[1]):
        return None
    fence = rest[1]
    arguments, remaining = _arguments(lowering, rest)
    values = [lowering.value(argument) for argument in arguments]
    value = _applied(lowering, head, name, found, values)
    return _with_scripts_behind(lowering, value, fence), remaining


def _applied(lowering: Lowering, head: Tree, name: Name, found: Function | TensorFunction, values: list[Value]) -> Value:
    primes = name.primes + (head.primes if isinstance(head, Scripted) else 0)
    sup = head.sup if isinstance(head, Scripted) else None
    sub = head.sub if isinstance(head, Scripted) else None
    if isinstance(found, TensorFunction):
        if primes or sup is not None or len(values) != 1:
            raise Unreadable("U110", f"no rule for {found.name} in this form")
        return _tensor_function(found, values[0])
    if isinstance(sup, Prefix) and isinstance(sup.operand, Numeral) and sup.operand.text == "1":
        found, sup = _inverse_function(found), None
    if found.name == "log":
        value = _logarithm(lowering, name, sub, values)
    else:
        value = elementwise_call(lowering, lambda *bodies: _differentiated(found, bodies, primes), values)
    return value if sup is None else lowering.power(value, sup)


def _differentiated(found: Function, arguments: tuple[Expr, ...], primes: int) -> Expr:
    if found.arity >= 0 and len(arguments) != found.arity:
        words = f"{found.name} takes {found.arity} arguments, here are {len(arguments)}"
        raise Misfit("M102", words, is_certain=False)
    if primes == 0:
        return Apply(found.name, arguments)
    if primes == 1 and len(arguments) == 1:
        return found.partial(arguments, 0)
    raise Unreadable("U110", f"no rule for {primes} primes on {found.name}")


def _inverse_function(found: Function) -> Function:
    if found.name not in _INVERSES:
        raise Unreadable("U110", f"no rule for the inverse of {found.name}")
    return FUNCTIONS[_INVERSES[found.name]]


def _logarithm(lowering: Lowering, name: Name, sub: Tree | None, values: list[Value]) -> Value:
    if len(values) != 1:
        raise Misfit("M102", "a logarithm takes one argument", is_certain=False)
    value = mapped(lambda body: build.apply("log", body), values[0])
    if sub is not None:
        base = build.apply("log", lowering.scalar(sub, "the base of a logarithm"))
    elif name.text == "log" and lowering.answer("log") != "natural":
        base = build.apply("log", build.number(10 if lowering.reading.log == "ten" else 2))
    else:
        return value
    return mapped(lambda body: build.divide(body, base), value)


def _tensor_function(found: TensorFunction, value: Value) -> Value:
    if value.rank < found.rank:
        words = f"{found.name} takes {'a vector' if found.rank == 1 else 'a matrix'}, here is a scalar"
        raise Misfit("M102", words, is_certain=False)
    if found.output == "same":
        return tensor_same(found.name, value)
    if found.name == "inverse":
        return inverse(value)
    return tensor_scalar(found.name, value)


def elementwise_call(lowering: Lowering, make: Callable[..., Expr], values: list[Value]) -> Value:
    """Apply a scalar function entry by entry; scalars among the arguments broadcast."""
    frame = next((value for value in values if value.rank), None)
    if frame is None:
        return scalar(make(*(value.body for value in values)))
    bodies = []
    for value in values:
        if value.rank and value is not frame:
            for mine, other in zip(frame.axes, value.axes, strict=True):
                lowering.scope.sizes.unify(extent(mine), extent(other), "the arguments of a function")
            value = renamed(value, frame.axes)
        bodies.append(value.body)
    return Value(make(*bodies), frame.axes, frame.is_row)


# Arguments ----------------------------------------------------------------------------------------------------------


def fence_arguments(tree: Tree) -> tuple[Tree, ...]:
    """Return the arguments between the parentheses."""
    base = tree.base if isinstance(tree, Scripted) else tree
    assert isinstance(base, Fenced)
    assert base.body is not None
    return named_arguments(base.body)


def with_fence_scripts(lowering: Lowering, value: Value, fence: Tree) -> Value:
    """Apply the scripts of the closing parenthesis: ``softmax(z)_i``, ``f(x)^2``."""
    if not isinstance(fence, Scripted):
        return value
    if fence.sub is not None:
        value = _entry(lowering, value, fence)
    return value if fence.sup is None else lowering.power(value, fence.sup)


def _with_scripts_behind(lowering: Lowering, value: Value, argument: Tree) -> Value:
    """Scripts behind a parenthesis belong to the function's value; those of an argument without one are its own."""
    return with_fence_scripts(lowering, value, argument) if is_fence(argument) else value


def _entry(lowering: Lowering, value: Value, fence: Scripted) -> Value:
    from_name = Scripted(Name("x", fence.place), fence.sub, None, fence.place)
    from gradproof.elaborate.references import reference_of

    read = reference_of(from_name)
    subscripts = read[0].subscripts if read is not None else ()
    if not subscripts or len(subscripts) > value.rank:
        raise Misfit("M102", "a subscript on what has no such axis", is_certain=False)
    value = freshened(value)
    places: list[Expr] = []
    for axis, subscript in zip(value.axes, subscripts, strict=False):
        shape = Axis(extent(axis), int(axis.lower.value) if isinstance(axis.lower, Number) else 1)
        place = lowering.subscript(subscript, shape)
        lowering.scope.sizes.access(shape, place, "the value of the function")
        places.append(place)
    return entry(value, tuple(places))


def _arguments(lowering: Lowering, rest: tuple[Tree, ...]) -> tuple[list[Tree], tuple[Tree, ...]]:
    """Split off the arguments of the function at the head: a parenthesis, else the product that follows."""
    if is_fence(rest[1]):
        return list(fence_arguments(rest[1])), rest[2:]
    if len(rest) > 2 and is_fence(rest[2]) and _applies(lowering, rest[1], rest[2]):
        return [Adjacent(rest[1:3], rest[1].place)], rest[3:]
    taken = [rest[1]]
    place = 2
    while place < len(rest) and isinstance(rest[1], _ARGUMENT_KINDS) and isinstance(rest[place], _ARGUMENT_KINDS):
        head = _head_name(rest[place])
        if head is not None and (head.font == "roman" or (place + 1 < len(rest) and is_fence(rest[place + 1]))):
            break
        taken.append(rest[place])
        place += 1
    if isinstance(rest[1], Name | Scripted) and _head_name(rest[1]) is not None and _is_function_word(rest[1]):
        return [Adjacent(rest[1:], rest[1].place)], ()
    argument = taken[0] if len(taken) == 1 else Adjacent(tuple(taken), taken[0].place)
    return [argument], rest[place:]


def _applies(lowering: Lowering, head: Tree, fence: Tree) -> bool:
    """Tell whether a name before a parenthesis is a function: ``\\log \\sigma(u)`` is the logarithm of a value of it."""
    name = _head_name(head)
    if name is None:
        return False
    if catalogue_entry(lowering, name) is not None:
        return True
    known = lowering.scope.function(function_key(lowering, head, name), lowering.position)
    return known is not None or _looks_like_function(lowering, name, fence)


def _is_function_word(tree: Tree) -> bool:
    name = _head_name(tree)
    return name is not None and name.font == "roman" and name.text in BY_TEXT


def extremum(lowering: Lowering, operation: str, values: list[Value]) -> Value:
    """Return max or min of the arguments, entry by entry; of one tensor, over all its entries."""
    if len(values) == 1:
        value = values[0]
        return scalar(Reduce(operation, value.axes, value.body)) if value.rank else value
    name = "maximum" if operation == "max" else "minimum"
    return elementwise_call(lowering, lambda *bodies: Apply(name, bodies), values)


def _trace(lowering: Lowering, values: list[Value]) -> Value:
    (value,) = values
    if value.rank != 2:
        raise Misfit("M102", "a trace needs a matrix", is_certain=False)
    row, column = value.axes
    lowering.scope.sizes.unify(extent(row), extent(column), "a trace")
    return scalar(build.sum_over([row], entry(Value(value.body, (column,)), (row,)).body))


def _diagonal(lowering: Lowering, values: list[Value]) -> Value:
    (value,) = values
    if value.rank == 1:
        return diagonal(value)
    if value.rank == 2:
        row, column = value.axes
        lowering.scope.sizes.unify(extent(row), extent(column), "a diagonal")
        return Value(entry(Value(value.body, (column,)), (row,)).body, (row,))
    raise Misfit("M102", "diag needs a vector or a matrix", is_certain=False)


_SPECIAL: dict[str, Callable[[Lowering, list[Value]], Value]] = {
    "tr": _trace,
    "Tr": _trace,
    "trace": _trace,
    "diag": _diagonal,
    "Diag": _diagonal,
}

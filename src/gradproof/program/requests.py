"""What a program is asked to compute: ``value``, ``gradient wrt W``, ``hessian-vector product wrt w along v``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradproof.codegen.names import safe_name
from gradproof.codegen.signature import Output
from gradproof.derivation.backpropagation import Backpropagation, backpropagate
from gradproof.derivation.derivation import derive, direction_of
from gradproof.derivation.outputs import (
    gradient_output,
    hessian_output,
    hessian_product_output,
    part_output,
    tangent_output,
    value_output,
)
from gradproof.errors import FormulaError
from gradproof.expr.build import ONE, add, multiply, subtract, sum_over
from gradproof.expr.node import Axis, Element, Expr, Index, Symbol
from gradproof.formula.formula import Formula, Stages

_FORM = re.compile(r"(?P<kind>[a-z -]+?)\s+(?:wrt|with respect to|by)\s+(?P<wrt>\S+)(?:\s+along\s+(?P<along>\S+))?")
#: The order of the derivative, and whether it is taken along a direction.
_KINDS = {
    "gradient": (1, False),
    "jacobian": (1, False),
    "derivative": (1, False),
    "jacobian-vector product": (1, True),
    "directional derivative": (1, True),
    "hessian": (2, False),
    "hessian-vector product": (2, True),
    "vector-jacobian product": (1, True),
}
_FORMS = "'value', 'part z', 'gradient wrt x', 'jacobian wrt x', 'hessian wrt x', 'hessian-vector product wrt x along v'"


def requested(
    formula: Formula, requests: Sequence[str], own: Mapping[str, Formula] | None = None, *, structured: bool = False
) -> tuple[Output, ...]:
    """Return the outputs that some requests name, each with a name for its function; ``own`` are outputs that are at hand.

    With ``structured`` matrices and the like are told apart into rows and columns, to be returned as operators.

    Raises: FormulaError: a request has another form, its variable does not occur, or two requests are the same.
    """
    outputs: list[Output] = []
    swept = _swept(formula, requests)
    for request in requests:
        if own and request in own:
            outputs.append(Output(request, own[request], f"The {request} of the formula."))
        else:
            outputs.append(_output(formula, " ".join(request.split()), [output.name for output in outputs], swept))
    if not outputs or len(set(requests)) < len(requests):
        raise FormulaError("outputs were expected, each of them once", got=", ".join(requests) or "none", where="outputs")
    return tuple(outputs) if structured else tuple(replace(output, columns=0) for output in outputs)


def _swept(formula: Formula, requests: Sequence[str]) -> Backpropagation | None:
    """Return the one sweep back that serves all gradients of a formula with stages, None where it has none."""
    if formula.stages is None or formula.axes:
        return None
    forms = [form for request in requests if (form := _FORM.fullmatch(" ".join(request.split())))]
    swept = {kind for kind, order in _KINDS.items() if order != (1, True)}
    named = [formula.symbol(form["wrt"]) for form in forms if _kind(form) in swept]
    wanted = tuple(dict.fromkeys(symbol for symbol in named if symbol is not None))
    return backpropagate(formula.stages, wanted, [symbol.name for symbol in formula.symbols])


def _output(formula: Formula, request: str, taken: Sequence[str], swept: Backpropagation | None) -> Output:
    if request == "value":
        return value_output(formula, f"{formula.text}.")
    if request.startswith("part "):
        return _part(formula, request.removeprefix("part "), taken)
    form = _FORM.fullmatch(request)
    kind = _kind(form) if form else ""
    if form is None or kind not in _KINDS:
        raise FormulaError(f"an output was expected: {_FORMS}", got=f"'{request}'", where="outputs")
    order, has_direction = _KINDS[kind]
    if form["along"] and not has_direction:
        raise FormulaError(f"'along' belongs to a product with a vector, not to a {kind}", got=f"'{request}'", where="outputs")
    symbol = formula.symbol(form["wrt"])
    if symbol is None:
        listed = ", ".join(known.name for known in formula.symbols) or "none"
        raise FormulaError(
            "a variable of the formula was expected", got=f"'{form['wrt']}'", remedy=f"It has {listed}.", where=request
        )
    told = f"The {kind} of the formula by {symbol.name}"
    wanted = safe_name(f"{kind.replace('-', '_').replace(' ', '_')}_{symbol.name}", ())
    name = safe_name(wanted, taken)
    along = (form["along"] or _direction(symbol, formula)) if has_direction else None
    if swept is not None and (order, has_direction) == (1, False):
        return gradient_output(name, formula, swept, symbol, f"{told}.")
    if swept is not None and (order, has_direction) == (2, False):
        return hessian_output(name, formula, swept, symbol, f"{told}.")
    if formula.stages is not None and along is not None:
        staged = _along(formula, (name, kind, f"{told} along {along}."), symbol, along, swept)
        if staged is not None:
            return staged
    if kind == "vector-jacobian product":
        derivation = derive(paired(formula, along or ""), symbol.name)
    else:
        derivation = derive(formula, symbol.name, order, along=along)
    what = replace(derivation.result, text=request)
    columns = 0 if has_direction or (order == 1 and not formula.axes) else len(symbol.axes)
    return Output(name, what, f"{told}{f' along {along}' if along else ''}.", columns=columns)


def _kind(form: re.Match[str]) -> str:
    return form["kind"].lower().replace(" vector", "-vector")


def _along(formula: Formula, named: tuple[str, str, str], wrt: Symbol, along: str, swept: Backpropagation | None) -> Output | None:
    """Return a product with a vector stage by stage: forwards, back, or forwards through the sweep back."""
    name, kind, told = named
    if kind == "vector-jacobian product":
        weighted = paired(formula, along)
        assert weighted.stages is not None
        names = [symbol.name for symbol in weighted.symbols]
        return gradient_output(name, weighted, backpropagate(weighted.stages, (wrt,), names), wrt, told)
    direction = direction_of(along, wrt, formula)
    if kind == "hessian-vector product":
        return hessian_product_output(name, formula, swept, wrt, direction, told) if swept is not None else None
    return tangent_output(name, formula, wrt, direction, told)


def _part(formula: Formula, name: str, taken: Sequence[str]) -> Output:
    made = part_output(safe_name(f"part_{name}", taken), formula, name, f"The part {name} of the formula.")
    if made is None:
        stages = formula.stages.order if formula.stages is not None else ()
        known = dict.fromkeys((*(stage.symbol.name for stage in stages), *(part.name for part in formula.intermediates)))
        remedy = f"It has {', '.join(known)}." if known else "It has none."
        raise FormulaError("a named part of the formula was expected", got=f"'{name}'", remedy=remedy, where=f"part {name}")
    return made


def paired(formula: Formula, name: str) -> Formula:
    """Return ``sum_i name[i] f_i``: its gradient is the product of the transposed Jacobian with a vector, the pull-back of layers.

    Raises: FormulaError: the name is none, or it is that of a variable of another shape.
    """
    symbol = formula.symbol(name) or Symbol(name, tuple(Axis(add(subtract(i.upper, i.lower), ONE)) for i in formula.axes))
    if not name.isidentifier() or len(symbol.axes) != len(formula.axes):
        raise FormulaError("a name of a variable of the formula's shape was expected", got=f"'{name}'", where="along")
    listed = formula.symbols if symbol in formula.symbols else (*formula.symbols, symbol)
    value, stages = _summed(symbol, formula.value, formula.axes), formula.stages
    if stages is not None:
        stages = Stages(stages.order, _summed(symbol, stages.value, stages.axes), ())
    return replace(formula, value=value, axes=(), symbols=listed, intermediates=(), stages=stages)


def _summed(symbol: Symbol, value: Expr, axes: tuple[Index, ...]) -> Expr:
    places = tuple(subtract(index, subtract(index.lower, ONE)) for index in axes)
    return sum_over(axes, multiply(Element(symbol, places) if places else symbol, value))


def _direction(wrt: Symbol, formula: Formula) -> str:
    """Return a name for a direction that the user did not name: ``v``, or one that says whose direction it is."""
    names = {symbol.name for symbol in formula.symbols}
    return next(name for name in ("v", f"v_{wrt.name}", f"direction_{wrt.name}", f"along_{wrt.name}") if name not in names)

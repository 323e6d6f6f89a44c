"""Answers to steps of algorithms: gradient descent, momentum, Newton's method, the proximal gradient method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gradproof.checker.environment import Environment
from gradproof.checker.statements import source_of
from gradproof.completion.answer import Answer, Asked
from gradproof.completion.names import with_names
from gradproof.derivation.tidy import tidied
from gradproof.derivative.differentiate import differentiate
from gradproof.elaborate.names import base_name
from gradproof.expr.build import ONE, add, number, subtract
from gradproof.expr.node import Expr, Index, Symbol, fresh_index
from gradproof.expr.walk import symbols
from gradproof.reader.presentation import Fenced, Infix, Name, Numeral, Scripted, Tree

_METHODS = {
    "momentum": re.compile(r"momentum|heavy[\s-]ball|velocity", re.IGNORECASE),
    "descent": re.compile(
        r"gradient\s+(?:descent|step|method|update)|steepest\s+descent|\bSGD\b|descent\s+step|descent\s+update", re.IGNORECASE
    ),
}
_LETTER = r"\$\s*(\\[A-Za-z]+|[A-Za-z])\s*(?:>\s*0|=[^$]*)?\$"
_STEP = re.compile(
    rf"(?:step(?:\s*size|\s+length)?|learning\s+rate|rate)\s*,?\s*(?:of\s+)?{_LETTER}|{_LETTER}\s*(?:is|as|be)?\s*(?:the|a)?\s*(?:step\s*size|learning\s+rate)"
)
_INERTIA = re.compile(rf"momentum\s*(?:coefficient|parameter|factor|weight|term)?\s*,?\s*{_LETTER}")


@dataclass(frozen=True, slots=True)
class _Step:
    """A quantity that is stepped: its name in the algebra, its present and its next value as the document writes them."""

    name: str
    now: str
    after: str


@dataclass(frozen=True, slots=True)
class _Partner:
    """The other quantity of a method with two, and the right side of its own step, empty where that is open too."""

    step: _Step
    right: str


@dataclass(frozen=True, slots=True)
class _Objective:
    """A defined scalar quantity that depends on the updated variable: its name in the algebra, the variable, its gradient over ``axes``."""

    name: str
    is_function: bool
    variable: Symbol
    gradient: Expr
    axes: tuple[Index, ...]


def update_answers(asked: Asked) -> Iterator[Answer]:
    """Yield the right side of an update such as ``w_{t+1} = ?``, where words say which method it is and the document has the objective."""
    step = _stepped(asked.context.known, asked.question.place.relation, asked.context.planned.source)
    words = _words(asked)
    if step is None or words is None:
        return
    is_momentum = bool(_METHODS["momentum"].search(words))
    rate = _letter(_STEP, words, asked.notation.text, ("\\eta", "\\alpha", "\\gamma"), "\\eta")
    partner = _partner(asked, step.name) if is_momentum else None
    objective = _objective(asked, step.name, words)
    if objective is not None and partner is not None:
        yield _moved_by_velocity(step, partner, rate)
    elif objective is not None:
        yield from _descent(asked, objective, step, rate)
    elif partner is not None and (objective := _objective(asked, partner.step.name, words)) is not None:
        inertia = _letter(_INERTIA, words, asked.notation.text, ("\\beta", "\\mu", "\\rho"), "\\mu")
        yield from _velocity(asked, objective, step, partner, rate, inertia)


# What is asked ------------------------------------------------------------------------------------------------------------


def _stepped(tree: Tree, relation: str, source: str) -> _Step | None:
    """Return what a left side steps: ``w_{t+1}`` steps ``w`` from ``w_t``, ``w \\leftarrow`` from itself."""
    if isinstance(tree, Name):
        text = source_of(tree, source)
        return _Step(base_name(tree), text, text) if relation in ("\\leftarrow", "\\gets", "←", ":=") else None
    if not isinstance(tree, Scripted) or not isinstance(tree.base, Name):
        return None
    base, after = source_of(tree.base, source), source_of(tree, source)
    if tree.sup is None and (index := _successor(tree.sub)) is not None:
        return _Step(base_name(tree.base), f"{base}_{index}", after)
    if tree.sub is None and isinstance(tree.sup, Fenced) and (index := _successor(tree.sup.body)) is not None:
        return _Step(base_name(tree.base), f"{base}^{{({index})}}", after)
    return None


def _successor(tree: Tree | None) -> str | None:
    """Return the letter or number before ``t + 1``."""
    if isinstance(tree, Infix) and tree.operator == "+" and isinstance(tree.right, Numeral) and tree.right.text == "1":
        return tree.left.text if isinstance(tree.left, Name) and len(tree.left.text) == 1 else None
    return None


def _words(asked: Asked) -> str | None:
    """Return the words that say which method it is: those right before the step, else those of its section."""
    planned = asked.question.planned
    for words in (planned.before, f"{planned.section} {asked.prose}"):
        if any(pattern.search(words) for pattern in _METHODS.values()):
            return f"{words} {asked.prose}" if words is planned.before and not _METHODS["momentum"].search(asked.prose) else words
    return None


def _letter(pattern: re.Pattern[str], words: str, text: str, usual: tuple[str, ...], default: str) -> str:
    """Return the letter that the words name, else the usual one that the document uses."""
    match = pattern.search(words)
    if match is not None:
        return next(group for group in match.groups() if group)
    return next((letter for letter in usual if re.search(rf"{re.escape(letter)}(?![A-Za-z])", text)), default)


# The objective ------------------------------------------------------------------------------------------------------------


def _objective(asked: Asked, name: str, words: str) -> _Objective | None:
    """Return the last scalar quantity before the place that depends on the updated variable, one that the words name first."""
    environment = asked.context.environment
    scope, position = environment.scope, asked.context.planned.position
    found: list[tuple[bool, int, _Objective]] = []
    for table in (scope.functions, scope.definitions):
        for key, definitions in table.items():
            for definition in definitions:
                if key == name or definition.axes or definition.position > position or len(definition.parameters) > 1:
                    continue
                made = _gradient(environment, key, definition.body, name, definition.parameters)
                if made is not None:
                    named = f"${asked.notation.spelled.get(key, key)}" in words
                    found.append((named, definition.position, made))
    if not found:
        return None
    return max(found, key=lambda entry: entry[:2])[2]


def _gradient(environment: Environment, key: str, body: Expr, name: str, parameters: tuple[Symbol, ...]) -> _Objective | None:
    expanded = environment.expanded(body)
    variable = next((symbol for symbol in symbols(expanded) if symbol.name == name), None)
    if variable is None or (parameters and parameters[0].name != name):
        return None
    axes = tuple(
        fresh_index(letter, number(axis.origin), subtract(add(axis.size, number(axis.origin)), ONE))
        for letter, axis in zip("ijkl", variable.axes, strict=False)
    )
    gradient = tidied(differentiate(expanded, variable, axes))
    return _Objective(key, bool(parameters), variable, with_names(gradient, environment, frozenset({key})), axes)


# The steps of the methods -------------------------------------------------------------------------------------------------


def _descent(asked: Asked, objective: _Objective, step: _Step, rate: str) -> Iterator[Answer]:
    """``w_t - eta grad f(w_t)``, the gradient worked out; the proof is the gradient's own equation."""
    for general, present in _gradients(asked, objective, step):
        yield Answer(_minus(step.now, rate, present), is_step=True, proof=_proof(asked, objective, general))


def _velocity(asked: Asked, objective: _Objective, step: _Step, partner: _Partner, rate: str, inertia: str) -> Iterator[Answer]:
    """``mu v_t - eta grad f(w_t)``, or ``mu v_t + grad f(w_t)`` where the position moves by ``- eta v``."""
    is_negated = "-" in partner.right
    for general, present in _gradients(asked, objective, partner.step):
        momentum = f"{inertia} {step.now}"
        outside = rate in partner.right
        latex = (
            f"{momentum} + {_times('' if outside else rate, present)}"
            if is_negated
            else _minus(momentum, "" if outside else rate, present)
        )
        yield Answer(latex, is_step=True, proof=_proof(asked, objective, general))


def _moved_by_velocity(step: _Step, partner: _Partner, rate: str) -> Answer:
    """``w_t + v_{t+1}``, or with the sign and the step size that the velocity leaves out."""
    is_negative = not partner.right or "-" in partner.right
    has_rate = not partner.right or rate in partner.right
    velocity = partner.step.after if has_rate else f"{rate} {partner.step.after}"
    return Answer(f"{step.now} {'+' if is_negative else '-'} {velocity}", is_step=True)


def _gradients(asked: Asked, objective: _Objective, step: _Step) -> Iterator[tuple[str, str]]:
    """Yield the gradient in writing, at the variable and at its present value."""
    there = replace(asked.notation, spelled={**asked.notation.spelled, objective.variable.name: step.now})
    bodies = (objective.gradient, objective.axes)
    yield from zip(asked.notation.written(*bodies), there.written(*bodies), strict=False)


def _proof(asked: Asked, objective: _Objective, gradient: str) -> str:
    return f"{_derivative_sign(objective, asked.notation.spelled)} = {gradient}"


def _minus(now: str, rate: str, latex: str) -> str:
    """Return a value less a rate times a gradient; a gradient that is negative itself is added."""
    if latex.startswith("-") and not _is_sum(latex[1:]):
        return f"{now} + {_times(rate, latex[1:])}"
    return f"{now} - {_times(rate, latex)}"


def _times(rate: str, latex: str) -> str:
    """Return a product of a letter and a formula, in parentheses where that is a sum."""
    if not _is_sum(latex) or not rate:
        return f"{rate} {latex}".strip()
    return f"{rate} \\left({latex}\\right)" if "\\frac" in latex or "\\sum" in latex else f"{rate} ({latex})"


def _is_sum(latex: str) -> bool:
    """Tell whether a formula has a plus or a minus outside all parentheses."""
    depth = 0
    for at, sign in enumerate(latex):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(sign, 0)
        if not depth and sign in "+-" and (at == 0 or latex[at - 1] == " "):
            return True
    return False


def _derivative_sign(objective: _Objective, spelled: dict[str, str]) -> str:
    name, variable = (spelled.get(key, key) for key in (objective.name, objective.variable.name))
    shown = f"{name}({variable})" if objective.is_function else name
    return f"\\nabla_{{{variable}}} {shown}" if objective.axes else f"\\frac{{\\partial}}{{\\partial {variable}}} {shown}"


def _partner(asked: Asked, name: str) -> _Partner | None:
    """Return the other quantity that the formulas of the section step."""
    for planned in asked.formulas:
        for sentence in planned.sentences:
            for link in sentence.links:
                relation = "\\leftarrow" if link.relation == "←" else link.relation
                step = _stepped(link.left, relation, planned.source)
                if step is not None and step.name != name:
                    right = source_of(link.right, planned.source)
                    return _Partner(step, "" if "\\begin{" in right else right)
    return None

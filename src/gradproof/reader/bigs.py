"""Large operators: their limits and the body that they reach over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.reader import scripts
from gradproof.reader.presentation import Adjacent, Big, Fenced, Name, Place, Tree
from gradproof.reader.vocabulary import INTEGRALS, OBJECTIVES, PRODUCT, SUM

if TYPE_CHECKING:
    from gradproof.reader.parser import Parser


def big(parser: Parser, operator: str, start: int, below: Tree | None = None) -> Big:
    """Read the limits and the body of a large operator whose sign has been read."""
    sign = parser.place - 1
    sub, sup = below, None
    while parser.next.kind == "script":
        if parser.next.text == "_" and sub is None:
            parser.take()
            sub = scripts.argument(parser)
        elif parser.next.text == "^" and sup is None:
            parser.take()
            sup = scripts.argument(parser)
        else:
            break
    if operator in INTEGRALS:
        return _integral(parser, operator, sign, start, sub, sup)
    reach = SUM if operator in OBJECTIVES and not _is_fence_alone(parser) else PRODUCT
    body = _body(parser, reach)
    return Big(operator, sub, sup, body, parser.span(start))


def _body(parser: Parser, reach: int) -> Tree | None:
    parser.skip("gap")
    place = parser.place
    body = parser.expression(reach)
    if body is None:
        parser.place = place
    return body


def _is_fence_alone(parser: Parser) -> bool:
    """Tell whether the body is one pair of parentheses: ``\\max_i (a_i) + b`` stops behind it."""
    token = parser.next
    if token.kind not in ("open", "left") or token.text not in "([{":
        return False
    behind = parser.tokens[parser.end_of[parser.place] + 1]
    return behind.kind == "operator"


def _integral(parser: Parser, operator: str, sign: int, start: int, sub: Tree | None, sup: Tree | None) -> Big:
    """Read up to the differentials that the pairing gave to this integral; without one, the product behind it."""
    body = _body(parser, SUM if sign in parser.integrated else PRODUCT)
    found: list[Tree] = []
    while parser.integral_of.get(parser.ahead()) == sign:
        parser.place = parser.ahead()
        found.append(_differential(parser))
    if body is None and found:
        body = _body(parser, PRODUCT)
    differential = found[0] if len(found) == 1 else None
    if len(found) > 1:
        differential = Adjacent(tuple(found), Place(found[0].place.start, found[-1].place.end))
    return Big(operator, sub, sup, body, parser.span(start), differential)


def _differential(parser: Parser) -> Tree:
    """Read ``dx``: the variable, with its scripts and, for a measure, its argument."""
    parser.take()
    variable = parser.factor() or parser.missing("a differential of nothing")
    is_measure = isinstance(variable, Name) and (variable.text in ("mu", "nu", "p", "q") or variable.text.isupper())
    if is_measure and parser.next.kind == "open" and parser.next.text == "(":
        argument = parser.factor()
        if isinstance(argument, Fenced):
            return Adjacent((variable, argument), Place(variable.place.start, argument.place.end))
    return variable

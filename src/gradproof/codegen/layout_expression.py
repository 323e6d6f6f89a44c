"""Expressions of generated code as documents: which parentheses they need, where their lines may end, what stands without spaces.

These are the rules of ``ruff format``: an operator starts a line, arguments come on one line or on one each, entries of a display on one each.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradproof.codegen.layout_document import Broken, Document, Group, Indented, Line

WIDTH = 100

BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 9),
    ast.RShift: (">>", 9),
    ast.Add: ("+", 10),
    ast.Sub: ("-", 10),
    ast.Mult: ("*", 11),
    ast.Div: ("/", 11),
    ast.FloorDiv: ("//", 11),
    ast.Mod: ("%", 11),
    ast.MatMult: ("@", 11),
    ast.Pow: ("**", 13),
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not "}
#: Operators whose order is told by parentheses, also where it is the usual one, and how an operand without them has to bind.
_TOLD = (ast.MatMult, ast.LShift, ast.RShift)
_BEFORE_TOLD = 12
#: The longest text that is never cut: longer ones stand on lines of their own.
_SENTENCE = 80
_CHOICE, _OR, _AND, _NOT, _COMPARISON, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5, 12, 13, 14


class UnknownCodeError(Exception):
    """A kind of code that generated modules do not have."""


class Writer:
    """Writes the expressions of one statement, whose text stands on one line."""

    def __init__(self, text: str) -> None:
        self._text = text.encode()

    def statement(self, value: ast.expr) -> Document:
        """Return an expression that a statement ends with: it gets parentheses where it has to be broken outside of brackets."""
        match value:
            case ast.Tuple() if not self._is_enclosed(value):
                parts = _joined([self.expression(entry) for entry in value.elts])
                return Group([Broken("("), Indented([Line(), *parts, Broken(",")]), Line(), Broken(")")])
            case ast.UnaryOp(_, ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp()):
                return self.expression(value)
            case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp() | ast.UnaryOp():
                return Group([Broken("("), Indented([Line(), self.expression(value)]), Line(), Broken(")")])
            case ast.Call() | ast.Subscript() | ast.Attribute() if _is_chain(value):
                return Group([Broken("("), Indented([Line(), self.expression(value)]), Line(), Broken(")")])
        return self.expression(value)

    def without_parentheses(self, value: ast.expr) -> Document | None:
        """Return an expression that is broken in the brackets at one of its ends alone, None where it is not to be."""
        if not isinstance(value, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp):
            return None
        seen = _Outside(value)
        if not seen.has_brackets or seen.count > 1 or not any(map(_has_brackets, (seen.first, seen.last))):
            return None
        return self._expression(value, is_enclosed=False)

    def expression(self, value: ast.expr, least: int = 0) -> Document:
        """Return an expression inside of brackets, in parentheses where it binds less than ``least``."""
        document = self._expression(value, is_enclosed=True)
        if _binding(value) >= least:
            return document
        return Group(["(", Indented([Line(), document]), Line(), ")"])

    def _expression(self, value: ast.expr, *, is_enclosed: bool) -> Document:
        end: Document = Line(" ") if is_enclosed else " "
        match value:
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                return Group(self._chain(value, end))
            case ast.UnaryOp(op, operand):
                least = _NOT if isinstance(op, ast.Not) else _ATOM if isinstance(operand, ast.BinOp) else _SIGN
                return Group([_UNARY[type(op)], self._operand(operand, least, end)])
            case ast.IfExp(test, body, orelse):
                chosen, asked = self._operand(body, _OR, end), self._operand(test, _OR, end)
                return Group([chosen, end, "if ", asked, end, "else ", self._operand(orelse, _CHOICE, end)])
            case ast.Call() | ast.Subscript() | ast.Attribute():
                return Group(self._chained(value, Line() if is_enclosed and _is_chain(value) else ""))
            case ast.Tuple(entries):
                return _display("(", [self.expression(entry) for entry in entries], ")", "," if len(entries) == 1 else "")
            case ast.List(entries):
                return _display("[", [self.expression(entry) for entry in entries], "]")
            case ast.Set(entries):
                return _display("{", [self.expression(entry) for entry in entries], "}")
            case ast.Dict(keys, values) if all(keys):
                entries_of = zip(keys, values, strict=True)
                return _display(
                    "{", [Group([self.expression(key), ": ", self.expression(one)]) for key, one in entries_of if key], "}"
                )
            case ast.ListComp(each, loops):
                return Group(["[", Indented([Line(), self._each(each, loops)]), Line(), "]"])
            case ast.GeneratorExp(each, loops):
                return Group(["(", Indented([Line(), self._each(each, loops)]), Line(), ")"])
            case ast.Starred(of):
                return Group(["*", self.expression(of, _OR)])
            case ast.Constant(str(text)) if _is_quotable(text):
                return f'"{text}"'
            case ast.Constant() | ast.Name():
                return self.source(value)
        raise UnknownCodeError(ast.dump(value))

    def source(self, node: ast.expr | ast.arg) -> str:
        """Return the text of a node as it stands."""
        return self._text[node.col_offset : node.end_col_offset].decode()

    def _is_enclosed(self, value: ast.Tuple) -> bool:
        return self._text[value.col_offset : value.col_offset + 1] == b"(" and (
            not value.elts or value.elts[0].col_offset > value.col_offset
        )

    def _chain(self, value: ast.BinOp | ast.BoolOp | ast.Compare, end: Document) -> list[Document]:
        """Return the operands of one precedence, each behind its operator at the start of a line."""
        match value:
            case ast.BoolOp(op, values):
                parts: list[Document] = []
                for one in values:  # all of "and" and "or" start lines where one does
                    parts += [end, "and " if isinstance(op, ast.And) else "or "] if parts else []
                    if isinstance(one, ast.BoolOp) and isinstance(one.op, ast.And):
                        parts += self._chain(one, end)
                    else:
                        parts.append(self._operand(one, _binding(value) + 1, end))
                return parts
            case ast.Compare(left, ops, comparators):
                parts = [self._operand(left, _COMPARISON + 1, end)]
                for compared, right in zip(ops, comparators, strict=True):
                    parts += [end, f"{_COMPARED[type(compared)]} ", self._operand(right, _COMPARISON + 1, end)]
                return parts
            case ast.BinOp(left, ast.Pow(), right):
                sides = self._operand(left, _ATOM, end), self._operand(right, _SIGN, end)
                return [sides[0], "**", sides[1]] if _is_simple(left) and _is_simple(right) else [sides[0], end, "** ", sides[1]]
            case ast.BinOp(left, op, right):
                sign, own = BINARY[type(op)]
                if isinstance(op, _TOLD):
                    return [self._operand(left, _BEFORE_TOLD, end), end, f"{sign} ", self._operand(right, _BEFORE_TOLD, end)]
                is_same = isinstance(left, ast.BinOp) and _binding(left) == own
                before = self._chain(left, end) if is_same and isinstance(left, ast.BinOp) else [self._operand(left, own, end)]
                return [*before, end, f"{sign} ", self._operand(right, own + 1, end)]

    def _operand(self, value: ast.expr, least: int, end: Document) -> Document:
        if end == " " and _binding(value) >= least:
            return self._expression(value, is_enclosed=False)
        return self.expression(value, least)

    def _each(self, each: ast.expr, loops: Sequence[ast.comprehension]) -> Document:
        """Return what a comprehension makes, behind it its loops and their conditions, on lines of their own where they do not fit."""
        parts: list[Document] = [self.expression(each)]
        for loop in loops:
            if loop.is_async:
                raise UnknownCodeError("a comprehension that waits")
            target = loop.target
            names = target.elts if isinstance(target, ast.Tuple) and len(target.elts) > 1 else [target]
            told = ", ".join(self.source(name) for name in names)
            parts += [Line(" "), Group([f"for {told} in ", self.expression(loop.iter, _OR)])]
            for condition in loop.ifs:
                parts += [Line(" "), Group(["if ", self.expression(condition, _OR)])]
        return Group(parts)

    def _chained(self, value: ast.expr, end: Document) -> list[Document]:
        """Return a name with what is called, taken and read behind it: each function of a result starts a line in a long chain."""
        match value:
            case ast.Call(function, arguments, keywords):
                return [*self._chained(function, end), self._arguments(arguments, keywords)]
            case ast.Subscript(base, place):
                return [*self._chained(base, end), self._subscript(place)]
            case ast.Attribute(base, name):
                return [*self._chained(base, end), end if _is_result(base) else "", f".{name}"]
        return [self.expression(value, _ATOM)]

    def _arguments(self, arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> Document:
        match arguments:
            case [ast.GeneratorExp(each, loops)] if not keywords:
                return Group(["(", Indented([Line(), self._each(each, loops)]), Line(), ")"])
            case [ast.Constant(str(text))] if len(text) > _SENTENCE and _is_quotable(text) and not keywords:
                return Group(["(", Indented([Line(), _sentence(text)]), Line(), ")"])
            case [ast.Tuple() as only] if not keywords:
                return Group(["(", Indented([Line(), self.expression(only)]), Line(), ")"])
        given = [self.expression(argument) for argument in arguments]
        given += [Group([f"{keyword.arg}=" if keyword.arg else "**", self.expression(keyword.value)]) for keyword in keywords]
        if not given:
            return "()"
        return Group(["(", Indented([Line(), Group([*_joined(given), Broken(",")])]), Line(), ")"])

    def _subscript(self, place: ast.expr) -> Document:
        if isinstance(place, ast.Tuple) and place.elts and not self._is_enclosed(place):
            parts = _joined([self._place(one) for one in place.elts])
            last: Document = "," if len(place.elts) == 1 else Broken(",")
            return Group(["[", Indented([Line(), Group([*parts, last])]), Line(), "]"])
        return Group(["[", Indented([Line(), self._place(place)]), Line(), "]"])

    def _place(self, place: ast.expr) -> Document:
        if not isinstance(place, ast.Slice):
            return self.expression(place)
        bounds = [place.lower, place.upper, *([place.step] if place.step else [])]
        space = "" if all(bound is None or _is_plain(bound) for bound in bounds) else " "
        parts: list[Document] = [self.expression(place.lower)] if place.lower else []
        for bound in bounds[1:]:
            before = space if parts else ""
            parts += [f"{before}:{space}", self.expression(bound)] if bound else [f"{before}:"]
        return Group(parts)


class _Outside:
    """What stands outside of all brackets: how often the weakest operator occurs, and the operands at both ends."""

    def __init__(self, value: ast.expr) -> None:
        self.has_brackets = False
        self.first: ast.expr | None = None
        self.last: ast.expr | None = None
        self.count = 0
        self._weakest = _ATOM
        self._visit(value, 0)

    def _visit(self, value: ast.expr, least: int) -> None:
        binding = _binding(value)
        match value:
            case _ if binding < least:
                self._end(value)
            case ast.BinOp(left, op, right):
                self._met(binding, 1)
                self._visit(left, _ATOM if isinstance(op, ast.Pow) else _BEFORE_TOLD if isinstance(op, _TOLD) else binding)
                self._visit(right, _SIGN if isinstance(op, ast.Pow) else binding + 1)
            case ast.BoolOp(_, values):
                self._met(binding, len(values) - 1)
                for one in values:
                    self._visit(one, binding + 1)
            case ast.Compare(left, ops, comparators):
                self._met(binding, len(ops))
                for one in (left, *comparators):
                    self._visit(one, binding + 1)
            case ast.IfExp(test, body, orelse):
                self._met(binding, 2)
                for one in (body, test, orelse):
                    self._visit(one, _OR)
            case ast.UnaryOp(_, operand):
                self.first = self.first or value
                self._visit(operand, _ATOM if isinstance(operand, ast.BinOp) else binding)
            case _:
                self._end(value)

    def _end(self, value: ast.expr) -> None:
        self.has_brackets |= _has_brackets(value) or isinstance(value, ast.Subscript)
        self.last = value
        while isinstance(value, ast.Call | ast.Subscript | ast.Attribute):
            value = value.func if isinstance(value, ast.Call) else value.value
        self.first = self.first or value

    def _met(self, binding: int, times: int) -> None:
        binding = _OR if binding == _AND else binding
        if binding < self._weakest:
            self._weakest, self.count = binding, 0
        self.count += times if binding == self._weakest else 0


def _binding(value: ast.expr) -> int:
    match value:
        case ast.BinOp(_, op):
            return BINARY[type(op)][1]
        case ast.BoolOp(op):
            return _AND if isinstance(op, ast.And) else _OR
        case ast.Compare():
            return _COMPARISON
        case ast.UnaryOp(op):
            return _NOT if isinstance(op, ast.Not) else _SIGN
        case ast.IfExp():
            return _CHOICE
    return _ATOM


def _has_brackets(value: ast.expr | None) -> bool:
    """Tell whether an operand ends in brackets that are not empty: its own, or those that it needs."""
    match value:
        case ast.Call(_, arguments, keywords):
            return bool(arguments or keywords)
        case ast.Tuple(entries) | ast.List(entries) | ast.Set(entries):
            return bool(entries)
        case ast.ListComp() | ast.GeneratorExp():
            return True
        case ast.Dict(keys):
            return bool(keys)
        case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
            return True
    return False


def _is_result(value: ast.expr) -> bool:
    """Tell whether an attribute is taken of what ends in brackets."""
    return isinstance(value, ast.Call | ast.Subscript) or _binding(value) < _ATOM


def _is_chain(value: ast.expr) -> bool:
    """Tell whether attributes of results are taken more than once in a chain."""
    count = 0
    while True:
        match value:
            case ast.Attribute(base):
                count += _is_result(base)
                value = base
            case ast.Call(base) | ast.Subscript(base):
                value = base
            case _:
                return count > 1


def _is_simple(value: ast.expr) -> bool:
    """Tell whether a power stands without spaces about such an operand."""
    match value:
        case ast.Name():
            return True
        case ast.Constant(number):
            return isinstance(number, int | float)
        case ast.Attribute(base):
            return _is_simple(base)
        case ast.UnaryOp(ast.USub(), operand):
            return _is_simple(operand)
    return False


def _is_plain(value: ast.expr) -> bool:
    """Tell whether a colon stands without spaces about such an end of a slice."""
    match value:
        case ast.UnaryOp(ast.USub(), operand):
            return isinstance(operand, ast.Name | ast.Constant)
    return isinstance(value, ast.Name | ast.Constant)


def _is_quotable(text: str) -> bool:
    return text.isprintable() and not set(text) & set("'\"\\")


def _sentence(text: str) -> Document:
    """Return a long text as strings that stand below each other, cut behind spaces."""
    lines, rest = [], text
    while len(rest) > _SENTENCE and " " in rest[:_SENTENCE]:
        end = rest.rindex(" ", 0, _SENTENCE) + 1
        lines.append(rest[:end])
        rest = rest[end:]
    parts: list[Document] = [f'"{line}"' for line in [*lines, rest]]
    return Group([one for place, part in enumerate(parts) for one in ([Line(" "), part] if place else [part])])


def _joined(parts: Sequence[Document]) -> list[Document]:
    return [one for place, part in enumerate(parts) for one in ([",", Line(" "), part] if place else [part])]


def _display(opening: str, entries: Sequence[Document], closing: str, last: str = "") -> Document:
    if not entries:
        return opening + closing
    return Group([opening, Indented([Line(), *_joined(entries), last or Broken(",")]), Line(), closing])

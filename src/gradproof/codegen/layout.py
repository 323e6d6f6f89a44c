"""The layout of generated modules: lines of at most 100 characters, broken and spaced as ``ruff format`` does it.

A statement is read again where its line is long or holds what a template may leave: parentheses that change nothing, spaces about a power,
a comma behind the last entry. It is written anew from its syntax tree, so it says what it said. All other lines stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

from gradproof.codegen.layout_document import Broken, Document, Group, Indented, Line, fitted
from gradproof.codegen.layout_expression import BINARY, WIDTH, UnknownCodeError, Writer

#: What a line may hold that is written otherwise: a power, a last comma, parentheses that are no call, an odd slice, another quote.
_ODD = re.compile(
    r"(?<=[\w)\]]) ?\*\*|, ?[)\]}=]|(?:[-+*/&|=<>~:,({\[]|\b(?:return|if|else|and|or|not|in)) ?\(|:[^\]]*\]|[+*/)\]-] ?:|'"
)
_BRACKETS = re.compile(r"[()\[\]{}]")
_DEPTHS = {bracket: 1 if bracket in "([{" else -1 for bracket in "()[]{}"}


def laid_out(parts: Sequence[str]) -> str:
    """Return the parts of a module in the layout that ``ruff format --line-length 100`` leaves unchanged, two empty lines between them."""
    return "\n\n".join(map(_part, parts))


@lru_cache(maxsize=256)
def _part(source: str) -> str:
    given = source.splitlines()
    lines: list[str] = []
    at = 0
    while at < len(given):
        line = given[at]
        if line.lstrip().startswith('"""'):
            end = _end_of_docstring(given, at)
            lines += given[at:end]
        elif line.endswith(("(", "[", "{")) or len(line) > WIDTH or _ODD.search(line):
            end = _end_of_statement(given, at)
            lines += _statement(given[at:end])
        else:
            end = at + 1
            lines.append(line)
        at = end
    return "\n".join(lines) + "\n"


def _end_of_docstring(lines: Sequence[str], at: int) -> int:
    end = at + 1
    if lines[at].count('"""') == 1:
        while '"""' not in lines[end]:
            end += 1
        end += 1
    return end


def _end_of_statement(lines: Sequence[str], at: int) -> int:
    depth = 0
    for end in range(at, len(lines)):
        depth += sum(_DEPTHS[bracket] for bracket in _BRACKETS.findall(lines[end]))
        if depth <= 0:
            return end + 1
    return at + 1


def _statement(lines: Sequence[str]) -> list[str]:
    """Return the lines of one statement, as they are where they hold a comment or are of a kind that has no other layout."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = " ".join(line.strip() for line in lines)
    if not text or "#" in text or text.startswith(("@", "class ")):
        return list(lines)
    read = text.removeprefix("el") if text.startswith("elif ") else text
    try:
        (node,) = ast.parse(f"{read} pass" if read.endswith(":") else read).body
        return _written(node, text, Writer(read), indent).splitlines()
    except (SyntaxError, UnknownCodeError):
        return list(lines)


def _written(node: ast.stmt, text: str, writer: Writer, indent: int) -> str:
    before: list[Document] = []
    match node:
        case ast.Assign(targets, value):
            before = [part for target in targets for part in (_target(writer, target), " = ")]
        case ast.AugAssign(target, op, value):
            before = [writer.expression(target), f" {BINARY[type(op)][0]}= "]
        case ast.Return(ast.expr() as value):
            before = ["return "]
        case ast.Raise(ast.expr() as value, None):
            before = ["raise "]
        case ast.Expr(value):
            pass
        case ast.If(test):
            value, before = test, ["elif " if text.startswith("elif") else "if "]
        case ast.For(target, iterated):
            value, before = iterated, ["for ", _target(writer, target), " in "]
        case ast.FunctionDef():
            return fitted(_head(writer, node), indent, WIDTH)
        case _:
            raise UnknownCodeError(ast.dump(node))
    after = [":"] if text.endswith(":") else []
    plain = writer.without_parentheses(value)
    if plain is not None:
        found = fitted(Group([*before, plain, *after]), indent, WIDTH)
        if all(len(line) <= WIDTH for line in found.splitlines()):
            return found
    return fitted(Group([*before, writer.statement(value), *after]), indent, WIDTH)


def _target(writer: Writer, target: ast.expr) -> Document:
    """Return what is assigned to: a tuple of one has parentheses, longer ones have none."""
    if isinstance(target, ast.Tuple) and len(target.elts) > 1:
        return ", ".join(writer.source(entry) for entry in target.elts)
    return writer.expression(target)


def _head(writer: Writer, node: ast.FunctionDef) -> Document:
    """Return the line that starts a function, which has no defaults; its arguments come on one line each where it is long."""
    given = node.args
    if given.posonlyargs or given.vararg or given.kwarg or given.defaults or any(given.kw_defaults):
        raise UnknownCodeError(ast.dump(given))
    names = [writer.source(one) for one in given.args]
    names += ["*"] * bool(given.kwonlyargs) + [writer.source(one) for one in given.kwonlyargs]
    arrow = f" -> {writer.source(node.returns)}" if node.returns else ""
    if not names:
        return f"def {node.name}(){arrow}:"
    entries: list[Document] = []
    for place, name in enumerate(names):
        entries += [",", Line(" "), name] if place else [name]
    return Group([f"def {node.name}(", Indented([Line(), *entries, Broken(",")]), Line(), f"){arrow}:"])

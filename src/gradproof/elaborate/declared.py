"""What a document says of its symbols in words and with the element sign: shapes, sets, properties."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from fractions import Fraction

from gradproof.elaborate.references import reference_of
from gradproof.elaborate.scope import Declared
from gradproof.elaborate.sizes import named_size
from gradproof.expr.build import number
from gradproof.expr.node import Expr
from gradproof.reader.presentation import Adjacent, Chain, Fenced, Infix, Listing, Name, Numeral, Prefix, Scripted, Tree
from gradproof.reader.walk import subtrees

_SIZE = r"(\d+|[A-Za-z])\s*(?:x|×|\*|by|\\times|-by-)\s*(\d+|[A-Za-z])"
_NAME = r"\$?(?:\\mathbf\{)?([A-Za-z])\}?\$?"
_THINGS = r"(?:matrix|matrices|filter|kernel|image|input|grid|array|window|mask|convolution|weight)"
_PATTERNS = (
    # 'Let X be a 3x3 matrix', 'W is the 3x3 convolution filter', 'K denotes our 5 x 5 kernel'
    re.compile(rf"(?<![\w]){_NAME}\s+(?:be|is|are|denotes?|=|being|represents?)\s+(?:\w+\s+){{0,3}}?\$?{_SIZE}\$?(?=[\s\w-]*{_THINGS})"),
    # 'a 3x3 matrix W', 'the 5x5 input image X'
    re.compile(rf"\$?{_SIZE}\$?[\s-]+(?:\w+[\s-]+){{0,3}}?{_THINGS}\s+{_NAME}(?![\w'])"),
)  # fmt: skip
#: Words that give a quantity a property; covariance and Gram matrices are symmetric by what they are.
_PROPERTIES = (
    (re.compile(r"one-?\s?hot", re.IGNORECASE), "onehot"),
    (re.compile(r"symmetric|(?:covariance|precision|kernel|Gram(?:ian)?)\s+matrix", re.IGNORECASE), "symmetric"),
    (re.compile(r"orthogonal", re.IGNORECASE), "orthogonal"),
    (re.compile(r"positive[\s-]definite", re.IGNORECASE), "posdef"),
)
_WORD = r"one-?\s?hot|symmetric|orthogonal|positive[\s-]definite|(?:covariance|precision|kernel|Gram(?:ian)?)\s+matrix"
_LETTER = r"\$?(?:\\mathbf\{)?(\\(?:Sigma|Lambda|Omega|Gamma|Theta|Phi|Psi)|[A-Za-z])\}?"
_IN = r"(?:\s*\\in\b[^$]*)?\$?"
_NAMED_FIRST = re.compile(
    rf"{_LETTER}{_IN},?\s+(?:be|is|are|denotes?|(?=an?\s|the\s))\s*(?:\(?[\w-]+\s+){{0,4}}?"
    rf"\(?(?P<word>{_WORD})\)?(?:[\s)-]+(?:and\s+)?(?:{_WORD}))*",
    re.IGNORECASE,
)
_NAMED_LAST = re.compile(rf"(?P<word>{_WORD})(?:[\s)-]+(?:{_WORD}))*\)?\s+(?:\w+\s+){{0,4}}?{_LETTER}(?![\w'])", re.IGNORECASE)
#: Properties of square matrices.
_SQUARE = frozenset({"symmetric", "posdef", "orthogonal"})
_LAWS = {"two": 2, "three": 3}


def declared_in_words(text: str) -> dict[str, Declared]:
    """Return what a text declares: ``W is the 3x3 filter``, ``y is a one-hot vector``.

    The text has its inline formulas between dollar signs.
    """
    found: dict[str, Declared] = {}
    for pattern, name_first in ((_PATTERNS[0], True), (_PATTERNS[1], False)):
        for match in pattern.finditer(text):
            groups = match.groups()
            name, sizes = (groups[0], groups[1:3]) if name_first else (groups[2], groups[0:2])
            found.setdefault(name, Declared(tuple(_size(size) for size in sizes), words=" ".join(match.group().split())))
    for pattern, name_group in ((_NAMED_FIRST, 1), (_NAMED_LAST, 2)):
        for match in pattern.finditer(text):
            properties = frozenset(said for word, said in _PROPERTIES if word.search(match.group()))
            if "$" not in match.group() and ("onehot" in properties or match.group(name_group).islower()):
                continue
            name = match.group(name_group).removeprefix("\\")
            known = found.get(name, Declared(None))
            shape = (None, None) if known.sizes is None and properties & _SQUARE else known.sizes
            found[name] = Declared(shape, known.properties | properties, match.group())
    return found


def _size(text: str) -> Expr:
    return number(Fraction(text)) if text.isdigit() else named_size(text)


def declared_in(trees: Sequence[Tree]) -> dict[str, Declared]:
    """Return what formulas declare with the element sign; of a name that is declared twice the first holds."""
    nodes = [node for tree in trees for node in subtrees(tree)]
    references = [reference_of(node) for node in nodes if isinstance(node, Scripted)]
    families = {read[0].key for read in references if read is not None and read[0].subscripts and not read[0].numerals}
    found: dict[str, Declared] = {}
    for node in nodes:
        if isinstance(node, Chain) and node.first is not None and node.links[0][0] == "∈":
            for key, value in declared_by_membership(node.first, node.links[0][1], families).items():
                # a number x stands beside the entries x_i of a vector
                found.setdefault(key, replace(value, sizes=None) if value.sizes == () and key in families else value)
    return found


def declared_by_membership(left: Tree, right: Tree, families: Set[str] = frozenset()) -> dict[str, Declared]:
    """Return what ``x \\in \\mathbb{R}^{m \\times n}`` declares of each name on its left.

    ``W_1`` and ``W_2`` may have different shapes; they are members of one tensor only where W is among the ``families``.
    """
    names = left.items if isinstance(left, Listing) else (left,)
    found: dict[str, Declared] = {}
    declared = _set(right)
    if declared is None:
        return {}
    for tree in names:
        read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
        if read is None:
            continue
        reference = read[0]
        if reference.numerals and reference.key not in families and declared.sizes:
            found[reference.label_key] = Declared(declared.sizes, declared.properties, "membership")
            continue
        extra = tuple(None for _ in reference.subscripts)
        sizes = None if declared.sizes is None else extra + declared.sizes
        found[reference.key] = Declared(sizes, declared.properties, "membership")
    return found


def numbered_samples(trees: Sequence[Tree], found: dict[str, Declared]) -> dict[str, set[str]]:
    """Part the vector x from its samples where a document declares ``x_i`` and writes x alone too; return the letters of their numbers."""
    nodes = [node for tree in trees for node in subtrees(tree)]
    bases = {id(node.base) for node in nodes if isinstance(node, Scripted) and node.sub is not None}
    alone = {node.text for node in nodes if isinstance(node, Name) and id(node) not in bases}
    letters: dict[str, set[str]] = {}
    for node in nodes:
        if not isinstance(node, Chain) or node.first is None or node.links[0][0] != "∈":
            continue
        for tree in node.first.items if isinstance(node.first, Listing) else (node.first,):
            read = reference_of(tree) if isinstance(tree, Scripted) else None
            if read is None or len(read[0].subscripts) != 1 or not isinstance(read[0].subscripts[0], Name):
                continue
            key, value = read[0].key, found.get(read[0].key)
            if key in alone and key[0].islower() and value is not None and value.sizes is not None and len(value.sizes) == 2:
                letters.setdefault(key, set()).add(read[0].subscripts[0].text)
    for key in letters:
        samples = found[key]
        assert samples.sizes is not None
        found[f"{key}_of"] = samples
        found[key] = Declared(samples.sizes[1:], samples.properties, samples.words)
    return letters


def _set(tree: Tree) -> Declared | None:
    sup: Tree | None = None
    base = tree
    sub: Tree | None = None
    if isinstance(tree, Scripted):
        base, sup, sub = tree.base, tree.sup, tree.sub
    if isinstance(base, Fenced) and base.opening == "{":
        return _finite(base, sup)
    if isinstance(base, Fenced) and base.opening in "([" and isinstance(base.body, Listing) and sup is None:
        return Declared(())
    if not (isinstance(base, Name) and base.font == "blackboard" and base.text in "RNZQ"):
        return None
    properties = frozenset({"integer"}) if base.text in "NZ" else frozenset[str]()
    if isinstance(sub, Name | Infix) or (isinstance(sup, Name) and sup.text == "+"):
        properties |= {"positive"}
    if sup is None or (isinstance(sup, Name) and sup.text == "+"):
        return Declared((), properties)
    sizes = tuple(_dimension(part) for part in _dimensions(sup))
    return Declared(sizes, properties)


def _finite(base: Fenced, sup: Tree | None) -> Declared | None:
    properties = _of_members(base.body.items if isinstance(base.body, Listing) else (base.body,))
    if sup is None:
        return Declared((), properties)
    return Declared(tuple(_dimension(part) for part in _dimensions(sup)), properties)


def _of_members(items: Sequence[Tree | None]) -> frozenset[str]:
    """Return what the members of a finite set have in common: ``{0, 1}`` is binary, ``{-1, 1}`` and ``{\\pm 1}`` are signs."""
    texts = {_member(item) for item in items}
    if texts == {"0", "1"}:
        return frozenset({"binary"})
    if texts in ({"-1", "1"}, {"±1"}):
        return frozenset({"plusminus"})
    return frozenset() if any("." in text for text in texts) else frozenset({"integer"})


def _member(item: Tree | None) -> str:
    match item:
        case Numeral(text):
            return text
        case Prefix(sign, Numeral(text)):
            return text if sign == "+" else f"{sign}{text}"
        case _:
            return ""


def _dimensions(sup: Tree) -> list[Tree]:
    """Split ``m \\times n`` (from left to right) into its sizes."""
    found: list[Tree] = []
    while isinstance(sup, Infix) and sup.symbol in ("\\times", "×", "*", "\\cdot"):
        found.append(sup.right)
        sup = sup.left
    found.append(sup)
    return found[::-1]


def _dimension(tree: Tree) -> Expr | None:
    if isinstance(tree, Numeral) and tree.text.isdigit():
        return number(int(tree.text))
    read = reference_of(tree) if isinstance(tree, Name | Scripted) else None
    if read is not None and not isinstance(tree, Adjacent):
        reference = read[0]
        return named_size(reference.label_key if reference.numerals else reference.key)
    return None

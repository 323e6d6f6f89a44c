"""How a document refers to a quantity: the name, its subscripts that are indices, its transposes and powers.

``x_i^2`` is the name x with subscript i to the power 2; ``y_{\\max}`` is the name y_max; ``x^{(i)}_j`` is the quantity 'x of
sample' with the subscripts i and j; ``A^\\top`` is a transpose. All that is decided by looks happens here.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.elaborate.names import base_name, is_label, label_of, star_of
from gradproof.reader.presentation import Adjacent, Fenced, Infix, Listing, Name, Numeral, Prefix, Scripted, Tree

_TRANSPOSES = frozenset({"T", "top", "intercal", "t", "prime"})
_INDEX_OPERATORS = frozenset({"+", "-", "*", "/"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A name as it is used once.

    ``key`` is the name with its labels; ``is_bold`` how it was set; ``subscripts`` are the trees of its indices;
    ``numerals`` tells that they are all plain numbers, which may as well be a label (``x_1``); ``label_key`` is the name for that case.
    """

    key: str
    is_bold: bool
    subscripts: tuple[Tree, ...] = ()
    numerals: bool = False
    label_key: str = ""


@dataclass(frozen=True, slots=True)
class Suffix:
    """What stands in the exponent place of a reference: a transpose, a power, or nothing."""

    is_transpose: bool = False
    power: Tree | None = None


def reference_of(tree: Tree) -> tuple[Reference, Suffix] | None:
    """Read a name with its scripts, or return None when the tree is not one."""
    if isinstance(tree, Name):
        return (Reference(base_name(tree), tree.font == "bold"), Suffix()) if is_symbolic(tree) else None
    if not isinstance(tree, Scripted):
        return None
    if isinstance(tree.base, Fenced) and tree.base.opening == "[" and isinstance(tree.base.body, Name) and tree.sub is not None:
        return reference_of(Scripted(tree.base.body, tree.sub, tree.sup, tree.place, tree.primes))  # [V]_{ij} is V_{ij}
    if isinstance(tree.base, Fenced | Scripted):
        inner = reference_of(tree.base.body) if _is_group(tree.base) else reference_of(tree.base)  # type: ignore[union-attr, arg-type]
        return _outer_scripts(tree, inner)
    if not isinstance(tree.base, Name) or not is_symbolic(tree.base):
        return None
    return _scripted(tree, tree.base)


def _is_group(tree: Tree) -> bool:
    return isinstance(tree, Fenced)


def _outer_scripts(tree: Scripted, inner: tuple[Reference, Suffix] | None) -> tuple[Reference, Suffix] | None:
    """Scripts on a scripted name: ``{x_i}^2``, ``(A)^T``; the inner one must not have an exponent already."""
    if inner is None or isinstance(tree.base, Fenced) or inner[1] != Suffix():
        return None
    reference = inner[0]
    if tree.sub is not None:
        added = index_subscripts(tree.sub)
        if added is None:
            return None
        reference = Reference(reference.key, reference.is_bold, reference.subscripts + added)
    return reference, _suffix(tree.sup, reference)


def _scripted(tree: Scripted, name: Name) -> tuple[Reference, Suffix] | None:
    key, bold = base_name(name), name.font == "bold"
    key += "_prime" * tree.primes
    leading, tree_sup = _sample_index(tree.sup)
    if leading is not None:
        key += "_of"
        if isinstance(leading, Numeral):
            key, leading = f"{key}{leading.text}", None
    elif star := star_of(tree.sup):
        key, tree_sup = f"{key}_{star}", None
    first = () if leading is None else (leading,)
    if tree.sub is None:
        reference = Reference(key, bold, first)
        return reference, _suffix(tree_sup, reference)
    if is_label(tree.sub):
        reference = Reference(f"{key}_{label_of(tree.sub)}", bold, first)
        return reference, _suffix(tree_sup, reference)
    found = index_subscripts(tree.sub)
    if found is None:
        label = label_of(tree.sub)
        if not label:
            return None
        reference = Reference(f"{key}_{label}", bold, first)
        return reference, _suffix(tree_sup, reference)
    numerals = all(isinstance(item, Numeral) for item in found)
    reference = Reference(key, bold, first + found, numerals and not first, f"{key}_{label_of(tree.sub)}")
    return reference, _suffix(tree_sup, reference)


def _sample_index(sup: Tree | None) -> tuple[Tree | None, Tree | None]:
    """Split ``^{(i)}`` and ``^{[l]}`` off an exponent: (the index or None, the rest of the exponent)."""
    if isinstance(sup, Fenced) and sup.opening in "([" and sup.body is not None:
        body = sup.body
        if isinstance(body, Numeral | Name) or _is_index_expression(body):
            return body, None
    if isinstance(sup, Adjacent) and len(sup.items) == 2:
        index, rest = _sample_index(sup.items[0])
        if index is not None and rest is None:
            return index, sup.items[1]
    return None, sup


def _suffix(sup: Tree | None, reference: Reference) -> Suffix:
    if sup is None:
        return Suffix()
    if is_transpose(sup) and not (isinstance(sup, Name) and sup.text == "t" and reference.subscripts):
        return Suffix(is_transpose=True)
    return Suffix(power=sup)


def is_transpose(sup: Tree | None) -> bool:
    """Tell whether an exponent is a transpose mark: T, top, intercal."""
    return isinstance(sup, Name) and sup.text in _TRANSPOSES and sup.text != "t"


def is_symbolic(name: Name) -> bool:
    """Tell whether a name can stand for a quantity (and is no operator such as the partial sign)."""
    return name.text not in ("partial", "nabla", "infty", "emptyset", "top", "prime") and name.font != "blackboard"


def index_subscripts(sub: Tree) -> tuple[Tree, ...] | None:
    """Split a subscript into indices (``ij``, ``i,j``, ``i+1``, ``12``), or return None when it is none."""
    match sub:
        case Listing(items, separators) if all(mark in ",;" for mark in separators):
            parts = [index_subscripts(item) for item in items]
            if any(part is None or len(part) != 1 for part in parts):
                return None
            return tuple(part[0] for part in parts if part is not None)
        case Adjacent(items):
            if isinstance(items[0], Numeral) and len(items) == 2:  # 2i, as in x_{2i}
                return (sub,)
            if all(_is_plain_index(item) for item in items):
                return tuple(items)
            return (sub,) if _is_index_expression(sub) else None
        case Numeral(text) if text.isdigit():
            return (sub,)
        case Fenced("(", ")", body) if body is not None:
            return index_subscripts(body)
        case _:
            return (sub,) if _is_index_expression(sub) else None


def _is_plain_index(tree: Tree) -> bool:
    if isinstance(tree, Numeral):
        return tree.text.isdigit() and len(tree.text) == 1
    return isinstance(tree, Name) and not is_label(tree) and tree.font == "italic"


def _is_index_expression(tree: Tree) -> bool:
    match tree:
        case Name():
            return not is_label(tree) and tree.font == "italic"
        case Numeral(text):
            return text.isdigit()
        case Infix(operator, left, right):
            return operator in _INDEX_OPERATORS and _is_index_term(left) and _is_index_term(right)
        case Adjacent(items):
            return all(_is_index_term(item) for item in items)
        case Prefix("-", operand):
            return _is_index_term(operand)
        case Scripted(base, sub, None):
            return _is_index_expression(base) and sub is not None
        case Fenced("⌊" | "⌈", _, body):
            return body is not None
        case Fenced(_, _, body):
            return body is not None and _is_index_expression(body)
        case _:
            return False


def _is_index_term(tree: Tree) -> bool:
    """Like an index expression, but a capital may be a size in it (``x_{N-i}``)."""
    return _is_index_expression(tree) or (isinstance(tree, Name) and tree.font == "italic" and len(tree.text) == 1)


def digits_of(items: tuple[Tree, ...], rank: int) -> tuple[Tree, ...]:
    """Split one subscript such as ``12`` or ``1i`` into its parts when the quantity has that many axes."""
    if len(items) == 1 and isinstance(items[0], Adjacent) and rank == len(items[0].items):
        return items[0].items
    if len(items) == 1 and isinstance(items[0], Numeral) and rank == len(items[0].text) > 1:
        place = items[0].place
        return tuple(Numeral(digit, place) for digit in items[0].text)
    return items


def named_arguments(tree: Tree) -> tuple[Tree, ...]:
    """Return the arguments inside a fence, one by one."""
    if isinstance(tree, Listing):
        return tree.items
    return (tree,)

"""What the formulas of a scope show of their symbols before any of them is read: ranks, uses as functions, indices.

A rank is the number of axes. Evidence is gathered until nothing changes: declared shapes and subscripts are certain; norms,
transposes, products with matrices and sums with vectors raise the rank of a bare name. A name without evidence is a scalar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from gradproof.elaborate.evidence import Survey, letters_in, raise_rank
from gradproof.elaborate.iterates import iterates
from gradproof.elaborate.names import GREEK
from gradproof.elaborate.ranks import ELEMENTWISE, is_entrywise, is_row, rank_of, sample_of, terms
from gradproof.elaborate.references import Reference, is_transpose, named_arguments, reference_of
from gradproof.reader.presentation import (
    Adjacent,
    Big,
    Chain,
    Fenced,
    Fraction,
    Infix,
    Name,
    Numeral,
    Prefix,
    Scripted,
    Tree,
)
from gradproof.reader.walk import subtrees

_VECTOR_FUNCTIONS = frozenset({"softmax", "logsumexp", "LSE", "diag", "log_softmax", "argmax"})
#: Greek capitals that are matrices where their inverse is taken.
_GREEK_MATRICES = frozenset({"Sigma", "Lambda", "Omega", "Gamma", "Theta", "Phi", "Psi"})
#: Capitals that are matrices where their product with a letter has to be a vector; others may be constants (``T x``, ``N p``).
_LAYER_MATRICES = frozenset("ABDHKMPQUVWX")
_MATRIX_FUNCTIONS = frozenset({"det", "tr", "Tr", "trace"})
_MOMENTS = frozenset({"E", "Var", "var", "Cov", "cov"})
_NUMBERS_AS_A_RULE = frozenset({"lambda", "eta", "alpha", "epsilon", "pi", "e", "infty"})
_ROUNDS = 4


def survey(
    trees: Iterable[Tree], declared: Mapping[str, int] | None = None, samples: Mapping[str, set[str]] | None = None
) -> Survey:
    """Gather the evidence of all formulas of one scope, beside what is declared: ranks, and letters of samples."""
    found = Survey(declared=dict(declared or {}), samples={key: set(letters) for key, letters in (samples or {}).items()})
    found.sample_letters.update(*found.samples.values())
    forest = list(trees)
    found.matrices.update(key for key, rank in found.declared.items() if rank == 2 and len(key) == 1 and key.isupper())
    for tree in forest:
        found.matrices.update(_bold_capitals(tree))
    points = iterates(forest)
    for key, letters in points.items():
        if key not in found.declared:
            found.samples.setdefault(key, set()).update(letters)
    for tree in forest:
        for node in subtrees(tree):
            _count(node, found)
    for node in (node for tree in forest for node in subtrees(tree)):
        if isinstance(node, Scripted) and is_transpose(node.sup):
            _infer_greek(node.base, found)  # before products with it are looked at
    for _ in range(_ROUNDS):
        before = dict(found.ranks)
        for tree in forest:
            for node in subtrees(tree):
                _infer(node, found)
        _infer_calls(forest, found)
        for key in points:
            raise_rank(found, f"{key}_of", found.rank(key), 1)
        if found.ranks == before:
            break
    return found


def _bold_capitals(tree: Tree) -> Iterator[str]:
    for node in subtrees(tree):
        if isinstance(node, Name) and node.font == "bold" and len(node.text) == 1 and node.text.isupper():
            yield node.text


def _count(node: Tree, found: Survey) -> None:
    match node:
        case Adjacent(items):
            for left, right in pairwise(items):
                if isinstance(left, Name | Scripted) and _is_argument(right):
                    reference = reference_of(left)
                    if reference is not None:
                        key = reference[0].key
                        found.applied[key] = found.applied.get(key, 0) + 1
                        if key in _MOMENTS:
                            found.random.update(_capitals(right))
        case Big(operator, sub, sup, body) if sub is not None and operator in ("sum", "prod", "max", "min"):
            found.indices.update(_bound_letters(sub))
            if operator in ("sum", "prod") and sup is not None:
                found.sizes.update(_size_names(sup))
            if body is not None and isinstance(sub, Chain) and _starts_at_zero(sub):
                _count_from_zero(_bound_letters(sub), body, found)
        case _:
            pass
    read = reference_of(node) if isinstance(node, Name | Scripted) else None
    if read is not None:
        _count_reference(read[0], found)


def _count_reference(reference: Reference, found: Survey) -> None:
    if found.matrix_of(reference):
        return
    if found.is_sample(reference):
        raise_rank(found, f"{reference.key}_of", 0, 1)
        found.indices.update(letters_in(reference.subscripts[0]))
        return
    if reference.is_bold:
        found.bold.add(reference.key)
        if len(reference.key) == 1 or reference.key.lower() in GREEK:
            count = len(reference.subscripts)
            before = found.fewest.get(reference.key, 0)
            found.fewest[reference.key] = min(before or count, count or before)
            raise_rank(found, reference.key, 2 if reference.key[0].isupper() else 1, found.fewest[reference.key])
    if reference.subscripts and not reference.numerals:
        found.subscripted[reference.key] = found.subscripted.get(reference.key, 0) + 1
        count = len(reference.subscripts)
        found.indexed[reference.key] = max(count, found.indexed.get(reference.key, 0))
        raise_rank(found, reference.key, count, 0)
        for subscript in reference.subscripts:
            found.indices.update(leaf.text for leaf in subtrees(subscript) if isinstance(leaf, Name))
    elif not reference.subscripts:
        found.bare[reference.key] = found.bare.get(reference.key, 0) + 1


def _capitals(tree: Tree) -> set[str]:
    """Return the capital letters in a tree that are set as scalars: in a moment they are the random variables."""
    return {node.text for node in subtrees(tree) if isinstance(node, Name) and node.font == "italic" and _is_capital(node)}


def _bound_letters(sub: Tree) -> set[str]:
    head: Tree | None = sub.first if isinstance(sub, Chain) else sub
    if head is None:
        return set()
    return {leaf.text for leaf in subtrees(head) if isinstance(leaf, Name) and leaf.font == "italic"}


def _size_names(sup: Tree) -> set[str]:
    """Return the names in the end of a sum: they are sizes."""
    heads = [reference_of(node) for node in subtrees(sup) if isinstance(node, Name)]
    return {read[0].key for read in heads if read is not None}


def _starts_at_zero(sub: Chain) -> bool:
    return len(sub.links) == 1 and sub.links[0][0] == "=" and _is_zero(sub.links[0][1])


def _is_zero(tree: Tree) -> bool:
    return isinstance(tree, Numeral) and tree.text == "0"


def _count_from_zero(letters: set[str], body: Tree, found: Survey) -> None:
    for node in subtrees(body):
        read = reference_of(node) if isinstance(node, Scripted) else None
        for place, subscript in enumerate(read[0].subscripts if read else ()):
            if read is not None and isinstance(subscript, Name) and subscript.text in letters:
                found.from_zero.add((read[0].key, place))


def _is_argument(tree: Tree) -> bool:
    if isinstance(tree, Scripted):
        tree = tree.base
    return isinstance(tree, Fenced) and tree.opening == "(" and tree.body is not None


def demand(tree: Tree, rank: int, found: Survey) -> None:
    """Raise the rank of what a tree is made of, where that is a bare sum, difference or name."""
    match tree:
        case Name() | Scripted():
            read = reference_of(tree)
            if read is not None and read[1].power is None:
                if rank == 1:
                    _infer_sample(tree, found)
                key, subscripts = found.key_of(read[0])
                if _may_be_tensor(key):
                    raise_rank(found, key, rank, len(subscripts))
        case Infix(operator) if operator in ELEMENTWISE:
            for term in terms(tree):
                demand(term, rank, found)
        case Prefix(_, operand):
            demand(operand, rank, found)
        case Fenced("(" | "[", _, body) if body is not None:
            demand(body, rank, found)
        case Adjacent((function, argument)) if is_entrywise(function):
            demand(argument, rank, found)
        case Adjacent(items):
            inner = [item for item in items if not _is_scalar_like(item, found)]
            if rank == 1 and _may_be_layer(inner, found):
                demand(inner[0], 2, found)
                demand(inner[1], 1, found)
            elif len(inner) == 1:
                demand(inner[0], rank, found)
            elif rank == 2:
                for item in inner:
                    if _is_capital(item):
                        demand(item, 2, found)
        case _:
            pass


def _may_be_layer(items: list[Tree], found: Survey) -> bool:
    """Tell whether a product that is a vector is a matrix times a vector: ``W_1 x``, ``W x``, and ``U x_t`` of a sequence."""
    if len(items) != 2 or not all(isinstance(item, Name | Scripted) for item in items):
        return False
    left, right = (reference_of(item) for item in items)
    if left is None or right is None or left[1].power is not None or right[1].power is not None:
        return False
    if not left[0].key[:1].isupper() or right[0].key[:1].isupper() or found.rank(left[0].key):
        return False
    if left[0].numerals or (left[0].key in _LAYER_MATRICES and not left[0].subscripts and not right[0].subscripts):
        return not right[0].subscripts or right[0].numerals
    is_number = left[0].key in found.sizes or left[0].key in found.scalars
    return _is_capital(items[0]) and not is_number and len(right[0].subscripts) == 1 and not right[0].numerals


def _may_be_tensor(key: str) -> bool:
    return key not in _NUMBERS_AS_A_RULE and not key.isdigit()


def _is_scalar_like(tree: Tree, found: Survey) -> bool:
    if isinstance(tree, Numeral | Fraction):
        return True
    if isinstance(tree, Name):
        return tree.text in GREEK and found.rank(tree.text) == 0
    return False


def _infer(node: Tree, found: Survey) -> None:
    match node:
        case Fenced("‖", _, body) if body is not None:
            _infer_norm(body, found)
        case Scripted(Fenced("‖", _, body), Name("F"), _) if body is not None and any(map(_is_capital, subtrees(body))):
            demand(body, 2, found)
        case Scripted(Name(text), None, sup) if is_transpose(sup) and text in GREEK and not _may_be_tensor(text):
            raise_rank(found, text, 1, 0)  # mostly a weight, but not where it is transposed
        case Scripted(base, _, sup) if is_transpose(sup):
            demand(base if node.sub is None else _without_exponent(node), _transposed_rank(base, found), found)
        case Scripted(Name(text), None, Prefix("-", Numeral("1"))) if (
            len(text) == 1 and text.isupper()
        ) or text in _GREEK_MATRICES:
            demand(node.base, 2, found)
        case Adjacent(items):
            _infer_product(items, found)
            _infer_arguments(items, found)
        case Infix(operator, left, right) if operator in ELEMENTWISE:
            if not isinstance(left, Infix):  # in a long sum neighbours are enough
                _equalize(left, right, found)
            else:
                _equalize(left.right, right, found)
        case Infix("*", left, right):
            _infer_product((left, right), found)
        case Chain(first, links) if first is not None:
            _infer_chain(first, links, found)
        case _:
            pass


def _is_prox_of_norm(tree: Scripted) -> bool:
    if not (isinstance(tree.base, Name) and tree.base.text == "prox" and tree.sub is not None):
        return False
    return any(isinstance(node, Fenced) and node.opening == "‖" for node in subtrees(tree.sub))


def _infer_norm(body: Tree, found: Survey) -> None:
    if not rank_of(body, found):  # the double bar is not the absolute value of a number
        demand(body, 1, found)
        _infer_greek(body, found)


def _infer_greek(tree: Tree, found: Survey) -> None:
    """A Greek letter that is a number as a rule is a vector where it is transposed or has a norm: ``\\alpha^\\top K \\alpha``."""
    if (
        isinstance(tree, Name)
        and tree.text in _NUMBERS_AS_A_RULE - found.bold
        and not tree.accents
        and tree.text not in ("pi", "e", "infty")
    ):
        raise_rank(found, tree.text, 1, 0)


def _without_exponent(tree: Scripted) -> Tree:
    return Scripted(tree.base, tree.sub, None, tree.place, tree.primes)


def _transposed_rank(base: Tree, found: Survey) -> int:
    if isinstance(base, Name) and len(base.text) == 1 and base.text.isupper():
        return 2
    known = rank_of(base, found)
    return known if known else 1


def _infer_product(items: tuple[Tree, ...], found: Survey) -> None:
    for place, (left, right) in enumerate(pairwise(items)):
        if _is_call(left, right):
            continue
        if is_row(right) and not _is_capital(left) and place + 2 < len(items) and not is_row(items[place + 2]):
            continue  # in t w^T x the dot binds, so t may well be a scalar
        left_rank, right_rank = rank_of(left, found), rank_of(right, found)
        if is_row(right) and left_rank is None and not _is_scalar_like(left, found) and _is_capital(left):
            demand(left, 2, found)
        elif is_row(right) and left_rank is None and right_rank == 1 and not _is_scalar_like(left, found):
            demand(left, 1, found)
        if right_rank is None and (left_rank == 2 or (is_row(left) and left_rank == 1)):
            if isinstance(right, Name | Scripted | Fenced):
                demand(right, 2 if _is_capital(right) else 1, found)
        elif left_rank is None and right_rank == 1 and not is_row(right) and _is_capital(left):
            demand(left, 2, found)
        elif (is_row(left) and left_rank == 1) or left_rank == 2:
            _infer_sample(right, found)


def _infer_sample(tree: Tree, found: Survey) -> None:
    """In ``w^T x_i`` and ``A x_i`` the sample x_i is a vector; where x by itself is one too, the samples are another quantity."""
    sample = sample_of(tree, found)
    if sample is None:
        return
    key, letters = sample
    found.sample_letters.update(letters)
    if key not in found.declared and found.bare.get(key, 0) <= found.subscripted.get(
        key, 0
    ):  # the letter of x_i is counted as bare too
        raise_rank(found, key, 1, 1)
    elif not key[0].isupper():
        found.samples.setdefault(key, set()).update(letters)
        raise_rank(found, f"{key}_of", 1, 1)


def _infer_target(tree: Tree, found: Survey) -> None:
    """In ``A x_i - y_i`` the sample's target y_i is a vector as well."""
    read = reference_of(tree) if isinstance(tree, Scripted) else None
    if read is not None and len(read[0].subscripts) == 1:
        letters = letters_in(read[0].subscripts[0])
        if letters and letters <= found.sample_letters:
            _infer_sample(tree, found)


def _is_call(left: Tree, right: Tree) -> bool:
    """``J(w)``: a name before a parenthesis with mere names in it is a function, not a factor."""
    if not (isinstance(left, Name | Scripted) and _is_argument(right)):
        return False
    fence = right.base if isinstance(right, Scripted) else right
    assert isinstance(fence, Fenced)
    assert fence.body is not None
    return all(isinstance(argument, Name | Scripted) for argument in named_arguments(fence.body))


def _is_capital(tree: Tree) -> bool:
    return isinstance(tree, Name) and len(tree.text) == 1 and tree.text.isupper()


def _infer_arguments(items: tuple[Tree, ...], found: Survey) -> None:
    for left, right in pairwise(items):
        if isinstance(left, Scripted) and _is_prox_of_norm(left) and isinstance(right, Fenced) and right.body is not None:
            _infer_norm(right.body, found)
        if isinstance(left, Name) and left.text in _MATRIX_FUNCTIONS and _is_capital(right):
            demand(right, 2, found)
        if isinstance(left, Name) and isinstance(right, Fenced) and right.body is not None:
            rank = 1 if left.text in _VECTOR_FUNCTIONS else 2 if left.text in _MATRIX_FUNCTIONS else 0
            if rank and rank_of(right.body, found) is None:
                for argument in named_arguments(right.body):
                    demand(argument, rank, found)
            if rank == 1 and not rank_of(right.body, found):
                for base in _squared(right.body):
                    demand(base, 1, found)


def _squared(tree: Tree) -> Iterator[Tree]:
    """Yield what is raised to a power in the terms of a sum that is a vector: h of ``1 - h^2``."""
    for term in terms(tree):
        if isinstance(term, Scripted) and isinstance(term.sup, Numeral):
            yield term.base if term.sub is None else _without_exponent(term)


def _equalize(left: Tree, right: Tree, found: Survey) -> None:
    ranks = rank_of(left, found), rank_of(right, found)
    if ranks[0] and ranks[1] is None:
        demand(right, ranks[0], found)
    elif ranks[1] and ranks[0] is None:
        demand(left, ranks[1], found)
    elif ranks == (1, 0):
        _infer_target(right, found)
    elif ranks == (0, 1):
        _infer_target(left, found)


def _infer_chain(first: Tree, links: tuple[tuple[str, Tree], ...], found: Survey) -> None:
    sides = [first, *(tree for _, tree in links)]
    for (relation, _), left, right in zip(links, sides, sides[1:], strict=False):
        if relation in ("=", ":=", "≈", "≡", "≤", "≥", "←"):
            known = rank_of(right, found)
            if isinstance(left, Name | Scripted) and known is not None and rank_of(left, found) is None:
                if known:
                    demand(left, known, found)
                elif isinstance(left, Name) and relation not in ("≤", "≥"):  # x >= 0 may hold of every entry
                    found.scalars.add(left.text)
            elif isinstance(right, Name | Scripted):
                _equalize(left, right, found)
            elif relation in ("=", ":=") and known is None and isinstance(left, Name | Scripted) and rank_of(left, found) == 1:
                demand(right, 1, found)


def _infer_calls(forest: list[Tree], found: Survey) -> None:
    """After ``g(x) = \\|x\\|^2`` what g is applied to is a vector: v of ``g(v)`` and of ``\\operatorname{prox}_g(v)``.

    A function of vectors whose value is no number may well be one of numbers that is taken entry by entry.
    """
    nodes = [node for tree in forest for node in subtrees(tree)]
    functions = dict(filter(None, (_function_of_tensor(node, found) for node in nodes)))
    for node in nodes if functions else ():
        if isinstance(node, Adjacent):
            for head, behind in pairwise(node.items):
                function = (
                    head.sub if isinstance(head, Scripted) and isinstance(head.base, Name) and head.base.text == "prox" else head
                )
                if isinstance(function, Name) and function.text in functions and isinstance(behind, Fenced):
                    if isinstance(behind.body, Name) and rank_of(behind.body, found) is None:
                        demand(behind.body, functions[function.text], found)


def _function_of_tensor(node: Tree, found: Survey) -> tuple[str, int] | None:
    """Return the name of a function of a vector or matrix that is defined here as a number, and the rank of its argument."""
    match node:
        case Chain(Adjacent((Name(function), Fenced("(", _, Name() as argument))), (("=" | ":=", right), *_)):
            rank = rank_of(argument, found)
            return (function, rank) if rank and _is_surely_scalar(right, found) else None
        case _:
            return None


def _is_surely_scalar(tree: Tree, found: Survey) -> bool:
    """Tell whether a formula is a number: norms, quadratic forms, what is made of them."""
    match tree:
        case Scripted(Fenced() as base, None, sup) if sup is not None and not is_transpose(sup):
            return _is_surely_scalar(base, found)
        case Scripted(Fenced("‖", _, _), _, _):
            return True
        case Fraction(above, below):
            return _is_surely_scalar(above, found) and _is_surely_scalar(below, found)
        case Infix(operator, left, right) if operator in ("+", "-", "*"):
            return _is_surely_scalar(left, found) and _is_surely_scalar(right, found)
        case Adjacent(items) if rank_of(tree, found) != 0:
            return all(_is_surely_scalar(item, found) for item in items)
        case Name(text):
            return text in GREEK and found.rank(text) == 0
        case _:
            return rank_of(tree, found) == 0

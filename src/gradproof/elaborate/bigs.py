"""Large operators: sums, products, maxima over indices, integrals, and what is minimised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof.elaborate import conditions
from gradproof.elaborate.references import reference_of
from gradproof.elaborate.trouble import Misfit, Unreadable
from gradproof.elaborate.value import Value, scalar, total
from gradproof.expr import build
from gradproof.expr.node import Add, Compare, Constant, Element, Expr, Index, Iverson, Operator, Symbol, fresh_index
from gradproof.expr.walk import substitute
from gradproof.reader.presentation import (
    Adjacent,
    Big,
    Chain,
    Listing,
    Name,
    Rows,
    Scripted,
    Tree,
    Words,
)
from gradproof.reader.walk import parts, subtrees

if TYPE_CHECKING:
    from gradproof.elaborate.lowering import Lowering

_ORDERS = frozenset({"<", "≤", ">", "≥", "≠", "="})


def big(lowering: Lowering, tree: Big) -> Value:
    """Return what a large operator means."""
    if tree.body is None:
        raise Unreadable("U110", f"the operator {tree.operator} has nothing behind it")
    match tree.operator:
        case "sum" | "prod":
            return _reduction(lowering, tree, tree.body)
        case "max" | "min" | "sup" | "inf" if _binds_index(lowering, tree.sub, tree.body):
            return _reduction(lowering, tree, tree.body)
        case "int":
            return _integral(lowering, tree, tree.body)
        case "argmin" | "argmax":
            return minimizer(lowering, tree, tree.body)
        case _:
            raise Unreadable("U110", f"no rule for the operator '{tree.operator}'")


# Sums, products, maxima ---------------------------------------------------------------------------------------------


def _reduction(lowering: Lowering, tree: Big, body: Tree) -> Value:
    if tree.sub is None:
        return _over_everything(lowering, tree, body)
    outer = dict(lowering.indices)
    try:
        bound, tests = _bind(lowering, tree)
        value = lowering.value(body)
    finally:
        lowering.indices = outer
    condition = build.all_of(*tests) if tests else None
    operation = {"sup": "max", "inf": "min"}.get(tree.operator, tree.operator)
    return _closed(lowering, operation, bound, value, condition)


def _closed(lowering: Lowering, operation: str, bound: list[Index], value: Value, condition: Expr | None) -> Value:
    """Make the reduction; an end that unification has fixed since is put into the index."""
    if operation != "sum" and value.rank:
        raise Misfit("M102", f"the body of a {operation} has to be a scalar", is_certain=False)
    inside, outside = _parted(value.body, bound) if operation in ("max", "min") else (value.body, build.ZERO)
    return Value(build.add(build.reduce(operation, bound, inside, condition), outside), value.axes, value.is_row)


def _parted(body: Expr, bound: list[Index]) -> tuple[Expr, Expr]:
    """Split ``\\max_i a_i + c``, whose sign reaches over all of it, into what hangs on the index and what does not."""
    if not isinstance(body, Add) or body.free_indices.isdisjoint(bound):
        return body, build.ZERO
    pairs = list(zip(body.weights, body.terms, strict=True))
    inside = [(weight, term) for weight, term in pairs if not term.free_indices.isdisjoint(bound)]
    return build.weighted_sum(inside), build.weighted_sum([pair for pair in pairs if pair not in inside])


def _over_everything(lowering: Lowering, tree: Big, body: Tree) -> Value:
    """A sum without a letter: over all entries of a tensor, else over the letters that its body leaves free."""
    letters = set(lowering.subscript_letters)
    before = dict(lowering.indices)
    bound: list[Index] = []
    try:
        for letter in sorted(letters - set(lowering.indices) - set(lowering.free)):
            lowering.indices[letter] = index = lowering.scope.sizes.index(letter)
            bound.append(index)
        value = lowering.value(body)
    finally:
        lowering.indices = before
    used = [index for index in bound if index in value.body.free_indices]
    if tree.operator == "sum" and value.rank:
        lowering.note("the sum without an index runs over all entries")
        return total(value)
    if not used:
        raise Unreadable("U104", "the sum does not say over what it runs")
    lowering.note("the sum without an index runs over " + ", ".join(index.name for index in used))
    return scalar(build.reduce(tree.operator, used, value.body))


def _bind(lowering: Lowering, tree: Big) -> tuple[list[Index], list[Expr]]:
    """Bind the letters below the operator; return the indices and the conditions on them."""
    assert tree.sub is not None
    bound: list[Index] = []
    tests: list[Expr] = []
    items: list[Tree] = []
    for part in _with_shared_limits(_parts(tree.sub)):
        if isinstance(part, Chain) and part.first is not None and _range(lowering, part, tree.sup, bound):
            continue
        items.append(part)
    for part in items:
        _bind_letters(lowering, part, tree.sup, bound)
        _bind_other(lowering, part, tree, bound)
    for part in items:
        if isinstance(part, Chain) and part.links[0][0] in _ORDERS:
            tests.append(conditions.condition(lowering, part))
    if not bound:
        raise Unreadable("U110", "no rule for what stands below the operator")
    return bound, tests


def _parts(sub: Tree) -> list[Tree]:
    match sub:
        case Listing(items):
            return [part for part in _spread(items) if not isinstance(part, Words)]
        case Rows(rows):
            return [inner for row in rows for inner in _parts(row)]
        case Adjacent(items) if all(isinstance(item, Name) for item in items):
            return list(items)
        case _:
            return [sub]


def _with_shared_limits(parts: list[Tree]) -> list[Tree]:
    """``0 \\le m, n \\le 1``: both letters run between the same limits."""
    if len(parts) < 2 or not isinstance(parts[0], Chain) or not isinstance(parts[-1], Chain):
        return parts
    first, last = parts[0], parts[-1]
    opens = len(first.links) == 1 and first.links[0][0] in ("≤", "<") and isinstance(first.links[0][1], Name)
    closes = len(last.links) == 1 and last.links[0][0] in ("≤", "<") and isinstance(last.first, Name)
    if not opens or not closes or isinstance(first.first, Name) or not all(isinstance(part, Name) for part in parts[1:-1]):
        return parts
    letters = [first.links[0][1], *parts[1:-1], last.first]
    return [
        Chain(first.first, ((first.links[0][0], letter), last.links[0]), last.place) for letter in letters if letter is not None
    ]


def _spread(items: tuple[Tree, ...]) -> list[Tree]:
    """``i, j = 1``: every letter of the list runs over what is said of the last."""
    spread: list[Tree] = []
    last = items[-1]
    for item in items:
        if isinstance(item, Name) and isinstance(last, Chain) and last.links[0][0] in ("=", "∈"):
            spread.append(Chain(item, last.links, last.place))
        else:
            spread.append(item)
    return spread


def _range(lowering: Lowering, part: Chain, sup: Tree | None, bound: list[Index]) -> bool:
    """``i = 1`` with an end above, or ``1 <= i <= n``: the index gets its limits."""
    relations = [relation for relation, _ in part.links]
    if relations == ["="] and isinstance(part.first, Name):
        if sup is None:
            return False
        lower = lowering.scalar(part.links[0][1], "the start of a sum")
        upper = _end(lowering, sup)
        _add(lowering, part.first.text, lower, upper, bound)
        return True
    if len(relations) == 2 and set(relations) <= {"≤", "<"} and isinstance(part.links[0][1], Name):
        letter = part.links[0][1].text
        if letter in lowering.indices:
            return False
        assert part.first is not None
        lower = lowering.scalar(part.first, "the start of a range")
        upper = lowering.scalar(part.links[1][1], "the end of a range")
        lower = lower if relations[0] == "≤" else build.add(lower, build.ONE)
        upper = upper if relations[1] == "≤" else build.subtract(upper, build.ONE)
        _add(lowering, letter, lower, upper, bound)
        return True
    return False


def _end(lowering: Lowering, sup: Tree) -> Expr:
    end = lowering.scalar(sup, "the end of a sum")
    if end is Constant("infinity"):
        raise Unreadable("U110", "no rule for an endless sum")
    return end


def _add(lowering: Lowering, letter: str, lower: Expr, upper: Expr, bound: list[Index]) -> None:
    index = fresh_index(letter, lower, upper)
    lowering.indices[letter] = index
    bound.append(index)


def _bind_letters(lowering: Lowering, part: Tree, sup: Tree | None, bound: list[Index]) -> None:
    """Bind a letter whose range its use will tell: ``j``, ``j \\ne i``, ``c \\in C``, ``i, j``."""
    head: Tree | None = part
    if isinstance(part, Chain):
        head = part.first
    if isinstance(head, Listing | Adjacent):
        for item in head.items:
            _bind_letters(lowering, item, sup, bound)
        return
    if not isinstance(head, Name) or head.font != "italic":
        raise Unreadable("U110", "no rule for what stands below the operator")
    if head.text in lowering.indices and any(index.name == head.text for index in bound):
        return
    if isinstance(part, Chain) and part.links[0][0] == "≠" and head.text in lowering.indices:
        return
    size = None if sup is None else _end(lowering, sup)
    index = lowering.scope.sizes.index(head.text, size)
    lowering.indices[head.text] = index
    bound.append(index)


def _bind_other(lowering: Lowering, part: Tree, tree: Big, bound: list[Index]) -> None:
    """A sum over ``k \\ne l``, or over ``i < j``, runs over the pairs where nothing around it says what the second letter is."""
    other = part.links[0][1] if isinstance(part, Chain) and part.links[0][0] in _ORDERS - {"="} else None
    if not isinstance(other, Name) or other.text in lowering.indices or _stands_elsewhere(lowering, other.text):
        return
    is_inequality = isinstance(part, Chain) and part.links[0][0] == "≠"
    if is_inequality or (tree.body is not None and _is_subscript(tree.body, other.text)):
        _bind_letters(lowering, other, tree.sup, bound)


def _is_subscript(root: Tree, letter: str) -> bool:
    """Tell whether a letter stands in a subscript below."""
    scripted = (node for node in subtrees(root) if isinstance(node, Scripted))
    read = (reference_of(node) for node in scripted)
    return any(_names(subscript, letter) for found in read if found is not None for subscript in found[0].subscripts)


def _stands_elsewhere(lowering: Lowering, letter: str) -> bool:
    """Tell whether a letter is a subscript outside the sums that name it below their sign."""
    pending = list(lowering.trees)
    while pending:
        tree = pending.pop()
        if isinstance(tree, Big) and tree.sub is not None and _names(tree.sub, letter):
            continue
        read = reference_of(tree) if isinstance(tree, Scripted) else None
        if any(_names(subscript, letter) for subscript in (read[0].subscripts if read else ())):
            return True
        pending.extend(parts(tree))
    return False


def _names(tree: Tree, letter: str) -> bool:
    return any(isinstance(node, Name) and node.text == letter for node in subtrees(tree))


def _binds_index(lowering: Lowering, sub: Tree | None, body: Tree) -> bool:
    """Tell whether the letters below a max are indices of its body (else it is a minimisation over a quantity)."""
    if sub is None:
        return False
    letters = [part.first if isinstance(part, Chain) else part for part in _parts(sub)]
    if isinstance(sub, Chain) and len(sub.links) == 2:
        letters = [sub.links[0][1]]
    names = [letter.text for letter in letters if isinstance(letter, Name)]
    return bool(names) and all(name in lowering.subscript_letters for name in names)


# Integrals and minimisers -------------------------------------------------------------------------------------------


def _integral(lowering: Lowering, tree: Big, body: Tree) -> Value:
    if tree.differential is None or tree.sub is None or tree.sup is None:
        raise Unreadable("U110", "no rule for an integral without limits")
    read = reference_of(tree.differential)
    if read is None or read[0].subscripts:
        raise Unreadable("U110", "no rule for this variable of an integral")
    lower = lowering.scalar(tree.sub, "a limit of an integral")
    upper = lowering.scalar(tree.sup, "a limit of an integral")
    outside = lowering.quantity(read[0]).body
    inner = lowering.scalar(body, "the body of an integral")
    if not isinstance(outside, Symbol):
        raise Unreadable("U110", "no rule for this variable of an integral")
    bound = Symbol(outside.name, (), outside.properties | {"bound"})
    return scalar(Operator("integral", (bound,), (substitute(inner, {outside: bound}),), (lower, upper)))


def minimizer(lowering: Lowering, tree: Big, body: Tree) -> Value:
    """Return the point where the body is smallest (for argmax: where its negative is)."""
    letters = tree.sub.first if isinstance(tree.sub, Chain) else tree.sub
    read = reference_of(letters) if isinstance(letters, Name | Scripted) else None
    if read is None:
        raise Unreadable("U110", "no rule for what is minimised over")
    objective = lowering.scalar(body, "an objective")
    if tree.operator == "argmax":
        objective = build.negate(objective)
    variable = lowering.quantity(read[0])
    if not isinstance(variable.body, Symbol | Element):
        raise Unreadable("U110", "no rule for what is minimised over")
    operands = (objective, *_violations(lowering, tree.sub, variable))
    return Value(Operator("argmin", (variable.body,), operands), variable.axes)


def _violations(lowering: Lowering, sub: Tree | None, variable: Value) -> tuple[Expr, ...]:
    """Return how many entries violate what stands below the sign (``x \\ge 0``), nothing where that is a space or nothing.

    Raises: Unreadable: the condition is none on the entries; leaving it out would answer another question.
    """
    if not isinstance(sub, Chain):
        return ()
    violations: list[Expr] = []
    for relation, right in sub.links:
        if relation == "∈" and _is_space(right):
            continue
        if relation not in ("≥", "≤", ">", "<") or len(sub.links) > 1:
            raise Unreadable("U110", "no rule for this constraint of a minimisation")
        bound = lowering.scalar(right, "a bound")
        kept = Iverson(Compare({"≥": ">=", "≤": "<="}.get(relation, relation), variable.body, bound))
        violations.append(build.sum_over(list(variable.axes), build.subtract(build.ONE, kept)))
    return tuple(violations)


def _is_space(tree: Tree) -> bool:
    """Tell whether a set leaves its elements free: ``\\mathbb{R}^n``."""
    base = tree.base if isinstance(tree, Scripted) else tree
    return (
        isinstance(base, Name) and base.font == "blackboard" and base.text == "R" and not (isinstance(tree, Scripted) and tree.sub)
    )

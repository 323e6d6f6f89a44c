"""Expressions as plain text in index notation: always possible."""

from __future__ import annotations

from fractions import Fraction

from gradproof.expr.build import ONE
from gradproof.expr.node import (
    Add,
    Apply,
    Call,
    Compare,
    Constant,
    Element,
    Expr,
    Hole,
    Index,
    Iverson,
    Logic,
    Multiply,
    Number,
    Operator,
    Piecewise,
    Power,
    Reduce,
    Symbol,
    TensorEntry,
)
from gradproof.expr.walk import postorder
from gradproof.printer.layout import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    Printed,
    arranged_factors,
    arranged_terms,
    chained,
    decimal_text,
    factors_of,
    is_long_decimal,
    negative_exponent,
    rational_text,
    slices_of,
    split_quotient,
)
from gradproof.printer.naming import index_names

_OPERATORS = {"expectation": "E", "variance": "Var", "covariance": "Cov", "probability": "P"}


def to_text(root: Expr) -> str:
    """Return an expression as plain text.

    Example: >>> from gradproof.expr.build import add, multiply, number
             >>> from gradproof.expr.node import Symbol
             >>> to_text(add(number(1), multiply(number(-2), Symbol("x"))))
             '1 - 2 x'
    """
    names = index_names(root)
    printed: dict[Expr, Printed] = {}
    for node in postorder(root):
        printed[node] = _print(node, printed, names)
    return printed[root].text


def _print(node: Expr, done: dict[Expr, Printed], names: dict[Expr, str]) -> Printed:
    match node:
        case Number():
            return _number(node)
        case Constant(name) | Symbol(name):
            return Printed(name, ATOM)
        case Index():
            return Printed(names[node], ATOM)
        case Hole(text):
            return Printed(f"?{{{text}}}", ATOM)
        case Element(symbol, indices):
            return Printed(f"{symbol.name}[{_listed(indices, done)}]", ATOM)
        case Add():
            return _sum(node, done)
        case Multiply() | Power():
            return _product(Fraction(1), node, done)
        case Apply(function, arguments):
            return Printed(f"{function}({_listed(arguments, done)})", ATOM)
        case Call(function, arguments, orders):
            marks = "'" * orders[0] if len(orders) == 1 else _orders(orders)
            return Printed(f"{function}{marks}({_listed(arguments, done)})", ATOM)
        case Compare(relation, left, right):
            return Printed(f"{done[left].text} {relation} {done[right].text}", 0)
        case Logic(operation, operands):
            if operation == "not":
                return Printed(f"not ({done[operands[0]].text})", 0)
            if operation == "and":
                return _conjunction(operands, done)
            return Printed(f" {operation} ".join(f"({done[part].text})" for part in operands), 0)
        case Iverson(condition):
            return Printed(f"[{done[condition].text}]", ATOM)
        case _:
            return _structure(node, done, names)


def _structure(node: Expr, done: dict[Expr, Printed], names: dict[Expr, str]) -> Printed:
    match node:
        case Reduce(operation, indices, body, where):
            ranges = ", ".join(_range(index, done, names) for index in indices)
            test = "" if where is None else f" | {done[where].text}"
            return Printed(f"{operation}({ranges}{test}, {done[body].text})", ATOM)
        case TensorEntry(function, bound, body, at):
            whole = _tensor_in_order(bound, body)
            ranges = ", ".join(_range(index, done, names) for index in bound)
            inside = whole if whole else f"{ranges} -> {done[body].text}"
            return Printed(f"{function}({inside})" + (f"[{_listed(at, done)}]" if at else ""), ATOM)
        case Piecewise(conditions, values, otherwise):
            cases = zip(values, conditions, strict=True)
            branches = "; ".join(f"{done[value].text} if {done[test].text}" for value, test in cases)
            return Printed(f"cases({branches}; {done[otherwise].text} otherwise)", ATOM)
        case Operator():
            return _operator(node, done)
        case _:
            raise AssertionError(f"unknown node kind {type(node).__name__}")


def _conjunction(operands: tuple[Expr, ...], done: dict[Expr, Printed]) -> Printed:
    chains = ["".join(_link(part, place, done) for place, part in enumerate(chain)) for chain in chained(operands)]
    return Printed(chains[0] if len(chains) == 1 else " and ".join(f"({chain})" for chain in chains), 0)


def _link(part: Expr, place: int, done: dict[Expr, Printed]) -> str:
    return f" {part.relation} {done[part.right].text}" if place and isinstance(part, Compare) else done[part].text


def _number(node: Number) -> Printed:
    if node.ulp is not None:
        return Printed(decimal_text(node), ATOM if node.value >= 0 else SUM)
    strength = ATOM if node.value.denominator == 1 or is_long_decimal(node.value) else PRODUCT
    return Printed(rational_text(node.value), strength if node.value >= 0 else SUM)


def _listed(nodes: tuple[Expr, ...], done: dict[Expr, Printed]) -> str:
    return ", ".join(done[node].text for node in nodes)


def _orders(orders: tuple[int, ...]) -> str:
    return "^(" + ",".join(str(order) for order in orders) + ")" if any(orders) else ""


def _range(index: Index, done: dict[Expr, Printed], names: dict[Expr, str]) -> str:
    return f"{names[index]}={done[index.lower].text}..{done[index.upper].text}"


def _tensor_in_order(bound: tuple[Index, ...], body: Expr) -> str:
    """Return the symbol whose entries in order are the body, or the slice of it, else an empty string."""
    parts = slices_of(bound, body)
    if parts is None or not isinstance(body, Element):
        return ""
    name = body.symbol.name
    if all(part is None for part in parts):
        return name
    return f"{name}[{', '.join(':' if part is None else ':'.join(to_text(end) for end in part) for part in parts)}]"


def _in(printed: Printed, strength: int) -> str:
    return printed.text if printed.strength >= strength else f"({printed.text})"


def _sum(node: Add, done: dict[Expr, Printed]) -> Printed:
    pieces: list[str] = []
    for weight, term in arranged_terms(node, done):
        text = _product(abs(weight), term, done).text if term is not ONE else rational_text(abs(weight))
        if pieces:
            pieces.append(f" {'-' if weight < 0 else '+'} {text}")
        else:
            pieces.append(f"-{text}" if weight < 0 else text)
    strength = SUM if len(pieces) > 1 or node.weights[0] < 0 else PRODUCT
    return Printed("".join(pieces), strength)


def _product(weight: Fraction, node: Expr, done: dict[Expr, Printed]) -> Printed:
    above, below = split_quotient(factors_of(node))
    number, divisor = (rational_text(weight), 1) if is_long_decimal(weight) else (str(weight.numerator), weight.denominator)
    parts = [number] if number != "1" or not above else []
    parts += [_in(_power(factor, done), PRODUCT + 1) for factor in arranged_factors(above, done)]
    divisors = [str(divisor)] if divisor != 1 else []
    divisors += [_raised(done[base], exponent) for base, exponent in below]
    top = _side_by_side(parts)
    if not divisors:
        single = len(parts) == 1 and len(above) == 1
        return Printed(top, _power(above[0], done).strength if single else PRODUCT)
    bottom = divisors[0] if len(divisors) == 1 else "(" + _side_by_side(divisors) + ")"
    return Printed(f"{top}/{bottom}", PRODUCT)


def _side_by_side(parts: list[str]) -> str:
    """A digit behind another factor stands in parentheses: ``2 (3^x)``."""
    return " ".join([*parts[:1], *(f"({part})" if part[0].isdigit() else part for part in parts[1:])])


def _power(node: Expr, done: dict[Expr, Printed]) -> Printed:
    if not isinstance(node, Power) or negative_exponent(node) is not None:
        return done[node]
    exponent = node.exponent
    if isinstance(exponent, Number) and exponent.ulp is None and exponent.value == Fraction(1, 2):
        return Printed(f"sqrt({done[node.base].text})", ATOM)
    return Printed(f"{_in(done[node.base], ATOM)}^{_in(done[exponent], ATOM)}", POWER)


def _raised(base: Printed, exponent: Fraction) -> str:
    if exponent == 1:
        return _in(base, POWER)
    if exponent == Fraction(1, 2):
        return f"sqrt({base.text})"
    return f"{_in(base, ATOM)}^{exponent if exponent.denominator == 1 else f'({exponent})'}"


def _operator(node: Operator, done: dict[Expr, Printed]) -> Printed:
    inside = _listed(node.operands, done)
    match node.kind:
        case "derivative":
            variables = " ".join(f"d{done[variable].text}" for variable in node.bound)
            return Printed(f"d({inside})/{variables}", PRODUCT)
        case "integral":
            lower, upper = (done[part].text for part in node.parameters)
            return Printed(f"integral({done[node.bound[0]].text}={lower}..{upper}, {inside})", ATOM)
        case "argmin":
            return Printed(f"argmin({_listed(node.bound, done)}, {inside})", ATOM)
        case _:
            given = f" | {_listed(node.parameters, done)}" if node.parameters else ""
            sign = _OPERATORS.get(node.kind, node.kind)
            if node.kind == "probability" and node.bound:
                sign = done[node.bound[0]].text
            return Printed(f"{sign}[{inside}{given}]", ATOM)

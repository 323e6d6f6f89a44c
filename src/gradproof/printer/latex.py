"""Expressions as LaTeX in index notation: always possible."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from gradproof.expr.build import ONE
from gradproof.expr.catalogue import FUNCTIONS, TENSOR_FUNCTIONS
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
from gradproof.expr.walk import postorder, symbols
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

_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Phi",
        "Psi",
        "Omega",
        "ell",
    ]
)
_ACCENTS = {"hat": "\\hat", "tilde": "\\tilde", "bar": "\\bar", "vec": "\\vec", "dot": "\\dot", "ddot": "\\ddot"}
_MARKS = {"star": "*", "dagger": "\\dagger", "prime": "'", "plus": "+", "minus": "-"}
_RELATIONS = {"!=": "\\ne", "<=": "\\le", ">=": "\\ge"}
#: An extreme takes the whole sum behind it: as a term or a factor it needs parentheses.
_OPEN = 0
_REDUCTIONS = {"sum": "\\sum", "prod": "\\prod", "max": "\\max", "min": "\\min"}
_OPERATORS = {
    "expectation": "\\mathbb{E}",
    "variance": "\\operatorname{Var}",
    "covariance": "\\operatorname{Cov}",
    "probability": "P",
}


def to_latex(root: Expr, heads: Mapping[str, str] | None = None) -> str:
    """Return an expression as LaTeX; ``heads`` says how symbols of some names are written."""
    names = index_names(root)
    if heads:
        names.update({symbol: heads[symbol.name] for symbol in symbols(root) if symbol.name in heads})
    printed: dict[Expr, Printed] = {}
    for node in postorder(root):
        printed[node] = _print(node, printed, names)
    return printed[root].text


def name_latex(name: str) -> str:
    """Return a name of the algebra as LaTeX: ``y_hat`` gives ``\\hat{y}``, ``d_relu_2`` ``d_{\\mathrm{relu}, 2}``; ``∂L/∂h`` is a quotient."""
    if name.startswith("∂"):
        above, _, below = name.partition("/")
        return f"\\frac{{\\partial {name_latex(above[1:])}}}{{\\partial {name_latex(below[1:])}}}"
    head, *marks = name.split("_")
    text = f"\\{head}" if head in _GREEK else head if len(head) == 1 else f"\\mathrm{{{head}}}"
    scripts: dict[str, list[str]] = {}
    for mark in marks:
        if mark in _ACCENTS:
            text = f"{_ACCENTS[mark]}{{{text}}}"
        elif mark in _MARKS:
            scripts.setdefault("^", []).append(_MARKS[mark])
        elif mark:
            label = mark if mark.isdigit() or len(mark) == 1 else f"\\mathrm{{{mark}}}"
            scripts.setdefault("_", []).append(label)
    return text + "".join(_script(place, labels) for place, labels in scripts.items())


def _script(place: str, labels: list[str]) -> str:
    """Return the marks of a name above or below it: LaTeX refuses a second script at one place, so they share it."""
    if len(labels) > 1:
        shared = ", ".join(labels) if place == "_" else " ".join(labels)
        return f"{place}{{{shared}}}".replace("'", "\\prime")
    (label,) = labels
    if label == "'":
        return label
    return f"{place}{label}" if len(label) == 1 or label == "\\dagger" else f"{place}{{{label}}}"


def word_latex(word: str, command: str = "operatorname") -> str:
    """Return a word in upright letters, its underscores escaped: ``\\operatorname{one\\_hot}``."""
    escaped = word.replace("_", "\\_")
    return f"\\{command}{{{escaped}}}"


def _print(node: Expr, done: dict[Expr, Printed], names: dict[Expr, str]) -> Printed:
    match node:
        case Number():
            return _number(node)
        case Constant(name):
            return Printed({"pi": "\\pi", "infinity": "\\infty"}.get(name, name), ATOM)
        case Symbol(name):
            return Printed(names.get(node) or name_latex(name), ATOM)
        case Index():
            return Printed(name_latex(names[node]), ATOM)
        case Hole(text):
            return Printed(text, ATOM)
        case Element(symbol, indices):
            head = names.get(symbol) or name_latex(symbol.name)
            return Printed(f"{{{head}}}_{{{_subscripts(indices, done)}}}", ATOM)
        case Add():
            return _sum(node, done)
        case Multiply() | Power():
            return _product(Fraction(1), node, done)
        case Apply(function, arguments):
            return _apply(function, arguments, done)
        case Call(function, arguments, orders):
            marks = "'" * orders[0] if len(orders) == 1 else ""
            if len(orders) > 1 and any(orders):
                marks = "^{(" + ",".join(str(order) for order in orders) + ")}"
            return Printed(f"{name_latex(function)}{marks}({_listed(arguments, done)})", ATOM)
        case Compare(relation, left, right):
            return Printed(f"{done[left].text} {_RELATIONS.get(relation, relation)} {done[right].text}", 0)
        case Logic(operation, operands):
            if operation == "not":
                return Printed(f"\\neg ({done[operands[0]].text})", 0)
            if operation == "and":
                return _conjunction(operands, done)
            joint = " \\lor "
            return Printed(joint.join(done[part].text for part in operands), 0)
        case Iverson(condition):
            return Printed(f"\\mathbb{{1}}[{done[condition].text}]", ATOM)
        case _:
            return _structure(node, done, names)


def _structure(node: Expr, done: dict[Expr, Printed], names: dict[Expr, str]) -> Printed:
    match node:
        case Reduce(operation, indices, body, where):
            return _reduction(operation, indices, body, where, done, names)
        case TensorEntry():
            return _tensor(node, done)
        case Piecewise(conditions, values, otherwise):
            rows = [f"{done[v].text} & \\text{{if }} {done[c].text}" for v, c in zip(values, conditions, strict=True)]
            rows.append(f"{done[otherwise].text} & \\text{{otherwise}}")
            return Printed("\\begin{cases} " + " \\\\ ".join(rows) + " \\end{cases}", ATOM)
        case Operator():
            return _operator(node, done)
        case _:
            raise AssertionError(f"unknown node kind {type(node).__name__}")


def _conjunction(operands: tuple[Expr, ...], done: dict[Expr, Printed]) -> Printed:
    chains = ["".join(_link(part, place, done) for place, part in enumerate(chain)) for chain in chained(operands)]
    return Printed(", ".join(chains), 0)


def _link(part: Expr, place: int, done: dict[Expr, Printed]) -> str:
    if not place or not isinstance(part, Compare):
        return done[part].text
    return f" {_RELATIONS.get(part.relation, part.relation)} {done[part.right].text}"


def _number(node: Number) -> Printed:
    if node.ulp is not None:
        return Printed(decimal_text(node), ATOM if node.value >= 0 else SUM)
    value = node.value
    if is_long_decimal(value):
        return Printed(rational_text(value), ATOM if value >= 0 else SUM)
    text = str(value) if value.denominator == 1 else _fraction(str(abs(value.numerator)), str(value.denominator))
    if value < 0 and value.denominator != 1:
        text = "-" + text
    return Printed(text, ATOM if value >= 0 else SUM)


def _fraction(above: str, below: str) -> str:
    return f"\\frac{{{above}}}{{{below}}}"


def _listed(nodes: tuple[Expr, ...], done: dict[Expr, Printed]) -> str:
    return ", ".join(done[node].text for node in nodes)


def _subscripts(nodes: tuple[Expr, ...], done: dict[Expr, Printed]) -> str:
    texts = [done[node].text for node in nodes]
    return "".join(texts) if all(len(text) == 1 for text in texts) else ", ".join(texts)


def _in(printed: Printed, strength: int) -> str:
    return printed.text if printed.strength >= strength else f"\\left({printed.text}\\right)"


def _sum(node: Add, done: dict[Expr, Printed]) -> Printed:
    pieces: list[str] = []
    for weight, term in arranged_terms(node, done):
        text = _number(Number(abs(weight))).text if term is ONE else _in(_product(abs(weight), term, done), SUM)
        if pieces:
            pieces.append(f" {'-' if weight < 0 else '+'} {text}")
        else:
            pieces.append(f"-{text}" if weight < 0 else text)
    return Printed("".join(pieces), SUM if len(pieces) > 1 or node.weights[0] < 0 else PRODUCT)


def _product(weight: Fraction, node: Expr, done: dict[Expr, Printed]) -> Printed:
    above, below = split_quotient(factors_of(node))
    if is_long_decimal(weight):
        return Printed(f"{rational_text(weight)} {_in(_product(Fraction(1), node, done), PRODUCT)}", PRODUCT)
    if not below and weight == 1 and len(above) == 1:
        return _power(above[0], done)
    above = arranged_factors(above, done)
    if not below:
        lead = "" if weight == 1 else _number(Number(weight)).text
        parts = ([lead] if lead else []) + [_in(_power(factor, done), PRODUCT + 1) for factor in above]
        return Printed(" ".join(_separated(parts)), PRODUCT)
    parts = [str(weight.numerator)] if weight.numerator != 1 or not above else []
    alone = len(above) == 1 and not parts
    parts += [_power(factor, done).text if alone else _in(_power(factor, done), PRODUCT + 1) for factor in above]
    divisors = [str(weight.denominator)] if weight.denominator != 1 else []
    single = len(below) == 1 and not divisors
    for base, exponent in below:
        divisors.append(done[base].text if single and exponent == 1 else _raised(done[base], exponent))
    return Printed(_fraction(" ".join(_separated(parts)), " ".join(_separated(divisors))), PRODUCT)


def _separated(parts: list[str]) -> list[str]:
    """Put a dot between two numbers that would run together."""
    joined: list[str] = []
    for part in parts:
        joined.append(f"\\cdot {part}" if joined and part[:1].isdigit() else part)
    return joined


def _power(node: Expr, done: dict[Expr, Printed]) -> Printed:
    if not isinstance(node, Power) or negative_exponent(node) is not None:
        return done[node]
    exponent = node.exponent
    if isinstance(exponent, Number) and exponent.ulp is None and exponent.value == Fraction(1, 2):
        return Printed(f"\\sqrt{{{done[node.base].text}}}", ATOM)
    return Printed(f"{_in(done[node.base], ATOM)}^{{{done[exponent].text}}}", POWER)


def _raised(base: Printed, exponent: Fraction) -> str:
    if exponent == 1:
        return _in(base, POWER)
    if exponent == Fraction(1, 2):
        return f"\\sqrt{{{base.text}}}"
    return f"{_in(base, ATOM)}^{{{exponent}}}"


def _apply(function: str, arguments: tuple[Expr, ...], done: dict[Expr, Printed]) -> Printed:
    inside = _listed(arguments, done)
    if function == "abs":
        return Printed(f"\\left|{inside}\\right|", ATOM)
    if function in ("floor", "ceil"):
        return Printed(f"\\l{function} {inside} \\r{function}", ATOM)
    if function == "factorial":
        return Printed(f"{_in(done[arguments[0]], ATOM)}!", ATOM)
    if function == "binomial":
        return Printed(f"\\binom{{{done[arguments[0]].text}}}{{{done[arguments[1]].text}}}", ATOM)
    sign = FUNCTIONS[function].latex[0] if function in FUNCTIONS else word_latex(function)
    return Printed(f"{sign}\\left({inside}\\right)", ATOM)


def _reduction(
    operation: str,
    indices: tuple[Index, ...],
    body: Expr,
    where: Expr | None,
    done: dict[Expr, Printed],
    names: dict[Expr, str],
) -> Printed:
    inside, sign = _in(done[body], PRODUCT), _REDUCTIONS[operation]
    is_sum = operation in ("sum", "prod")
    spans = [f"{done[index.lower].text} \\le {names[index]} \\le {done[index.upper].text}" for index in indices]
    if where is not None:
        return Printed(f"{sign}_{{{', '.join(spans)} : {done[where].text}}} {inside}", PRODUCT if is_sum else _OPEN)
    if not is_sum:
        return Printed(f"{sign}_{{{', '.join(spans)}}} {inside}", _OPEN)
    text = inside
    for index in reversed(indices):
        text = f"{sign}_{{{names[index]}={done[index.lower].text}}}^{{{done[index.upper].text}}} {text}"
    return Printed(text, PRODUCT)


def _tensor(node: TensorEntry, done: dict[Expr, Printed]) -> Printed:
    sign = TENSOR_FUNCTIONS[node.function].latex[0] if node.function in TENSOR_FUNCTIONS else node.function
    body = node.body
    parts = slices_of(node.bound, body)
    is_whole = parts is not None and all(part is None for part in parts)
    inside = done[body].text if parts is None or not isinstance(body, Element) else _slices(body.symbol, parts)
    if node.function == "inverse":
        base = inside if is_whole else f"\\left({inside}\\right)"
        text = f"\\left({base}^{{-1}}\\right)"
    else:
        text = f"{sign}\\left({inside}\\right)"
    return Printed(text + (f"_{{{_subscripts(node.at, done)}}}" if node.at else ""), ATOM)


def _slices(symbol: Symbol, parts: tuple[tuple[Expr, ...] | None, ...]) -> str:
    """Return a tensor, or the block of it that ranges on its axes take: ``x_{4:6}``."""
    name = name_latex(symbol.name)
    if all(part is None for part in parts):
        return name
    ranges = ", ".join(":" if part is None else ":".join(to_latex(end) for end in part) for part in parts)
    return f"{{{name}}}_{{{ranges}}}"


def _operator(node: Operator, done: dict[Expr, Printed]) -> Printed:
    inside = _listed(node.operands, done)
    match node.kind:
        case "derivative":
            order = f"^{len(node.bound)}" if len(node.bound) > 1 else ""
            variables = " ".join(f"\\partial {done[variable].text}" for variable in node.bound)
            operand = done[node.operands[0]]
            if operand.strength < ATOM:
                return Printed(f"\\frac{{\\partial{order}}}{{{variables}}} \\left({inside}\\right)", PRODUCT)
            return Printed(_fraction(f"\\partial{order} {inside}", variables), PRODUCT)
        case "integral":
            lower, upper = (done[part].text for part in node.parameters)
            return Printed(f"\\int_{{{lower}}}^{{{upper}}} {inside} \\, d{done[node.bound[0]].text}", PRODUCT)
        case "argmin":
            return Printed(f"\\operatorname*{{argmin}}_{{{_listed(node.bound, done)}}} \\left({inside}\\right)", PRODUCT)
        case _:
            given = f" \\mid {_listed(node.parameters, done)}" if node.parameters else ""
            sign = _OPERATORS.get(node.kind, f"\\operatorname{{{node.kind}}}")
            if node.kind == "probability" and node.bound:
                sign = done[node.bound[0]].text
            return Printed(f"{sign}\\left[{inside}{given}\\right]", ATOM)

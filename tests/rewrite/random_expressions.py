"""Random expressions over all that the canonical form takes apart, and random rewritings of them, right and wrong ones."""

from __future__ import annotations

import random
from fractions import Fraction

from gradproof.expr import build
from gradproof.expr.node import Axis, Compare, Element, Expr, Iverson, Piecewise, Symbol, TensorEntry, fresh_index
from gradproof.expr.walk import children, postorder, substitute

N = Symbol("n", (), frozenset({"integer", "size"}))
SCALARS = [Symbol("x"), Symbol("y"), Symbol("q", (), frozenset({"positive"})), Symbol("m", (), frozenset({"integer"}))]
VECTORS = [Symbol("u", (Axis(N),)), Symbol("v", (Axis(N),)), Symbol("p", (Axis(N),), frozenset({"positive"}))]
MATRICES = [Symbol("A", (Axis(N), Axis(N))), Symbol("S", (Axis(N), Axis(N)), frozenset({"symmetric"}))]
UNARY = [
    "exp",
    "log",
    "sigma",
    "tanh",
    "abs",
    "sign",
    "relu",
    "sin",
    "cos",
    "cosh",
    "softplus",
    "silu",
    "floor",
    "ceil",
    "softsign",
]

KINDS = [
    "add",
    "add",
    "multiply",
    "multiply",
    "power",
    "root",
    "function",
    "sum",
    "sum2",
    "bracket",
    "extremum",
    "divide",
    "tensor",
    "cases",
    "product",
    "symbolic",
]


class Source:
    """Draws expressions from a seeded generator."""

    def __init__(self, seed: object) -> None:
        self.random = random.Random(str(seed))
        self.scope: list[Expr] = []

    def expression(self, depth: int) -> Expr:
        """Return an expression of at most this depth."""
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf()
        kind = self.random.choice(KINDS)
        return getattr(self, kind)(depth - 1)

    def leaf(self) -> Expr:
        roll = self.random.random()
        if roll < 0.2:
            return build.number(Fraction(self.random.randint(-3, 4), self.random.choice([1, 1, 2, 3])))
        if self.scope and roll < 0.75:
            index = self.random.choice(self.scope)
            if roll < 0.3:
                return index
            if roll < 0.6:
                return Element(self.random.choice(VECTORS), (index,))
            return Element(self.random.choice(MATRICES), (index, self.random.choice(self.scope)))
        return self.random.choice(SCALARS)

    def add(self, depth: int) -> Expr:
        return build.add(self.expression(depth), build.scale(self.random.choice([1, -1, 2]), self.expression(depth)))

    def multiply(self, depth: int) -> Expr:
        return build.multiply(self.expression(depth), self.expression(depth))

    def divide(self, depth: int) -> Expr:
        return build.divide(self.expression(depth), self.expression(depth))

    def power(self, depth: int) -> Expr:
        return build.power(self.expression(depth), build.number(self.random.choice([2, 2, 3, -1, -2])))

    def root(self, depth: int) -> Expr:
        return build.power(self.expression(depth), build.number(Fraction(self.random.choice([1, 1, -1, 3]), 2)))

    def symbolic(self, depth: int) -> Expr:
        return build.power(
            self.expression(depth), self.random.choice([*SCALARS, build.add(*SCALARS[:2]), build.scale(2, SCALARS[0]), N])
        )

    def function(self, depth: int) -> Expr:
        return build.apply(self.random.choice(UNARY), self.expression(depth))

    def extremum(self, depth: int) -> Expr:
        return build.apply(self.random.choice(["maximum", "minimum"]), self.expression(depth), self.expression(depth))

    def bound(self) -> Expr:
        ranges = [(build.ONE, N)] * 4 + [(build.ONE, build.number(3)), (build.number(2), N)]
        if self.scope:
            ranges.append((build.ONE, self.scope[-1]))
        lower, upper = self.random.choice(ranges)
        return fresh_index("i", lower, upper)

    def inside(self, index: Expr, depth: int) -> Expr:
        self.scope.append(index)
        body = self.expression(depth)
        self.scope.pop()
        return body

    def sum(self, depth: int) -> Expr:
        index = self.bound()
        return build.sum_over([index], self.inside(index, depth))

    def sum2(self, depth: int) -> Expr:
        index, other = fresh_index("i", build.ONE, N), fresh_index("j", build.ONE, N)
        self.scope.append(index)
        body = self.inside(other, depth)
        self.scope.pop()
        return build.sum_over([index, other], body)

    def product(self, depth: int) -> Expr:
        index = fresh_index("i", build.ONE, N)
        return build.reduce(self.random.choice(["prod", "max", "min"]), [index], self.inside(index, depth))

    def tensor(self, depth: int) -> Expr:
        index = fresh_index("i", build.ONE, N)
        body = self.inside(index, depth)
        name = self.random.choice(["softmax", "logsumexp", "norm2", "norm1"])
        place = self.random.choice(self.scope) if self.scope else build.ONE
        return TensorEntry(name, (index,), body, (place,) if name == "softmax" else ())

    def test(self, depth: int) -> Expr:
        relation = self.random.choice(["=", "!=", "<", "<=", ">", ">="])
        if len(self.scope) >= 2 and self.random.random() < 0.6:
            left, right = self.random.sample(self.scope, 2)
            return Compare(relation, left, build.add(right, build.number(self.random.choice([0, 0, 1, -1]))))
        return Compare(relation, self.expression(depth), self.expression(depth - 1))

    def bracket(self, depth: int) -> Expr:
        return build.multiply(Iverson(self.test(depth)), self.expression(depth))

    def cases(self, depth: int) -> Expr:
        return Piecewise((self.test(depth - 1),), (self.expression(depth),), self.expression(depth - 1))

    def rewritten(self, root: Expr) -> Expr:
        """Replace one part by something that looks alike and may or may not be equal."""
        parts = [node for node in postorder(root) if not isinstance(node, Compare)]
        node = self.random.choice(parts)
        other = self.alike(node)
        return root if other is None else substitute(root, {node: other})

    def alike(self, node: Expr) -> Expr | None:
        two, half = build.TWO, build.HALF
        table = [
            lambda t: build.power(build.power(t, two), half),
            lambda t: build.power(build.power(t, half), two),
            lambda t: build.apply("exp", build.apply("log", t)),
            lambda t: build.apply("log", build.apply("exp", t)),
            lambda t: build.apply("abs", t),
            lambda t: build.negate(t),
            lambda t: build.multiply(build.apply("sign", t), build.apply("abs", t)),
            lambda t: build.divide(build.multiply(t, t), t),
            lambda t: build.scale(Fraction(1, 2), build.apply("log", build.power(t, two))),
            lambda t: build.add(t, build.ONE),
            lambda t: build.multiply(build.apply("maximum", t, build.ZERO), t),
            lambda t: build.add(build.apply("maximum", t, build.ZERO), build.apply("minimum", t, build.ZERO)),
            lambda t: build.subtract(build.apply("softplus", t), build.apply("softplus", build.negate(t))),
            lambda t: build.multiply(Iverson(Compare("!=", t, build.ZERO)), t),
            lambda t: build.power(t, build.power(t, build.ZERO)),
            lambda t: children(t)[-1] if children(t) else t,
            lambda t: build.apply("tanh", build.apply("arctanh", t)),
            lambda t: build.power(build.power(t, SCALARS[0]), build.power(SCALARS[0], build.MINUS_ONE)),
        ]
        result = self.random.choice(table)(node)
        return result if result.free_indices <= node.free_indices else None

"""Programs of formulas whose names were chosen to break out of them, and what generated code may hold.

Run as a script it tries many more: ``python tests/codegen/hostile.py 5000 --seed 7``.
"""

import argparse
import ast
import builtins
import keyword
import random
import re
from pathlib import Path

import numpy as np

import gradproof.codegen
from gradproof.codegen.module import TARGETS
from gradproof.derivation.derivation import derive
from gradproof.expr.node import Axis, Element, Number, Symbol
from gradproof.expr.walk import transform
from gradproof.formula.formula import Formula
from gradproof.formula.parse import parse
from gradproof.program.compilation import compile as compiled

IMPORTS = {
    "numpy": {"numpy"},
    "numba": {"math", "numpy", "numba"},
    "jax": {"jax", "jax.numpy", "numpy"},
    "torch": {"torch"},
}
BUILTINS = {
    "ValueError", "abs", "all", "any", "dict", "enumerate", "float", "globals", "int", "isinstance", "len", "list", "max", "min",
    "next", "range", "reversed", "slice", "sorted", "staticmethod", "str", "sum", "tuple", "zip",
}  # fmt: skip
#: What the house's own templates read of objects: an attribute that none of them spells comes from somewhere else.
_ROOM = Path(gradproof.codegen.__file__).parent
ATTRIBUTES = {name for file in _ROOM.glob("*.py") for name in re.findall(r"\.([A-Za-z_]\w*)", file.read_text(encoding="utf-8"))}
ATTRIBUTES |= {
    f"{name}{rank}d{end}" for name in ("conv", "max_pool", "avg_pool") for rank in (1, 2, 3) for end in ("", "_input", "_weight")
}

FORMULAS = [
    ("norm2(A*x - b)^2", ["A: m,n"]),
    ("sum(log(1 + exp(-y.*(A*x)))) + c/2*norm2(x)^2", ["A: m,n", "c: scalar"]),
    ("-b'*log(softmax(A*x + c))", ["A: m,n"]),
    ("(x^2 + sigma(y))/(3*x + y)", ["x:", "y:"]),
    ("sum(conv2d(X, K, padding=1).^2)", ["X: h,w", "K: 3,3"]),
    ("sum(max_pool2d(X, 2).^2)", ["X: 4,6"]),
    ("sum(gelu(A*x))", ["A: m,n"]),
    ("sum_i w[y[i]]*x[i]", []),
    ("sum_i w[y[i] + z[i]]*x[i]", ["w: 9"]),
]
NAMES = [
    *keyword.kwlist, *keyword.softkwlist, *(name for name in dir(builtins) if not name.startswith("_")),
    "np", "jnp", "jax", "torch", "math", "njit", "prange", "numba", "numpy", "value", "derivative", "outputs", "formula", "Formula",
    "flows", "flow", "flow_", "ctx", "inputs", "output", "saved", "found", "self", "shape", "columns", "parts", "result", "result_1",
    "dtype", "device", "floating", "placed", "product", "to_maxima", "padded", "convolved",
    "sigma", "softmax", "logsumexp", "erf", "softplus", "gelu",
    "gradient_x", "hessian_x", "_value", "_outputs", "_formula", "_forwards", "_backwards", "CACHE", "FAST", "Structured",
    "t1", "t2", "t3", "t10", "x_", "v1", "i", "j", "k", "n_", "batch",
    "__class__", "__import__", "__builtins__", "__name__", "_", "__", "α", "ñ", "ﬁ", "𝐱",
    "K", "\u212a", "ſ", "ª", "Ⅷ", "x̂", "变量", "مقدار", "٣", "𝟙", "‿", "℘", "a·b", "\u200dx", "\ufeffx",
    "check_range", "nearest", "numbers", "first", "last", "kind", "source", "__file__", "__debug__", "raise", "told", "place", "at",
    "x'", "x''", "x y", "x.y", "1x", "",
    'x"""', "x'''", "x\\", "x\n", "x\nimport os", "x); __import__('os').system('true'", "{x}", "{0}", "%s", "x=1", "x:int", "#", "x#",
    "\u202e", "x\u0000", "a" * 300,
]  # fmt: skip


#: The variables whose entries are numbers of entries of ``w``.
NUMBERED = {"y", "z"}


def renamed(formula, names):
    """Return a formula whose variables and sizes have other names, whatever these are."""
    heads: dict[Symbol, Symbol] = {}

    def size(node):
        return heads.setdefault(node, Symbol(names[node.name], (), node.properties)) if isinstance(node, Symbol) else node

    def head(symbol):
        axes = tuple(Axis(transform(axis.size, size), axis.origin, axis.name) for axis in symbol.axes)
        return Symbol(names[symbol.name], axes, symbol.properties)

    def step(node):
        match node:
            case Element(symbol, places):
                return Element(head(symbol), places)
            case Symbol():
                return head(node)
        return node

    axes = tuple(transform(axis, step) for axis in formula.axes)
    return Formula(" ".join(names.values()), transform(formula.value, step), axes, tuple(head(s) for s in formula.symbols))


def faults(source, target):
    """Return what a module holds that it may not hold."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    imports = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= {
        (alias.asname or alias.name).split(".")[0] for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names
    }
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return [
        *sorted(imports - IMPORTS[target]),
        *sorted(read - bound - BUILTINS),
        *sorted(attributes - ATTRIBUTES),
        *sorted(name for name in read | attributes if name.startswith("__")),
        *sorted(text for text in texts if "\\" in text),
        *(type(node).__name__ for node in nodes if isinstance(node, ast.Global | ast.Nonlocal | ast.Delete | ast.Await)),
    ]


def attempt(source):
    """Make a formula with hostile names; return what is wrong with its programs, by target, and the names."""
    text, assume = source.choice(FORMULAS)
    plain = parse(text, assume)
    known = sorted(
        {s.name for s in plain.symbols} | {a.size.name for s in plain.symbols for a in s.axes if isinstance(a.size, Symbol)}
    )
    names = dict(zip(known, source.sample(NAMES, len(known)), strict=True))
    hostile = renamed(plain, names)
    source_of_values = np.random.default_rng(source.randrange(1000))
    values = given(plain, source_of_values)
    wanted = source.choice([name for name, value in values.items() if not ("w" in values and name in NUMBERED)])
    found = {}
    for target in TARGETS:
        program = compiled(derive(hostile, names[wanted]), ["value", "derivative"], target)
        found[target] = faults(program.source, target)
        if target == "numpy":
            got = program(**{names[name]: value for name, value in values.items()})
            want = compiled(derive(plain, wanted), ["value", "derivative"], target)(**values)
            found[target] += [output for output in want if not np.allclose(got[output], want[output])]
    return text, names, found


def given(formula, source):
    """Return values for the variables of a formula: every open size is 4."""
    shapes = {symbol.name: [a.size.value if isinstance(a.size, Number) else 4 for a in symbol.axes] for symbol in formula.symbols}
    numbered = NUMBERED & set(shapes) if "w" in shapes else set()
    return {
        name: source.integers(1, 5, size=[int(n) for n in shape]).astype(float)
        if name in numbered
        else source.normal(size=[int(n) for n in shape])
        if shape
        else float(source.normal())
        for name, shape in shapes.items()
    }


def main():
    """Try a number of formulas and print what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    source = random.Random(asked.seed)
    bad = 0
    for _ in range(asked.count):
        text, names, found = attempt(source)
        for target, wrong in found.items():
            if wrong:
                bad += 1
                print(target, text, names, wrong)
    print(f"{asked.count} formulas, {bad} faults")


if __name__ == "__main__":
    main()

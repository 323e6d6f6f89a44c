"""Cases for generated modules, and how a module is compared with the evaluator."""

import inspect

import numpy as np

from gradproof.derivation.derivation import derive
from gradproof.evaluate.evaluator import evaluate
from gradproof.evaluate.fields import Floats
from gradproof.evaluate.instances import instance
from gradproof.evaluate.tables import spread
from gradproof.expr.walk import symbols
from referee import as_floats

CASES = [
    ("norm2(A*x - b)^2", "x", ["A: m,n"]),
    ("-y'*log(softmax(W*x + b))", "W", ["W: k,d", "y: k simplex"]),
    ("tr(A*X*B)", "X", []),
    ("logdet(X)", "X", ["X: n,n"]),
    ("a'*inv(X)*b", "X", ["a: n", "b: n"]),
    ("sum(log(1 + exp(-y.*(X*w))))", "w", ["X: n,d"]),
    ("conv2d(X, K)", "X", ["X: 5,6", "K: 2,3"]),
    ("conv2d(X, K, stride=2, padding=1)", "K", ["X: 2,3,6,6", "K: 4,3,3,3"]),
    ("max_pool2d(X, 3, stride=2, padding=1)", "X", ["X: 5,6"]),
    ("avg_pool2d(X, 2)", "X", ["X: 4,6"]),
    ("adaptive_avg_pool2d(X, [2, 3])", "X", ["X: 5,7"]),
    ("adaptive_max_pool2d(X, [2, 3])", "X", ["X: 5,7"]),
    ("tsne_kl(Y, P)", "Y", ["Y: n,2"]),
    ("sum(gelu(X*w))", "w", ["X: n,d"]),
    ("sum_k x[o+k]*h[k]", "h", []),
    ("cross_entropy(X*W, Y)", "W", ["X: n,d", "W: d,k", "Y: n,k"]),
    ("(x^2 + sigma(y))/(3*x + y - sigma(x))", "y", ["x:", "y:"]),
    ("prod_i x[i]", "x", ["x: n"]),
    ("max(x)", "x", ["x: n"]),
    ("relu(W*x + b)'*v", "W", ["W: k,d", "v: k", "b: k"]),
]


def check(case, order, target, instances=2, call=lambda function: function):
    """Compare ``value`` and ``derivative`` of a generated module with the evaluator at some instances."""
    text, wrt, assume = case
    derivation = derive(text, wrt, order, assume=assume)
    namespace = {}
    exec(compile(derivation.to_code(target), "generated", "exec"), namespace)
    wanted = symbols(derivation.value) | symbols(derivation.formula.value) | set(derivation.formula.symbols)
    found = []
    for number in range(instances):
        bindings = instance(wanted, seed=3, number=number, positive=True)
        values = {symbol.name: as_floats(bindings.value(symbol)) for symbol in derivation.formula.symbols}
        for name, body, axes in (
            ("value", derivation.formula.value, derivation.formula.axes),
            ("derivative", derivation.value, derivation.axes),
        ):
            function = namespace[name]
            given = {key: value for key, value in values.items() if key in inspect.signature(function).parameters}
            got = np.asarray(call(function)(**given))
            table = evaluate(body, bindings, Floats())
            want = np.asarray(spread(table, axes), dtype=float) if axes else float(table.entries[()])
            np.testing.assert_allclose(got, np.broadcast_to(want, np.shape(got)), rtol=1e-9, atol=1e-9)
            found.append((got, axes))
    return found

"""How the functions of the catalogue are written in NumPy: an expression in the argument, or a helper that the module carries."""

from __future__ import annotations

#: Templates in the arguments {0}, {1}; what is missing here and below has no NumPy code.
TEMPLATES = {
    "exp": "np.exp({0})",
    "log": "np.log({0})",
    "log2": "np.log2({0})",
    "log10": "np.log10({0})",
    "log1p": "np.log1p({0})",
    "expm1": "np.expm1({0})",
    "abs": "np.abs({0})",
    "sign": "np.sign({0})",
    "step": "np.where({0} >= 0, 1.0, 0.0)",
    "floor": "np.floor({0})",
    "ceil": "np.ceil({0})",
    "modulo": "np.mod({0}, {1})",
    "sin": "np.sin({0})",
    "cos": "np.cos({0})",
    "tan": "np.tan({0})",
    "cot": "1 / np.tan({0})",
    "sec": "1 / np.cos({0})",
    "csc": "1 / np.sin({0})",
    "arcsin": "np.arcsin({0})",
    "arccos": "np.arccos({0})",
    "arctan": "np.arctan({0})",
    "arctan2": "np.arctan2({0}, {1})",
    "sinh": "np.sinh({0})",
    "cosh": "np.cosh({0})",
    "tanh": "np.tanh({0})",
    "coth": "1 / np.tanh({0})",
    "sech": "1 / np.cosh({0})",
    "csch": "1 / np.sinh({0})",
    "arcsinh": "np.arcsinh({0})",
    "arccosh": "np.arccosh({0})",
    "arctanh": "np.arctanh({0})",
    "logit": "np.log({0}) - np.log1p(-({0}))",
    "softplus": "np.logaddexp(0.0, {0})",
    "log_sigmoid": "-np.logaddexp(0.0, -({0}))",
    "relu": "np.maximum({0}, 0.0)",
    "relu6": "np.clip({0}, 0.0, 6.0)",
    "hardtanh": "np.clip({0}, -1.0, 1.0)",
    "leaky_relu": "np.where({0} >= 0, {0}, {1} * ({0}))",
    "silu": "({0}) * sigma({0})",
    "gelu": "({0}) * (1 + erf(({0}) / np.sqrt(2.0))) / 2",
    "elu": "np.where({0} > 0, {0}, np.expm1(np.minimum({0}, 0.0)))",
    "selu": "1.0507009873554805 * np.where({0} > 0, {0}, 1.6732632423543772 * np.expm1(np.minimum({0}, 0.0)))",
    "softsign": "({0}) / (1 + np.abs({0}))",
    "mish": "({0}) * np.tanh(np.logaddexp(0.0, {0}))",
    "huber": "np.where(np.abs({0}) <= {1}, ({0}) ** 2 / 2, {1} * (np.abs({0}) - ({1}) / 2))",
    "soft_threshold": "np.sign({0}) * np.maximum(np.abs({0}) - {1}, 0.0)",
    "sigma": "sigma({0})",
    "erf": "erf({0})",
    "erfc": "1 - erf({0})",
}

#: Functions of the last axes of an array.
TENSOR_TEMPLATES = {
    "softmax": "softmax({0})",
    "log_softmax": "{0} - logsumexp({0})[..., np.newaxis]",
    "logsumexp": "logsumexp({0})",
    "norm1": "np.abs({0}).sum(axis=-1)",
    "norm2": "np.sqrt(np.square({0}).sum(axis=-1))",
    "norminf": "np.abs({0}).max(axis=-1)",
    "normF": "np.sqrt(np.square({0}).sum(axis=(-2, -1)))",
    "inverse": "np.linalg.inv({0})",
    "det": "np.linalg.det({0})",
    "logdet": "np.linalg.slogdet({0})[1]",
    "spectral_norm": "np.linalg.norm({0}, 2, axis=(-2, -1))",
    "nuclear_norm": "np.linalg.norm({0}, 'nuc', axis=(-2, -1))",
    "argmax": "np.argmax({0}, axis=-1) + 1",
    "argmin": "np.argmin({0}, axis=-1) + 1",
}

#: Helpers that a module carries where its code calls them, in the order in which they may stand.
HELPERS = {
    "sigma": '''def sigma(x):
    """The logistic function, without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, small) / (1.0 + small)
''',
    "logsumexp": '''def logsumexp(x):
    """log(sum(exp(x))) along the last axis, without overflow."""
    top = np.max(x, axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.log(np.sum(np.exp(x - top), axis=-1)) + top[..., 0]
''',
    "softmax": '''def softmax(x):
    """exp(x) / sum(exp(x)) along the last axis, without overflow."""
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)
''',
    "erf": '''def erf(x):
    """The error function: its power series near zero, a continued fraction beyond."""
    x = np.asarray(x, dtype=float)
    near = np.clip(x, -2.5, 2.5)
    term, series = near, near
    for n in range(1, 80):
        term = -term * near * near / n
        series = series + term / (2 * n + 1)
    far = np.maximum(np.abs(x), 2.5)
    tail = far
    for n in range(60, 0, -1):
        tail = far + n / 2 / tail
    beyond = np.sign(x) * (1 - np.exp(-far * far) / np.sqrt(np.pi) / tail)
    return np.where(np.abs(x) <= 2.5, 2 / np.sqrt(np.pi) * series, beyond)
''',
}

"""How the functions of the catalogue are written for one number at a time, in loops that Numba compiles."""

from __future__ import annotations

#: Templates in the arguments {0}, {1}; what is missing here has no loop code.
TEMPLATES = {
    "exp": "math.exp({0})",
    "log": "math.log({0})",
    "log2": "math.log2({0})",
    "log10": "math.log10({0})",
    "log1p": "math.log1p({0})",
    "expm1": "math.expm1({0})",
    "abs": "abs({0})",
    "sign": "np.sign({0})",
    "step": "(1.0 if {0} >= 0 else 0.0)",
    "floor": "math.floor({0})",
    "ceil": "math.ceil({0})",
    "modulo": "({0}) % ({1})",
    "sin": "math.sin({0})",
    "cos": "math.cos({0})",
    "tan": "math.tan({0})",
    "cot": "(1.0 / math.tan({0}))",
    "sec": "(1.0 / math.cos({0}))",
    "csc": "(1.0 / math.sin({0}))",
    "arcsin": "math.asin({0})",
    "arccos": "math.acos({0})",
    "arctan": "math.atan({0})",
    "arctan2": "math.atan2({0}, {1})",
    "sinh": "math.sinh({0})",
    "cosh": "math.cosh({0})",
    "tanh": "math.tanh({0})",
    "coth": "(1.0 / math.tanh({0}))",
    "sech": "(1.0 / math.cosh({0}))",
    "csch": "(1.0 / math.sinh({0}))",
    "arcsinh": "math.asinh({0})",
    "arccosh": "math.acosh({0})",
    "arctanh": "math.atanh({0})",
    "erf": "math.erf({0})",
    "erfc": "math.erfc({0})",
    "maximum": "max({0}, {1})",
    "minimum": "min({0}, {1})",
    "relu": "max({0}, 0.0)",
    "relu6": "min(max({0}, 0.0), 6.0)",
    "hardtanh": "min(max({0}, -1.0), 1.0)",
    "sigma": "sigma({0})",
    "softplus": "softplus({0})",
    "log_sigmoid": "(-softplus(-({0})))",
    "silu": "(({0}) * sigma({0}))",
    "gelu": "gelu({0})",
    "elu": "elu({0})",
    "leaky_relu": "leaky_relu({0}, {1})",
    "softsign": "(({0}) / (1.0 + abs({0})))",
    "mish": "(({0}) * math.tanh(softplus({0})))",
    "logit": "(math.log({0}) - math.log1p(-({0})))",
    "soft_threshold": "(np.sign({0}) * max(abs({0}) - {1}, 0.0))",
}

#: Helpers that a module carries where its code calls them.
HELPERS = {
    "sigma": '''@njit(cache=CACHE)
def sigma(x):
    """The logistic function, without overflow."""
    small = math.exp(-abs(x))
    return (1.0 if x >= 0 else small) / (1.0 + small)
''',
    "softplus": '''@njit(cache=CACHE)
def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
''',
    "gelu": '''@njit(cache=CACHE)
def gelu(x):
    """The Gaussian error linear unit."""
    return x * (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0
''',
    "elu": '''@njit(cache=CACHE)
def elu(x):
    """The exponential linear unit."""
    return x if x > 0 else math.expm1(x)
''',
    "leaky_relu": '''@njit(cache=CACHE)
def leaky_relu(x, slope):
    """The rectifier that leaks."""
    return x if x >= 0 else slope * x
''',
}

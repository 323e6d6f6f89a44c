"""How the functions of the catalogue are written for one number at a time, in loops that Numba compiles."""

from __future__ import annotations

#: Templates in the arguments {0}, {1}; what is missing here has no loop code.
TEMPLATES = {
    "exp": "real(exp({0}))",
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
    "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})",
    "relu": "larger({0}, 0.0)",
    "relu6": "smaller(larger({0}, 0.0), 6.0)",
    "hardtanh": "smaller(larger({0}, -1.0), 1.0)",
    "sigma": "real(sigma({0}))",
    "softplus": "softplus({0})",
    "log_sigmoid": "(-softplus(-({0})))",
    "silu": "(({0}) * real(sigma({0})))",
    "gelu": "gelu({0})",
    "elu": "elu({0})",
    "selu": "selu({0})",
    "leaky_relu": "leaky_relu({0}, {1})",
    "huber": "huber({0}, {1})",
    "softsign": "(({0}) / (1.0 + abs({0})))",
    "mish": "(({0}) * math.tanh(softplus({0})))",
    "logit": "(math.log({0}) - math.log1p(-({0})))",
    "soft_threshold": "(np.sign({0}) * larger(abs({0}) - {1}, 0.0))",
}

#: Helpers that a module carries where its code calls them.
HELPERS = {
    "contiguous": '''def contiguous(x, dtype):
    """An array of one type, row by row or column by column."""
    x = np.asarray(x, dtype=dtype)
    return x if x.flags.forc else np.ascontiguousarray(x)
''',
    "nearest": '''@njit(cache=CACHE, error_model="numpy")
def nearest(place, length):
    """A number as a subscript of an axis, counted from 0: one beside the axis, or NaN, gives the nearest subscript that there is."""
    return int(min(length - 1, max(0, place)))
''',
    "exp": '''@njit(cache=CACHE, error_model="numpy")
def exp(x):
    """The exponential function, to a few units of the last digit: 2^k e^r with a series for e^r, in a form that runs on vectors."""
    inside = min(709.8, max(-746.0, x))
    k = np.floor(inside * 1.4426950408889634 + 0.5)
    r = inside - k * 0.6931471803691238 - k * 1.9082149292705877e-10
    tail = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600 + r / 6227020800))))
    series = 0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * tail)))))
    power = 1.0 + (r + r * r * series)
    exponent = max(np.int64(k), -1021)
    scaled = np.int64(np.float64(power).view(np.int64) + (exponent << 52)).view(np.float64)
    small = np.int64((1023 + np.int64(k) - exponent) << 52).view(np.float64)
    value = math.inf if x > 709.782712893384 else scaled * small
    return value if x == x else x
''',
    "larger": '''@njit(cache=CACHE, error_model="numpy")
def larger(x, y):
    """The larger of two numbers; NaN passes on."""
    return x if x >= y or x != x else y
''',
    "smaller": '''@njit(cache=CACHE, error_model="numpy")
def smaller(x, y):
    """The smaller of two numbers; NaN passes on."""
    return x if x <= y or x != x else y
''',
    "sigma": '''@njit(cache=CACHE, error_model="numpy")
def sigma(x):
    """The logistic function, without overflow."""
    small = exp(-abs(x))
    return (1.0 if x >= 0 else small) / (1.0 + small)
''',
    "softplus": '''@njit(cache=CACHE, error_model="numpy")
def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
''',
    "gelu": '''@njit(cache=CACHE, error_model="numpy")
def gelu(x):
    """The Gaussian error linear unit."""
    return x * (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0
''',
    "elu": '''@njit(cache=CACHE, error_model="numpy")
def elu(x):
    """The exponential linear unit."""
    return x if x > 0 else math.expm1(x)
''',
    "selu": '''@njit(cache=CACHE, error_model="numpy")
def selu(x):
    """The scaled exponential linear unit."""
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x))
''',
    "huber": '''@njit(cache=CACHE, error_model="numpy")
def huber(x, width):
    """Huber's function: half the square up to a width, linear beyond."""
    return x * x / 2.0 if abs(x) <= width else width * (abs(x) - width / 2.0)
''',
    "leaky_relu": '''@njit(cache=CACHE, error_model="numpy")
def leaky_relu(x, slope):
    """The rectifier that leaks."""
    return x if x >= 0 else slope * x
''',
}

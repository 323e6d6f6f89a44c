"""The array libraries that code is written for: how each spells what the writer needs.

A template has {0}, {1} for its arguments; what is missing here has no code in that library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gradproof.codegen.array import Array
from gradproof.codegen.jax_windows import HELPERS as WINDOWS_OF_JAX
from gradproof.codegen.jax_windows import jax_windows
from gradproof.codegen.numpy_spans import HELPERS as HELPERS_OF_SPANS
from gradproof.codegen.numpy_spans import numpy_spans
from gradproof.codegen.numpy_windows import HELPERS as HELPERS_OF_WINDOWS
from gradproof.codegen.numpy_windows import numpy_windows
from gradproof.codegen.range_helpers import HELPERS as RANGE_HELPERS
from gradproof.codegen.spans import Spans
from gradproof.codegen.structured import CLASSES
from gradproof.codegen.torch_reuse import reusing
from gradproof.codegen.torch_windows import HELPERS as WINDOWS_OF_TORCH
from gradproof.codegen.torch_windows import torch_windows
from gradproof.codegen.window_layout import Tools
from gradproof.codegen.windows import Windows


@dataclass(frozen=True)
class Dialect:
    """One array library. ``static`` computes what hangs on sizes alone, where a tracer would otherwise stand in the way."""

    name: str
    alias: str
    imports: str
    elementwise: Mapping[str, str]
    of_axes: Mapping[str, str]
    helpers: Mapping[str, str]
    einsum: str
    tensordot: str
    permute: str
    newaxis: str
    whole: str
    take: str
    #: The same of a number that data say: NaN has a nearest place too.
    take_of_data: str
    reduced: Mapping[str, tuple[str, str]]
    dense: str
    whole_array: str
    scalar: str
    argument: str
    negation: str
    scalar_argument: str = ""
    #: Whether ``Z.T @ Z`` is half the work of another product.
    has_half_products: bool = False
    #: The line that says of which type the arrays are, and whether a diagonal is written in place.
    type_of_arrays: str = ""
    has_views: bool = False
    #: The numbers from one to another, an array of ones, a condition as a number, and the larger of an array and a number.
    counting: str = "np.arange({0})"
    ones: str = "np.ones({0})"
    indicator: str = "np.where({0}, 1.0, 0.0)"
    bounded: str = ""
    #: A condition on sizes, which is a truth value of Python, where arrays are chosen by it.
    truth: str = "{0}"
    #: An array where another is above zero, zero elsewhere.
    gated: str = ""
    #: Whole numbers as those that can be divided.
    of_counts: str = "{0}"
    #: Whether the kernels for sums over windows take a bias, and cost less where a number is put into them.
    has_biased_windows: bool = False
    #: Writes a sum over windows by a kernel of the library.
    windows: Callable[[Windows, Tools], Array | None] | None = None
    #: Whether the library warns of entries that have no value, also where a condition leaves them out.
    warns: bool = False
    #: Writes a sum over spans whose ends move.
    spans: Callable[[Spans, Tools], Array] | None = None
    #: Lines of a function body in which arrays that nothing else reads give their memory to others.
    reusing: Callable[[Sequence[str]], list[str]] = list
    static: Dialect | None = field(default=None)

    def call(self, function: str) -> str:
        """Return the name of a function of the library."""
        return f"{self.alias}.{function}"

    @property
    def for_sizes(self) -> Dialect:
        """The library that index arithmetic is done in."""
        return self.static or self


#: Functions of entries in NumPy.
_ELEMENTWISE = {
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
    "sech": "2 * np.exp(-np.abs({0})) / (1 + np.exp(-2 * np.abs({0})))",
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
    "erfc": "erfc({0})",
}

#: Functions of the last axes of an array.
_OF_AXES = {
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

_FLOATING = '''def floating(*arrays):
    """The type of the results: float32 where every array of floating-point numbers has it, else float64."""
    types = {np.asarray(x).dtype.char for x in arrays}
    return np.float32 if "f" in types and types.isdisjoint("edg") else np.float64
'''
_FLOATING_OF_JAX = '''def floating(*arrays):
    """The type of the results: that of the arrays of floating-point numbers, the usual one where there is none."""
    types = [jnp.asarray(x).dtype for x in arrays]
    return jnp.result_type(*([t for t in types if jnp.issubdtype(t, jnp.floating)] or [float]))
'''

#: Helpers that a module carries where its code calls them, in the order in which they may stand.
_HELPERS = {
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
    "erf_series": '''def erf_series(x):
    """The power series of the error function, for numbers up to 2.5."""
    near = np.clip(x, -2.5, 2.5)
    term, series = near, near
    for n in range(1, 80):
        term = -term * near * near / n
        series = series + term / (2 * n + 1)
    return 2 / np.sqrt(np.pi) * series
''',
    "erfc": '''def erfc(x):
    """1 - erf(x): by a continued fraction beyond 2.5, which keeps the digits of a small value."""
    x = np.asarray(x, dtype=float)
    far = np.maximum(np.abs(x), 2.5)
    tail = far
    for n in range(60, 0, -1):
        tail = far + n / 2 / tail
    beyond = np.exp(-far * far) / np.sqrt(np.pi) / tail
    return np.where(np.abs(x) <= 2.5, 1 - erf_series(x), np.where(x < 0, 2 - beyond, beyond))
''',
    "erf": '''def erf(x):
    """The error function: its power series near zero, what is left to 1 beyond."""
    x = np.asarray(x, dtype=float)
    return np.where(np.abs(x) <= 2.5, erf_series(x), np.sign(x) * (1 - erfc(np.abs(x))))
''',
}


def _for_jax(text: str) -> str:
    return text.replace("np.", "jnp.")


_TORCH_ELEMENTWISE = {
    **{name: text.replace("np.", "torch.") for name, text in _ELEMENTWISE.items()},
    "modulo": "torch.remainder({0}, {1})",
    "logit": "torch.logit({0})",
    "softplus": "torch.logaddexp({0}, torch.zeros_like({0}))",
    "log_sigmoid": "torch.nn.functional.logsigmoid({0})",
    "sigma": "torch.sigmoid({0})",
    "relu": "torch.clamp({0}, min=0.0)",
    "erf": "torch.erf({0})",
    "erfc": "torch.erfc({0})",
    "silu": "torch.nn.functional.silu({0})",
    "gelu": "torch.nn.functional.gelu({0})",
    "mish": "torch.nn.functional.mish({0})",
    "elu": "torch.nn.functional.elu({0})",
    "selu": "torch.nn.functional.selu({0})",
    "soft_threshold": "torch.sign({0}) * torch.clamp(torch.abs({0}) - {1}, min=0.0)",
}
_TORCH_OF_AXES = {
    "softmax": "torch.softmax({0}, dim=-1)",
    "log_softmax": "torch.log_softmax({0}, dim=-1)",
    "logsumexp": "torch.logsumexp({0}, dim=-1)",
    "norm1": "torch.abs({0}).sum(dim=-1)",
    "norm2": "torch.sqrt(torch.square({0}).sum(dim=-1))",
    "norminf": "torch.amax(torch.abs({0}), dim=-1)",
    "normF": "torch.sqrt(torch.square({0}).sum(dim=(-2, -1)))",
    "inverse": "torch.linalg.inv({0})",
    "det": "torch.linalg.det({0})",
    "logdet": "torch.linalg.slogdet({0})[1]",
    "spectral_norm": "torch.linalg.matrix_norm({0}, 2)",
    "nuclear_norm": "torch.linalg.matrix_norm({0}, 'nuc')",
    "argmax": "torch.argmax({0}, dim=-1) + 1",
    "argmin": "torch.argmin({0}, dim=-1) + 1",
}
_PLACED = '''def placed(*arrays):
    """The type and the device of the results: those of the tensors of floating-point numbers, the usual ones where there is none."""
    tensors = [torch.as_tensor(x) for x in arrays]
    floating = [x for x in tensors if x.is_floating_point()]
    dtype = floating[0].dtype if floating else torch.get_default_dtype()
    for x in floating:
        dtype = torch.promote_types(dtype, x.dtype)
    return dtype, next((x.device for x in tensors if x.device.type != "cpu"), torch.device("cpu"))
'''
_PRODUCT = '''def product(x, dims):
    """The product of the entries along some axes."""
    for dim in sorted(dims, reverse=True):
        x = torch.prod(x, dim=dim)
    return x
'''

NUMPY = Dialect(
    name="NumPy",
    alias="np",
    imports="import numpy as np",
    elementwise=_ELEMENTWISE,
    of_axes=_OF_AXES,
    helpers={
        "floating": _FLOATING,
        "check_range": RANGE_HELPERS["numpy"],
        **_HELPERS,
        **HELPERS_OF_WINDOWS,
        **HELPERS_OF_SPANS,
        "Structured": CLASSES["numpy"],
    },
    einsum='np.einsum("{0}", {1})',
    tensordot="np.tensordot({0}, {1}, ({2}, {3}))",
    permute=".transpose({0})",
    newaxis="np.newaxis",
    whole="({0}).astype(int)",
    take="np.clip({0}, 0, {1} - 1).astype(int)",
    take_of_data="np.fmin(np.fmax({0}, 0), {1} - 1).astype(int)",
    reduced={
        "max": ("np.max({0}, axis={1})", "-np.inf"),
        "min": ("np.min({0}, axis={1})", "np.inf"),
        "prod": ("np.prod({0}, axis={1})", "1.0"),
        "sum": ("np.sum({0}, axis={1})", "0.0"),
    },
    dense="np.ascontiguousarray(np.broadcast_to({0}, {1}), dtype=dtype)",
    whole_array="np.ascontiguousarray({0}, dtype=dtype)",
    scalar="float({0})",
    argument="np.asarray({0}, dtype=dtype)",
    type_of_arrays="dtype = floating({0})",
    negation="np.logical_not({0})",
    windows=numpy_windows,
    spans=numpy_spans,
    warns=True,
    has_half_products=True,
    has_views=True,
)
JAX = Dialect(
    name="JAX",
    alias="jnp",
    imports="import jax\nimport jax.numpy as jnp\nimport numpy as np",
    elementwise={name: _for_jax(text) for name, text in _ELEMENTWISE.items()},
    of_axes={name: _for_jax(text) for name, text in _OF_AXES.items()},
    helpers={
        "floating": _FLOATING_OF_JAX,
        "check_range": RANGE_HELPERS["jax"],
        **{name: _for_jax(text) for name, text in _HELPERS.items()},
        **WINDOWS_OF_JAX,
        "Structured": CLASSES["jax"],
    },
    einsum='jnp.einsum("{0}", {1})',
    tensordot="jnp.tensordot({0}, {1}, ({2}, {3}))",
    permute=".transpose({0})",
    newaxis="None",
    whole="({0}).astype(int)",
    take="jnp.clip({0}, 0, {1} - 1).astype(int)",
    take_of_data="jnp.fmin(jnp.fmax({0}, 0), {1} - 1).astype(int)",
    reduced={name: (_for_jax(code), _for_jax(empty)) for name, (code, empty) in NUMPY.reduced.items()},
    dense="jnp.broadcast_to({0}, {1}).astype(dtype)",
    whole_array="{0}.astype(dtype)",
    scalar="jnp.asarray({0}, dtype=dtype)",
    argument="jnp.asarray({0}, dtype=dtype)",
    type_of_arrays="dtype = floating({0})",
    scalar_argument="jnp.asarray({0}, dtype=dtype)",
    ones="jnp.ones({0}, dtype=dtype)",
    indicator="jnp.where({0}, 1.0, 0.0).astype(dtype)",
    windows=jax_windows,
    negation="jnp.logical_not({0})",
    static=NUMPY,
)
TORCH = Dialect(
    name="PyTorch",
    alias="torch",
    imports="import torch",
    elementwise=_TORCH_ELEMENTWISE,
    of_axes=_TORCH_OF_AXES,
    helpers={
        "placed": _PLACED,
        "check_range": RANGE_HELPERS["torch"],
        "product": _PRODUCT,
        **WINDOWS_OF_TORCH,
        "Structured": CLASSES["torch"],
    },
    einsum='torch.einsum("{0}", {1})',
    tensordot="torch.tensordot({0}, {1}, ({2}, {3}))",
    permute=".permute({0})",
    newaxis="None",
    whole="({0}).long()",
    take="torch.clamp({0}, 0, {1} - 1).long()",
    take_of_data="torch.clamp(torch.nan_to_num({0}), 0, {1} - 1).long()",
    reduced={
        "max": ("torch.amax({0}, dim={1})", "-torch.inf"),
        "min": ("torch.amin({0}, dim={1})", "torch.inf"),
        "prod": ("product({0}, {1})", "1.0"),
        "sum": ("torch.sum({0}, dim={1})", "0.0"),
    },
    dense="torch.broadcast_to({0}, {1}).to(dtype).contiguous()",
    whole_array="{0}.to(dtype).contiguous()",
    scalar="torch.as_tensor({0}, dtype=dtype, device=device)",
    argument="torch.as_tensor({0}, dtype=dtype, device=device)",
    type_of_arrays="dtype, device = placed({0})",
    negation="~({0})",
    scalar_argument="torch.as_tensor({0}, dtype=dtype, device=device)",
    counting="torch.arange({0}, device=device)",
    ones="torch.ones({0}, dtype=dtype, device=device)",
    indicator="torch.as_tensor({0}, device=device).to(dtype)",
    bounded="torch.clamp({0}, {1}={2})",
    truth="torch.as_tensor({0}, device=device)",
    gated="torch.ops.aten.threshold_backward(({1}).to(dtype), {0}.to(dtype), 0)",
    of_counts="{0}.to(dtype)",
    windows=torch_windows,
    has_biased_windows=True,
    reusing=reusing,
)
DIALECTS = {"numpy": NUMPY, "jax": JAX, "torch": TORCH}

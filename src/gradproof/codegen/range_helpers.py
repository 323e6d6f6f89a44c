"""The function of a module that refuses numbers of entries and of classes beside their range."""

from __future__ import annotations

#: The name of the function.
RANGE_CHECK = "check_range"

#: What stands for an array in a trace has no entries to look at.
_NUMPY = '''def check_range(numbers, first, last, name, kind, source):
    """See that numbers are whole and from the first to the last one.

    Raises: ValueError: one is beside this range, no whole number, or NaN.
    """
    x = np.asarray(numbers)
    if x.size == 0 or (x.min() >= first and x.max() <= last and np.array_equal(x, np.floor(x))):
        return
    place = tuple(np.argwhere(~((x >= first) & (x <= last) & (x == np.floor(x))))[0])
    at = f" in {name}[{', '.join(str(number + 1) for number in place)}]" if place else ""
    told = f"{name}: {kind} from {first} to {last} were expected ({source})"
    raise ValueError(f"{told}, got {x[place]:.15g}{at}.")
'''
_JAX = _NUMPY.replace(
    "    x = np.asarray(numbers)\n",
    "    if isinstance(numbers, jax.core.Tracer):\n        return\n    x = np.asarray(numbers)\n",
)
_TORCH = '''def check_range(numbers, first, last, name, kind, source):
    """See that numbers are whole and from the first to the last one.

    Raises: ValueError: one is beside this range, no whole number, or NaN.
    """
    x = torch.as_tensor(numbers)
    if torch.compiler.is_compiling() or torch._C._functorch.is_functorch_wrapped_tensor(x) or x.numel() == 0:
        return
    fits = (x >= first) & (x <= last) & (x == torch.floor(x))
    if fits.all():
        return
    place = tuple(torch.argwhere(~fits)[0].tolist())
    at = f" in {name}[{', '.join(str(number + 1) for number in place)}]" if place else ""
    told = f"{name}: {kind} from {first} to {last} were expected ({source})"
    raise ValueError(f"{told}, got {x[place].item():.15g}{at}.")
'''
HELPERS = {"numpy": _NUMPY, "jax": _JAX, "torch": _TORCH}

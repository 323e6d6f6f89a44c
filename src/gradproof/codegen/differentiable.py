"""A formula that a library's own differentiation goes through by the closed form of its gradients.

PyTorch takes it as an ``autograd.Function``, JAX as a function with a ``custom_vjp``: both by the name ``formula``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: The functions of a module that a model calls, and those that it keeps for them.
NAMES = ("formula", "Formula", "flows", "ctx", "inputs", "output", "saved", "_formula", "_forwards", "_backwards")

_TORCH = '''class Formula(torch.autograd.Function):
    """The formula as one step of a model: its value forwards, the closed form of its gradients backwards."""

    generate_vmap_rule = True

    @staticmethod
    def forward({names}):
        return value({given})

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, {flow}):
        {unpacked} = ctx.saved_tensors
        found = flows({all_given})
        return {results}


def formula(*, {names}):
    """The value of the formula, differentiable: gradients are computed in closed form."""
    dtype, device = placed({names})
    {unpacked} = (torch.as_tensor(x).to(device, dtype) for x in ({listed}))
    return Formula.apply({names})
'''

_JAX = '''@jax.custom_vjp
def _formula({names}):
    return value({given})


def _forwards({names}):
    return value({given}), ({listed})


def _backwards(saved, {flow}):
    {unpacked} = saved
    found = flows({all_given})
    return {results}


_formula.defvjp(_forwards, _backwards)


def formula(*, {names}):
    """The value of the formula, differentiable: gradients are computed in closed form."""
    dtype = floating({names})
    return _formula(*(jnp.asarray(x, dtype=dtype) for x in ({listed})))
'''
_TEMPLATES = {"torch": _TORCH, "jax": _JAX}
_MISSING = {"torch": "None", "jax": "jnp.zeros_like({0})"}


def has_own_differentiation(target: str) -> bool:
    """Tell whether a target has a differentiation that a formula can be put into."""
    return target in _TEMPLATES


def differentiable(target: str, given: Mapping[str, str], taken: Sequence[str], flow: str, results: Mapping[str, str]) -> str:
    """Return the code of a formula as one differentiable step.

    Args: given: the variable for each argument of ``value``.  taken: what ``flows`` takes; the flow may not be among it.
          results: the output of ``flows`` for each variable that has a gradient.
    """
    names = [name for name in taken if name != flow]
    found = [f'found["{results[name]}"]' if name in results else _MISSING[target].format(name) for name in names]
    trailing = "," if len(names) == 1 else ""
    return _TEMPLATES[target].format(
        names=", ".join(names),
        listed=", ".join(names) + trailing,
        unpacked=", ".join(names) + trailing,
        given=", ".join(f"{argument}={name}" for argument, name in given.items()),
        all_given=", ".join(f"{name}={name}" for name in taken),
        flow=flow,
        results=", ".join(found) if target == "torch" else f"({', '.join(found)},)",
    )

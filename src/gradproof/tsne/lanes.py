"""Sixteen numbers of single precision side by side, as compiled loops hold them in vector registers.

The compiler finds such vectors by itself only where it can rule out that what is written is read again; a transform, which reads and
writes many places of the same array, is beyond it. What the registers of a machine cannot hold at once is split by the compiler.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

WIDTH = 16
_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
#: A product and a sum may become one instruction.
_FLAGS = ("contract", "nsz", "arcp")


class Lanes(types.Type):
    """The type of WIDTH numbers in compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


LANES = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        models.PrimitiveModel.__init__(self, manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


def _instruction(define: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function for compiled code from one that gives its type and its instructions."""
    return cast(Callable[..., Any], intrinsic(define))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


@_instruction
def load(typing: Any, array: Any, index: Any) -> Any:
    """Return the numbers array[index : index + WIDTH] of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *arguments), align=4)

    return LANES(array, types.intp), code


@_instruction
def load_pairs(typing: Any, pairs: Any, numbers: Any, index: Any) -> Any:
    """Return WIDTH / 2 pairs of numbers, each seen as one integer of 64 bits: pairs[numbers[index : index + WIDTH / 2]].

    Number by number: the gathering instruction of today's processors is slower, and so is a buffer between.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from_pairs, from_numbers = (
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(signature.args[:2], arguments[:2], strict=True)
        )
        long = ir.IntType(64)
        found = ir.Constant(ir.VectorType(long, WIDTH // 2), ir.Undefined)
        for lane in range(WIDTH // 2):
            place = builder.load(builder.gep(from_numbers, [builder.add(arguments[2], ir.Constant(long, lane))]))
            pair = builder.load(builder.gep(from_pairs, [builder.zext(place, long)]))
            found = builder.insert_element(found, pair, ir.Constant(ir.IntType(32), lane))
        return builder.bitcast(found, _VECTOR)

    return LANES(pairs, numbers, types.intp), code


@_instruction
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Set array[index : index + WIDTH] of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature.args[0], *arguments[:2]), align=4)
        return context.get_dummy_value()

    return types.none(array, types.intp, LANES), code


@_instruction
def splat(typing: Any, value: Any) -> Any:
    """Return the number in every lane."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), arguments[0], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)

    return LANES(types.float32), code


@_instruction
def total(typing: Any, value: Any) -> Any:
    """Return the sum of the lanes."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType(), _VECTOR])
        reduce = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, f"llvm.vector.reduce.fadd.v{WIDTH}f32"
        )
        return builder.call(reduce, [ir.Constant(ir.FloatType(), 0.0), arguments[0]], fastmath=("fast",))

    return types.float32(LANES), code


@_instruction
def are_below(typing: Any, left: Any, right: Any) -> Any:
    """Return a whole number whose bit e tells whether lane e of left is below that of right."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = builder.bitcast(builder.fcmp_ordered("<", *arguments), ir.IntType(WIDTH))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(LANES, LANES), code


@_instruction
def first_bit(typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set; there has to be one."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code


def _every_other(first: int) -> Callable[..., Any]:
    """Return an intrinsic that takes every other lane of two vectors."""

    @_instruction
    def apply(typing: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            places = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(range(first, 2 * WIDTH, 2)))
            return builder.shuffle_vector(*arguments, places)

        return LANES(LANES, LANES), code

    return apply


#: Of two vectors the lanes 0, 2, 4 ... and 1, 3, 5 ...: first and second members of WIDTH pairs.
evens, odds = _every_other(0), _every_other(1)


def _between(name: str) -> Callable[..., Any]:
    """Return an intrinsic of two vectors by the name of the instruction."""

    @_instruction
    def apply(typing: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments, flags=_FLAGS)

        return LANES(LANES, LANES), code

    return apply


_add, _subtract, _multiply, _divide = (_between(name) for name in ("fadd", "fsub", "fmul", "fdiv"))


@overload(operator.add, strict=False)
def _add_lanes(left: Any, right: Any) -> Any:
    return (lambda left, right: _add(left, right)) if left == right == LANES else None


@overload(operator.sub, strict=False)
def _subtract_lanes(left: Any, right: Any) -> Any:
    return (lambda left, right: _subtract(left, right)) if left == right == LANES else None


@overload(operator.mul, strict=False)
def _multiply_lanes(left: Any, right: Any) -> Any:
    return (lambda left, right: _multiply(left, right)) if left == right == LANES else None


@overload(operator.truediv, strict=False)
def _divide_lanes(left: Any, right: Any) -> Any:
    return (lambda left, right: _divide(left, right)) if left == right == LANES else None

"""What an objective is made of once it is split: terms with a proximal operator, constraints, and the smooth rest."""

from __future__ import annotations

from dataclasses import dataclass

from gradproof.expr.build import ONE, ZERO, add
from gradproof.expr.node import Expr, Index


@dataclass(frozen=True, slots=True)
class Piece:
    """``weight`` times a function of the entries of ``inner`` over ``axes``; ``text`` is what the user sees of it.

    Kinds as in ``Term``; besides: 'groups' and 'nuclear'; 'rows', the sum over the axes of the norms of the ``parts``; 'entrywise', the sum of
    any function (``parts``) of one entry; 'insensitive', of absolute values beyond the number ``parts``; 'between', the set of entries from
    ``lower`` to ``upper``, None being no bound; '... ball', of the radius ``weight``; 'semidefinite', of matrices; 'cone', where the norm of the
    entries is at most ``upper``, which is affine; 'cones', one for each of the axes, of the entries over ``members``.
    """

    kind: str
    text: str
    inner: Expr
    axes: tuple[Index, ...]
    weight: Expr = ONE
    lower: Expr | None = None
    upper: Expr | None = None
    parts: tuple[Expr, ...] = ()
    members: tuple[Index, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether it is a constraint."""
        return self.kind in ("between", "semidefinite", "cone", "cones") or self.kind.endswith("ball")


@dataclass(frozen=True, slots=True)
class Nonlinear:
    """A general constraint: every entry of ``difference`` over ``axes`` is zero, or at most zero."""

    text: str
    is_equation: bool
    difference: Expr
    axes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """smooth + constant + the pieces, under the general constraints. ``kinked`` are those of the smooth terms that have kinks nonetheless."""

    smooth: tuple[Expr, ...]
    constant: Expr
    pieces: tuple[Piece, ...]
    nonlinear: tuple[Nonlinear, ...] = ()
    kinked: tuple[Expr, ...] = ()

    @property
    def whole_smooth(self) -> Expr:
        """The smooth terms as one."""
        return add(*self.smooth) if self.smooth else ZERO

"""The functions that the laws are tested on: every entry of the vocabulary, and what the calculus makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradproof import prox as p

_RANDOM = np.random.default_rng(7)
_ROTATION = np.linalg.qr(_RANDOM.standard_normal((6, 6)))[0]
_LOW_RANK = _RANDOM.standard_normal((4, 6))
_SIGNS = np.array([1.0, -1, 1, 1, -1, -1])
_GROUPS = [[0, 3], [1, 2, 5], [4]]


@dataclass(frozen=True)
class Entry:
    name: str
    f: p.AbstractFunction
    shape: tuple[int, ...] = (6,)
    has_naive: bool = True


def _affine():
    matrix = _RANDOM.standard_normal((2, 6))
    return p.AffineSet(np.vstack([matrix, matrix.sum(axis=0)]), np.array([1.0, -2.0, -1.0]))


ENTRIES = [
    Entry("l1", p.L1(0.7)),
    Entry("l1 weighted", p.L1([0.5, 0.0, 2.0, 1.0, 0.3, 0.7])),
    Entry("l1 of weight zero", p.L1(0.0)),
    Entry("l2", p.L2(1.3)),
    Entry("l2 of a matrix", p.L2(0.4), (3, 2)),
    Entry("linf", p.LInf(0.8)),
    Entry("squared l2", p.SquaredL2(0.6)),
    Entry("squares", p.SquaredL2(2.0, _RANDOM.standard_normal(6))),
    Entry("l21", p.L21(_GROUPS, 0.5)),
    Entry("l21 with a free entry", p.L21([[0, 3], [5]], 0.5, [1.0, 2.0])),
    Entry("l1 plus l2", p.L1PlusL2(6, 0.4, 0.9)),
    Entry("elastic net", p.ElasticNet(0.5, 0.8)),
    Entry("elastic net without squares", p.ElasticNet(0.5, 0.0)),
    Entry("sparse group", p.SparseGroup(_GROUPS, 0.3, 0.5)),
    Entry("sparse group with free entries", p.SparseGroup([[1, 2]], 0.3, 0.5)),
    Entry("nuclear", p.Nuclear(0.9), (3, 4)),
    Entry("l0", p.L0(0.6)),
    Entry("max", p.Max(1.2)),
    Entry("sum of the largest", p.SumOfLargest(3, 0.7)),
    Entry("sum of all", p.SumOfLargest(6, 0.7)),
    Entry("slope", p.Slope([1.5, 1.0, 1.0, 0.5, 0.2, 0.0])),
    Entry("total variation", p.TotalVariation1D(0.6)),
    Entry("total variation 2d", p.TotalVariation2D(0.4), (3, 4)),
    Entry("isotropic variation", p.IsotropicVariation2D(0.4), (3, 4)),
    Entry("nuclear ball", p.NuclearBall(1.1), (3, 4)),
    Entry("l1/2", p.RootPower(0.7, 0.5)),
    Entry("l2/3", p.RootPower(0.7, 2 / 3)),
    Entry("mcp", p.MCP(0.6, 2.5)),
    Entry("mcp steep", p.MCP(0.6, 0.4)),
    Entry("scad", p.SCAD(0.6, 3.7)),
    Entry("scad steep", p.SCAD(0.6, 2.2)),
    Entry("log sum", p.LogSum(0.9, 0.3)),
    Entry("rank ball", p.RankBall(2), (4, 3)),
    Entry("l0 ball", p.L0Ball(2)),
    Entry("nonnegative", p.nonnegative_orthant()),
    Entry("box", p.Box(-0.5, [0.1, 2.0, np.inf, 0.0, 1.0, -0.4])),
    Entry("simplex", p.Simplex(1.5)),
    Entry("l1 ball", p.L1Ball(1.2)),
    Entry("l2 ball", p.L2Ball(0.8)),
    Entry("linf ball", p.linf_ball(0.7)),
    Entry("sphere", p.Sphere(1.4)),
    Entry("halfspace", p.Halfspace(_RANDOM.standard_normal(6), -0.4)),
    Entry("halfspace cone", p.Halfspace(_RANDOM.standard_normal(6))),
    Entry("hyperplane", p.Hyperplane(_RANDOM.standard_normal(6), 0.9)),
    Entry("affine", _affine()),
    Entry("second-order cone", p.SecondOrderCone()),
    Entry("semidefinite cone", p.PositiveSemidefiniteCone(), (3, 3)),
    Entry("exponential cone", p.ExponentialCone(), (3,)),
    Entry("huber", p.Huber(0.7, _RANDOM.standard_normal(6))),
    Entry("hinge", p.Hinge(_SIGNS)),
    Entry("squared hinge", p.SquaredHinge(_SIGNS)),
    Entry("logistic", p.Logistic(_SIGNS)),
    Entry("cross entropy", p.CrossEntropy([0, 3, 1]), (3, 4)),
    Entry("poisson", p.Poisson([0.0, 1.0, 3.0, 0.0, 2.5, 0.1])),
    Entry("entropy", p.Entropy()),
    Entry("log barrier", p.LogBarrier()),
    Entry("logsumexp", p.LogSumExp()),
    Entry("log determinant", p.LogDeterminant(), (3, 3)),
    Entry("quadratic", p.Quadratic(_LOW_RANK.T @ _LOW_RANK, _LOW_RANK.T @ np.ones(4))),
    Entry("quadratic curved", p.Quadratic(np.diag([1.0, 2, 3, 4, 5, 6]), np.ones(6))),
    Entry("epsilon insensitive", p.EpsilonInsensitive(0.3, 0.8)),
    Entry("epsilon insensitive weighted", p.EpsilonInsensitive(0.5, [0.5, 0.0, 2.0, 1.0, 0.3, 0.7])),
    Entry("epsilon insensitive without tolerance", p.EpsilonInsensitive(0.0, 1.2)),
    Entry("quantile", p.Quantile(0.3, _RANDOM.standard_normal(6))),
    Entry("translated l1", p.Translate(p.L1(0.7), _RANDOM.standard_normal(6))),
    Entry("translated cone", p.Translate(p.SecondOrderCone(), _RANDOM.standard_normal(6))),
    Entry("tilted max", p.Tilt(p.Max(0.5), _RANDOM.standard_normal(6), 0.3)),
    Entry("tilted mcp", p.Tilt(p.MCP(0.6, 2.5), 0.2)),
    Entry("scaled logistic", p.Scale(p.Logistic(_SIGNS), 2.5)),
    Entry("scaled simplex", p.Scale(p.Simplex(), 2.5)),
    Entry("diagonal hinge", p.PrecomposeDiagonal(p.Hinge(_SIGNS), [2.0, -1.0, 0.5, 1.5, -3.0, 1.0])),
    Entry("diagonal linf", p.PrecomposeDiagonal(p.LInf(0.5), -2.0)),
    Entry("rotated l1", p.PrecomposeOrthogonal(p.L1(0.6), _ROTATION)),
    Entry("rotated box", p.PrecomposeOrthogonal(p.Box(-0.3, 0.3), _ROTATION)),
    Entry("rotated poisson", p.PrecomposeOrthogonal(p.Poisson([0.0, 1.0, 3.0, 0.0, 2.5, 0.1]), _ROTATION)),
    Entry("conjugate of rotated poisson", p.Conjugate(p.PrecomposeOrthogonal(p.Poisson([0.0, 1, 3, 0, 2.5, 0.1]), _ROTATION))),
    Entry("translated poisson", p.Translate(p.Translate(p.Poisson([0.0, 1.0, 0.0, 0.0, 2.5, 0.1]), 0.1), _SIGNS / 3)),
    Entry("translated sliced", p.Translate(p.SlicedSum([([0, 4], p.L1(0.5)), ([1, 2, 3], p.L2(0.7)), ([5], p.Huber(0.3))]), 1.1)),
    Entry("sliced", p.SlicedSum([([0, 4], p.L1(0.5)), ([1, 2, 3], p.Simplex()), ([5], p.Huber(0.3))])),
    Entry("sliced separable", p.SlicedSum([([3, 0], p.L1(0.5)), ([1, 2, 4, 5], p.SquaredL2(0.5))])),
    Entry("separable", p.SeparableSum([p.L2(0.5), p.nonnegative_orthant(), p.ElasticNet(0.2, 0.1)]), (3, 4)),
    Entry("envelope of l1", p.MoreauEnvelope(p.L1(0.8), 0.7), has_naive=False),
    Entry("envelope of a ball", p.MoreauEnvelope(p.L2Ball(0.5), 0.7)),
    Entry("envelope of elastic net", p.MoreauEnvelope(p.ElasticNet(0.3, 0.5), 1.7), has_naive=False),
    Entry("conjugate of l1", p.Conjugate(p.L1(0.8))),
    Entry("conjugate of simplex", p.Conjugate(p.Simplex(1.5))),
    Entry("conjugate of elastic net", p.Conjugate(p.ElasticNet(0.3, 0.5))),
    Entry("conjugate of logistic", p.Conjugate(p.Logistic(_SIGNS))),
    Entry("conjugate of a cone", p.Conjugate(p.SecondOrderCone())),
    Entry("conjugate of variation", p.Conjugate(p.TotalVariation1D(0.6))),
    Entry("plus quadratic l1", p.PlusQuadratic(p.L1(0.5), 0.9, 0.4)),
    Entry("plus quadratic simplex", p.PlusQuadratic(p.Simplex(), 0.9, _RANDOM.standard_normal(6))),
    Entry("nonnegative l1", p.nonnegative_l1(0.6)),
    Entry("bounded weighted l1", p.Bounded(p.L1([0.5, 0.0, 2.0, 1.0, 0.3, 0.7]), -0.2, 0.9)),
    Entry("bounded elastic net", p.Bounded(p.ElasticNet(0.5, 0.8), 0.1, np.inf)),
    Entry("bounded logistic", p.Bounded(p.Logistic(_SIGNS), -1.0, 1.0)),
]

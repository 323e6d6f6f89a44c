"""Proximal operators and their calculus: functions of arrays with value, prox, gradient and conjugate."""

from gradproof.prox.affine import AffineSet, Halfspace, Hyperplane
from gradproof.prox.bounded import Bounded, nonnegative_l1
from gradproof.prox.box import Box, linf_ball, nonnegative_orthant
from gradproof.prox.cones import PositiveSemidefiniteCone, SecondOrderCone
from gradproof.prox.conjugate import Conjugate, MoreauEnvelope, PlusQuadratic
from gradproof.prox.counting_balls import L0Ball, RankBall
from gradproof.prox.cross_entropy import CrossEntropy
from gradproof.prox.elastic_net import ElasticNet
from gradproof.prox.entropy import Entropy
from gradproof.prox.epsilon_insensitive import EpsilonInsensitive
from gradproof.prox.exponential_cone import ExponentialCone
from gradproof.prox.function import AbstractFunction
from gradproof.prox.groups import L21, L1PlusL2, SparseGroup
from gradproof.prox.hinge import Hinge, SquaredHinge
from gradproof.prox.huber import Huber
from gradproof.prox.isotropic_variation import IsotropicVariation2D
from gradproof.prox.l0 import L0
from gradproof.prox.l1 import L1
from gradproof.prox.l1_ball import L1Ball
from gradproof.prox.l2 import L2
from gradproof.prox.l2_ball import L2Ball, Sphere
from gradproof.prox.log_barrier import LogBarrier
from gradproof.prox.log_determinant import LogDeterminant
from gradproof.prox.log_sum import LogSum
from gradproof.prox.log_sum_exp import LogSumExp
from gradproof.prox.logistic import Logistic
from gradproof.prox.mcp import MCP
from gradproof.prox.nuclear import Nuclear
from gradproof.prox.nuclear_ball import NuclearBall
from gradproof.prox.ordered import LInf, Max, Slope, SumOfLargest
from gradproof.prox.poisson import Poisson
from gradproof.prox.quadratic import Quadratic
from gradproof.prox.quantile import Quantile
from gradproof.prox.root_power import RootPower
from gradproof.prox.scad import SCAD
from gradproof.prox.shifted import PrecomposeDiagonal, PrecomposeOrthogonal, Scale, Tilt, Translate
from gradproof.prox.simplex import Simplex
from gradproof.prox.squared_l2 import SquaredL2
from gradproof.prox.sums import SeparableSum, SlicedSum
from gradproof.prox.total_variation import TotalVariation1D, TotalVariation2D
from gradproof.prox.traits import Traits

__all__ = [
    "L0",
    "L1",
    "L2",
    "L21",
    "MCP",
    "SCAD",
    "AbstractFunction",
    "AffineSet",
    "Bounded",
    "Box",
    "Conjugate",
    "CrossEntropy",
    "ElasticNet",
    "Entropy",
    "EpsilonInsensitive",
    "ExponentialCone",
    "Halfspace",
    "Hinge",
    "Huber",
    "Hyperplane",
    "IsotropicVariation2D",
    "L0Ball",
    "L1Ball",
    "L1PlusL2",
    "L2Ball",
    "LInf",
    "LogBarrier",
    "LogDeterminant",
    "LogSum",
    "LogSumExp",
    "Logistic",
    "Max",
    "MoreauEnvelope",
    "Nuclear",
    "NuclearBall",
    "PlusQuadratic",
    "Poisson",
    "PositiveSemidefiniteCone",
    "PrecomposeDiagonal",
    "PrecomposeOrthogonal",
    "Quadratic",
    "Quantile",
    "RankBall",
    "RootPower",
    "Scale",
    "SecondOrderCone",
    "SeparableSum",
    "Simplex",
    "SlicedSum",
    "Slope",
    "SparseGroup",
    "Sphere",
    "SquaredHinge",
    "SquaredL2",
    "SumOfLargest",
    "Tilt",
    "TotalVariation1D",
    "TotalVariation2D",
    "Traits",
    "Translate",
    "linf_ball",
    "nonnegative_l1",
    "nonnegative_orthant",
]

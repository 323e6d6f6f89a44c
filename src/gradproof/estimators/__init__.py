"""Estimators for scikit-learn on top of the solvers, with certificates (needs the extra 'scikit-learn')."""

from gradproof.estimators.classification import LogisticRegression, SoftmaxRegression
from gradproof.estimators.regression import ElasticNet, GroupLasso, Lasso, NonNegativeLeastSquares

__all__ = ["ElasticNet", "GroupLasso", "Lasso", "LogisticRegression", "NonNegativeLeastSquares", "SoftmaxRegression"]

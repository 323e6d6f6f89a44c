"""t-SNE: maps of many points in few dimensions, on arrays alone."""

from gradproof.tsne.estimator import TSNE

__all__ = ["TSNE"]

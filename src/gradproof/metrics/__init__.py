"""The top-k error: at once, by class, batch by batch."""

from gradproof.metrics.top_k import TopKError, top_k_error, top_k_error_per_class

__all__ = ["TopKError", "top_k_error", "top_k_error_per_class"]

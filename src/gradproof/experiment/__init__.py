"""A run that a file declares: data, a network as one formula, training over minibatches, pruning, metrics, a map and a page."""

from gradproof.experiment.memory import keep_freed_memory
from gradproof.experiment.outcome import Outcome, run
from gradproof.experiment.plan import DataPlan, MapPlan, NetworkPlan, PhasePlan, Plan, PruningPlan, read_plan
from gradproof.experiment.progress import Progress
from gradproof.experiment.results import summary, write_results

__all__ = [
    "DataPlan",
    "MapPlan",
    "NetworkPlan",
    "Outcome",
    "PhasePlan",
    "Plan",
    "Progress",
    "PruningPlan",
    "keep_freed_memory",
    "read_plan",
    "run",
    "summary",
    "write_results",
]

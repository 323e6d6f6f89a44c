"""A convolutional network from its formula to its map: the run of examples/digits.toml, in Python.

    python examples/digits_network.py [FOLDER]

It ends at the numbers of ``gradproof run examples/digits.toml``, and writes the same page.
"""

import sys
from pathlib import Path

from gradproof.experiment import (
    DataPlan,
    MapPlan,
    NetworkPlan,
    PhasePlan,
    Plan,
    Progress,
    PruningPlan,
    keep_freed_memory,
    run,
    summary,
    write_results,
)

# Everything that is learned stands in one formula; what is named in it can be asked for later.
NETWORK = NetworkPlan(
    formula="""
        h1 = max_pool2d(relu(conv2d(X, K1, b1, padding=1)), 2);
        h2 = adaptive_avg_pool2d(relu(conv2d(h1, K2, b2, padding=1)), 2);
        z[m,k] = c[k] + sum_{u,i,j} W[k,u,i,j]*h2[m,u,i,j];
        cross_entropy(z, y)
    """,
    weights={"K1": (16, 1, 3, 3), "b1": (16,), "K2": (64, 16, 3, 3), "b2": (64,), "W": (10, 64, 2, 2), "c": (10,)},
    scores="z",
    features="h2",
)

PLAN = Plan(
    name="Digits",
    data=DataPlan(source="digits", held_out=0.3333),
    network=NETWORK,
    training=(
        PhasePlan(optimizer="sgd", rate=0.1, momentum=0.9, epochs=20),
        PhasePlan(optimizer="adam", rate=0.002, epochs=15),
    ),
    pruning=PruningPlan(
        kernels=("K1", "K2"), penalty={"K1": 0.02, "K2": 0.01}, share=0.5, rate=0.3, epochs=10, tuning_epochs=40, tuning_rate=0.1
    ),
    map=MapPlan(perplexity=30),
    target="numpy",
    batch_size=64,
)


def main(folder: Path) -> None:
    """Run it, print its figures and where its page is."""
    folder.mkdir(parents=True, exist_ok=True)
    keep_freed_memory()
    outcome = run(PLAN, folder, watch=Progress(PLAN))
    page = write_results(outcome, folder, f"python examples/digits_network.py {folder}")
    print(*summary(outcome), f"the page is {page}", sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("digits"))

"""A small run: images of 4 by 4 with a bright half, a network with one layer of kernels."""

import numpy as np
import pytest

PLAN = """
name = "Halves"
target = "numpy"
batch_size = 16
top_k = [1, 2]

[data]
source = "halves.npz"
shape = [1, 4, 4]
inputs = "pictures"
labels = "classes"
held_out = 0.25

[network]
formula = "h = max_pool2d(relu(conv2d(X, K, b, padding=1)), 2); z[m,k] = c[k] + sum_{u,i,j} W[k,u,i,j]*h[m,u,i,j]; cross_entropy(z, y)"
features = "h"

[network.weights]
K = [6, 1, 3, 3]
b = [6]
W = [4, 6, 2, 2]
c = [4]

[[training]]
rate = 0.1
epochs = 3

[[training]]
optimizer = "adam"
rate = 0.005
epochs = 2

[pruning]
kernels = ["K"]
penalty = 0.05
epochs = 6
rate = 0.1
tuning_epochs = 2

[map]
perplexity = 5
"""


@pytest.fixture
def plan_file(tmp_path):
    source = np.random.default_rng(2)
    classes = source.integers(0, 4, 96)
    pictures = source.uniform(0, 0.4, (96, 4, 4))
    halves = (np.s_[:2, :], np.s_[2:, :], np.s_[:, :2], np.s_[:, 2:])
    for picture, label in zip(pictures, classes, strict=True):
        picture[halves[label]] += 0.6
    np.savez(tmp_path / "halves.npz", pictures=pictures, classes=classes)
    file = tmp_path / "halves.toml"
    file.write_text(PLAN, encoding="utf-8")
    return file

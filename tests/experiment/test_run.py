"""A whole run: it learns, prunes without changing what the network says, goes on from where it was cut off, and writes its page."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradproof.cli.main import run as command
from gradproof.errors import ReadError
from gradproof.experiment.data import read_samples
from gradproof.experiment.fit import Watch
from gradproof.experiment.kernels import (
    KernelPenalty,
    dead_kernels,
    kernel_groups,
    with_open_kernels,
    without_dead_kernels,
)
from gradproof.experiment.network import Network
from gradproof.experiment.outcome import run
from gradproof.experiment.plan import read_plan


@pytest.fixture
def network(plan_file):
    plan = read_plan(plan_file)
    split = read_samples(plan.data, plan_file.parent, plan.seed)
    return Network(plan.network, split.learned.inputs.shape[1:], "numpy"), split


class Interruption(Watch):
    """Cuts a run off after some epochs."""

    def __init__(self, epochs):
        self.left = epochs

    def epoch(self, made, epochs):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_it_learns_and_its_gradient_is_right(plan_file, tmp_path):
    outcome = run(read_plan(plan_file), tmp_path, data_folder=plan_file.parent)
    assert outcome.state.history[0].loss > outcome.state.history[-1].loss
    assert outcome.top_k[0].optimistic <= 0.25
    assert outcome.gradient_error < 1e-5
    assert outcome.pruned.prox_distance < 1e-9
    assert outcome.confusion.sum() == len(outcome.split.held_out)
    assert outcome.map.points.shape == (24, 2)


def test_a_run_that_was_cut_off_ends_at_the_same_numbers(plan_file, tmp_path):
    plan, whole, parts = read_plan(plan_file), tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    wanted = run(plan, whole, data_folder=plan_file.parent)
    for number, epochs in enumerate((2, 2, 5, 3)):  # in the first phase, at the end of one, in pruning, in tuning
        with pytest.raises(KeyboardInterrupt):
            run(plan, parts, data_folder=plan_file.parent, resume=number > 0, watch=Interruption(epochs))
    found = run(plan, parts, data_folder=plan_file.parent, resume=True)
    np.testing.assert_array_equal(found.scores, wanted.scores)
    assert [(epoch.phase, epoch.number, epoch.loss) for epoch in found.state.history] == [
        (epoch.phase, epoch.number, epoch.loss) for epoch in wanted.state.history
    ]


def test_a_checkpoint_of_another_run_is_refused(plan_file, tmp_path):
    run(read_plan(plan_file), tmp_path, data_folder=plan_file.parent)
    plan_file.write_text(plan_file.read_text().replace("rate = 0.005", "rate = 0.006"))
    with pytest.raises(ReadError, match="the checkpoint of this run was expected"):
        run(read_plan(plan_file), tmp_path, data_folder=plan_file.parent, resume=True)


@pytest.mark.parametrize("source", ["halves.csv", "digits"])
def test_inputs_name_an_array_of_an_archive_alone(source, plan_file):
    data = replace(read_plan(plan_file).data, source=source)
    with pytest.raises(ReadError, match=r"only for a \.npz file"):
        read_samples(data, plan_file.parent, 0)


def test_which_arrays_a_kernel_belongs_to_is_read_off_the_formula(network):
    group = kernel_groups(network[0], "K")
    assert group.members == (("K", 0), ("b", 0))
    assert group.readers == (("W", 1),)


def test_leaving_out_dead_kernels_changes_no_score(network):
    whole, split = network
    weights = whole.new_weights(0)
    weights["b"] += 0.3
    group = kernel_groups(whole, "K")
    for name in ("K", "b"):
        weights[name][[1, 4]] = 0
    assert dead_kernels(group, weights).tolist() == [False, True, False, False, True, False]
    kept = without_dead_kernels(weights, [group])
    assert kept["K"].shape == (4, 1, 3, 3)
    assert kept["W"].shape == (4, 4, 2, 2)
    either = with_open_kernels(whole, [group])
    np.testing.assert_allclose(
        either.scores(kept, split.held_out.inputs), whole.scores(weights, split.held_out.inputs), rtol=1e-5, atol=1e-6
    )


def test_a_strong_penalty_removes_every_kernel_and_one_stays(network):
    whole, _ = network
    weights = whole.new_weights(0)
    group = kernel_groups(whole, "K")
    KernelPenalty([group], [1e3]).apply(weights, 1.0)
    assert dead_kernels(group, weights).all()
    kept = without_dead_kernels(weights, [group])
    assert kept["K"].shape == (1, 1, 3, 3)
    assert kept["W"].shape == (4, 1, 2, 2)


def test_the_command_writes_a_page_with_everything_in_it(plan_file, capsys):
    assert command(["run", str(plan_file)]) == 0
    captured = capsys.readouterr()
    assert re.search(r"top-1 error \d+\.\d\d%", captured.out)
    assert "epoch   2/2" in captured.err
    folder = plan_file.with_suffix("")
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"|xmlns=\'[^\']*\'', "", page)
    assert page.count('role="img"') + page.count("role='img'") == 4
    for name in (
        "scores.npy",
        "labels.npy",
        "features.npy",
        "components.npy",
        "map.npy",
        "weights.npz",
        "network.py",
        "network.txt",
    ):
        assert (folder / name).is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 3", "epochs = 0", r"training\[0\].epochs: a whole number of at least 1 was expected, got 0"),
        ('target = "numpy"', 'target = "fortran"', "target: one of numpy, numba, jax, torch was expected"),
        ("held_out = 0.25", "held_out = 96", "samples to learn from and samples to hold out were expected"),
        ("held_out = 0.25", "heldout = 0.25", "data.heldout: one of source, inputs"),
        (
            "held_out = 0.25",
            "held_out = 0.25\nvalidation = 72",
            "data.validation: samples to learn from beside those for validation",
        ),
        ("penalty = 0.05", "share = 1.0", "pruning.share: a number below 1 was expected, got 1.0. Write 0.5 for half of them"),
        (
            'source = "halves.npz"',
            'source = "none.npz"',
            r"none.npz: a .npz or .csv file was expected, got none. Give it by --data FILE",
        ),
        ("relu(conv2d(X", "relu((conv2d(X", r"\^"),
        (
            "perplexity = 5",
            "perplexity = 8",
            "map.perplexity: a perplexity below a third of the 24 held-out samples was expected, got 8",
        ),
        (
            "z[m,k] = c[k] + sum_{u,i,j} W[k,u,i,j]*h[m,u,i,j]; cross_entropy(z",
            "s[m,k] = c[k] + sum_{u,i,j} W[k,u,i,j]*h[m,u,i,j]; cross_entropy(s",
            "network.scores: a named part of the formula was expected, got 'z'. It has .*, h, s",
        ),
        ('features = "h"', 'features = "g"', "network.features: a named part of the formula was expected, got 'g'"),
        (
            "rate = 0.1",
            "rate = 1e9",
            r"a finite loss and finite weights were expected, got a loss of .* in epoch \d of phase '1 sgd'",
        ),
        ('inputs = "pictures"', 'inputs = "images"', "an array 'images' was expected, got pictures, classes"),
        ("K = [6, 1, 3, 3]", "K = [6, 2, 3, 3]", "as many channels in a group of the input as in the kernel were expected"),
        ("c = [4]\n", "", "a shape was expected for every weight, got none for c"),
        ('kernels = ["K"]', 'kernels = ["W"]', "the outputs of W are read by no weight"),
        ("[[training]]\nrate = 0.1", "[[training\nrate = 0.1", "a run cannot be read"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_in_one_line(plan_file, capsys, old, new, message):
    text = plan_file.read_text()
    assert old in text
    plan_file.write_text(text.replace(old, new, 1))
    assert command(["run", str(plan_file)]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert "Traceback" not in error


def test_the_plan_of_the_guide_runs(tmp_path, capsys):
    guide = (Path(__file__).parents[2] / "docs" / "run.md").read_text()
    plan = tmp_path / "layers.toml"
    plan.write_text(re.search(r"```toml\n(.*?)```", guide, re.DOTALL)[1])
    assert command(["run", str(plan), "-o", str(tmp_path / "layers")]) == 0
    error = float(re.search(r"top-1 error ([\d.]+)%", capsys.readouterr().out)[1])
    assert error < 8
    for name in ("index.html", "network.py", "weights.npz"):
        assert (tmp_path / "layers" / name).exists()


def test_the_penalty_grows_until_the_share_of_kernels_is_zero_and_is_off_then(plan_file, tmp_path):
    text = plan_file.read_text().replace("penalty = 0.05", "penalty = 0.1\nshare = 0.5")
    plan_file.write_text(text)
    plan = read_plan(plan_file)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    wanted = run(plan, whole, data_folder=plan_file.parent)
    assert 1 < wanted.pruned.kernels["K"][1] <= 3
    assert wanted.pruned.errors[1] <= 0.25
    with pytest.raises(KeyboardInterrupt):
        run(plan, parts, data_folder=plan_file.parent, watch=Interruption(8))
    found = run(plan, parts, data_folder=plan_file.parent, resume=True)
    np.testing.assert_array_equal(found.scores, wanted.scores)


def test_what_is_held_at_zero_stays_zero_and_nothing_else_changes(network):
    whole, _ = network
    weights = whole.new_weights(0)
    group = kernel_groups(whole, "K")
    penalty = KernelPenalty([group], [1.0], share=0.3)
    assert penalty.held(weights) == [None]
    for name in ("K", "b"):
        weights[name][[1, 4]] = 0
    held = penalty.held(weights)
    weights["b"] += 0.5
    moved = {name: weight.copy() for name, weight in weights.items()}
    penalty.apply(weights, 1.0, held)
    assert dead_kernels(group, weights).tolist() == [False, True, False, False, True, False]
    assert weights["b"].dtype == np.float32
    np.testing.assert_array_equal(weights["K"][[0, 2, 3, 5]], moved["K"][[0, 2, 3, 5]])
    np.testing.assert_array_equal(weights["b"][[0, 2, 3, 5]], moved["b"][[0, 2, 3, 5]])


def test_no_step_takes_more_kernels_than_are_to_go_and_the_smallest_go_first(network):
    whole, _ = network
    weights = whole.new_weights(0)
    group = kernel_groups(whole, "K")
    weights["K"][4] *= 0.01
    KernelPenalty([group], [1e6], share=0.3).apply(weights, 1.0)
    dead = dead_kernels(group, weights)
    assert dead[4]
    assert dead.sum() == 2


def test_validation_is_taken_from_what_is_learned_from_and_watched(plan_file, tmp_path):
    data = replace(read_plan(plan_file).data, validation=12)
    split, whole = (read_samples(plan, plan_file.parent, 0) for plan in (data, replace(data, validation=0.0)))
    assert (len(split.learned), len(split.validation), len(split.held_out)) == (60, 12, 24)
    assert split.watched is split.validation
    assert whole.watched is whole.held_out
    np.testing.assert_array_equal(split.held_out.labels, whole.held_out.labels)
    seen = {row.tobytes() for part in (split.learned, split.validation) for row in np.round(part.inputs - part.inputs.min(), 4)}
    assert len(seen) == 72
    plan_file.write_text(plan_file.read_text().replace("held_out = 0.25", "held_out = 0.25\nvalidation = 12"))
    assert command(["run", str(plan_file)]) == 0
    page = (plan_file.with_suffix("") / "index.html").read_text(encoding="utf-8")
    assert "12 for validation" in page
    assert "top-1 error on the validation samples" in page

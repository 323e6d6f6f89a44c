"""The picture of a result is an SVG that says in words what it shows."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from gradproof.prox import L1
from gradproof.solvers.elastic_net import minimize_elastic_net
from gradproof.solvers.loop import minimize
from gradproof.solvers.plot import draw_history
from gradproof.solvers.problem import Problem
from gradproof.solvers.proximal import Fista, Ista

pytest.importorskip("matplotlib")
SVG = "{http://www.w3.org/2000/svg}"


def test_plot_of_a_result(tmp_path):
    random = np.random.default_rng(0)
    result = minimize_elastic_net(random.standard_normal((30, 50)), random.standard_normal(30), 1.0)
    result.plot(tmp_path / "lasso.svg")
    root = ElementTree.parse(tmp_path / "lasso.svg").getroot()
    assert root.get("role") == "img"
    words = root.find(f"{SVG}desc").text
    assert f"{result.iterations} iterations" in words
    assert f"{result.certificate.value:.3g}" in words


def test_two_histories_in_one_picture(tmp_path):
    problem = Problem(lambda x: (0.5 * float(np.sum((x - 3) ** 2)), x - 3), L1(1.0), lipschitz=2.0)
    results = {solver.name: minimize(problem, np.zeros(2), solver) for solver in (Ista(), Fista())}
    draw_history({name: result.history for name, result in results.items()}, "KKT <residual>", 1e-6, tmp_path / "both.svg")
    root = ElementTree.parse(tmp_path / "both.svg").getroot()
    words = root.find(f"{SVG}desc").text
    assert "ISTA" in words
    assert "FISTA" in words
    assert "<residual>" in words


def test_the_axis_counts_whole_iterations(tmp_path):
    history = {"iteration": np.arange(3.0), "objective": np.array([3.0, 2.0, 1.0]), "certificate": np.array([1.0, 0.1, 0.01])}
    draw_history({"three points": history}, "residual", 1e-6, tmp_path / "few.svg")
    drawn = (tmp_path / "few.svg").read_text()
    assert "<!-- 1 -->" in drawn
    assert "<!-- 0.5 -->" not in drawn
    assert "<!-- 0.50 -->" not in drawn

"""The laws that every function of the vocabulary obeys, tested on all of them with random points."""

import itertools
import math

import numpy as np
import pytest
from entries import ENTRIES, Entry

from gradproof import prox as p
from gradproof.errors import GradproofError, UnsupportedError

GAMMAS = (0.3, 1.0, 2.7)
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name.replace(" ", "-"))


def points(entry: Entry, count: int = 6, spread: float = 2.0, seed: int = 0):
    random = np.random.default_rng([seed, *entry.name.encode()])
    return [spread * random.standard_normal(entry.shape) * random.choice([0.1, 1.0, 2.0]) for _ in range(count)]


def steps(entry: Entry):
    if entry.f.traits.is_separable:
        return [*GAMMAS, np.random.default_rng(3).uniform(0.2, 3.0, entry.shape)]
    return GAMMAS


def penalized(f, z, x, gamma):
    return f.value(z) + float(np.sum((z - x) ** 2 / (2 * np.asarray(gamma))))


@every_entry
def test_prox_minimizes(entry):
    random = np.random.default_rng(1)
    for x in points(entry):
        for gamma in steps(entry):
            point, value = entry.f.prox(x, gamma)
            assert math.isfinite(value)
            assert value == pytest.approx(entry.f.value(point), rel=1e-9, abs=1e-9)
            best = penalized(entry.f, point, x, gamma)
            others = [
                x,
                np.zeros_like(x),
                *(point + size * random.standard_normal(x.shape) for size in (1e-4, 1e-2, 0.1, 1, 1) * 4),
            ]
            if entry.f.traits.is_proximable:
                others += [entry.f.prox(other, 0.5)[0] for other in others]
            assert best <= min(penalized(entry.f, other, x, gamma) for other in others) + 1e-8 * (1 + abs(best))


@every_entry
def test_prox_is_the_naive_prox(entry):
    if not entry.has_naive:
        pytest.skip("the naive prox of an envelope runs a naive prox in every step")
    for x in points(entry, 3):
        for gamma in steps(entry)[-2:]:
            fast, naive = entry.f.prox(x, gamma)[0], entry.f.naive_prox(x, gamma)
            if entry.f.traits.is_convex:
                np.testing.assert_allclose(fast, naive, atol=2e-5)
            else:
                assert penalized(entry.f, fast, x, gamma) == pytest.approx(penalized(entry.f, naive, x, gamma), rel=1e-9, abs=1e-9)


@every_entry
def test_prox_is_firmly_nonexpansive(entry):
    if not entry.f.traits.is_convex:
        pytest.skip("not convex")
    drawn = points(entry, 8)
    for x, y in itertools.pairwise(drawn):
        for gamma in GAMMAS:
            a, b = entry.f.prox(x, gamma)[0], entry.f.prox(y, gamma)[0]
            assert np.sum((a - b) ** 2) <= np.sum((a - b) * (x - y)) + 1e-9


@every_entry
def test_moreau_identity(entry):
    if not entry.f.traits.is_convex:
        pytest.skip("not convex")
    conjugate = p.Conjugate(entry.f)
    for x in points(entry):
        for gamma in GAMMAS:
            point, value = entry.f.prox(x, gamma)
            dual = conjugate.prox(x / gamma, 1 / gamma)[0]
            np.testing.assert_allclose(point + gamma * dual, x, atol=1e-9)
            # Fenchel and Young hold with equality exactly where the second is a subgradient at the first.
            slope = (x - point) / gamma
            total = value + entry.f.conjugate_value(slope)
            assert total == pytest.approx(float(np.sum(point * slope)), rel=1e-7, abs=1e-7)


@every_entry
def test_conjugate_inequality(entry):
    if not entry.f.traits.is_convex:
        pytest.skip("not convex")
    drawn = points(entry, 8)
    inside = [entry.f.prox(x, 1.0)[0] for x in drawn]
    slopes = [x - point for x, point in zip(drawn, inside, strict=True)]
    for x in [*drawn, *inside]:
        for y in [*drawn, *slopes]:
            total = entry.f.value(x) + entry.f.conjugate_value(y)
            assert total >= float(np.sum(x * y)) - 1e-7 * (1 + np.abs(x * y).sum())


@every_entry
def test_dual_norm_bounds_products(entry):
    traits = entry.f.traits
    is_gauge = traits.is_convex and traits.is_positively_homogeneous and not traits.is_indicator
    if not is_gauge or min(entry.f.value(-abs(x)) for x in points(entry)) < 0:
        with pytest.raises(UnsupportedError):
            entry.f.dual_norm(points(entry)[0])
        return
    for x in points(entry, 3):
        point = entry.f.prox(x)[0]
        slope = x - point
        # Away from zero a subgradient has dual norm 1, and the product of both is the value.
        if point.any() and entry.f.value(point) > 1e-6:
            assert entry.f.dual_norm(slope) == pytest.approx(1, rel=1e-5)
        if 0 < entry.f.dual_norm(x) < math.inf:
            for other in points(entry, 3, seed=5):
                product = float(np.sum(x * other))
                assert product <= entry.f.value(other) * entry.f.dual_norm(x) * (1 + 1e-4) + 1e-9
    assert entry.f.dual_norm(np.zeros(entry.shape)) == 0


@every_entry
def test_extreme_arguments_are_no_trouble(entry):
    x = points(entry)[0]
    for point, gamma in [
        (0 * x, 1.0),
        (1e-200 * x, 1.0),
        (x, 1e-12),
        (x, 1e12),
        ((1e18 * x).astype(np.float32), 1.0),
        (1e60 * x, 1.0),
        (1e8 * x, 1e10),
    ]:
        found, value = entry.f.prox(point, gamma)
        assert np.isfinite(found).all()
        assert not math.isnan(value)


@every_entry
def test_subdifferential_distance(entry):
    try:
        entry.f.subdifferential_distance(*([entry.f.prox(points(entry)[0])[0]] * 2))
    except UnsupportedError:
        pytest.skip("no distance")
    random = np.random.default_rng(2)
    for x in points(entry):
        for gamma in GAMMAS:
            point = entry.f.prox(x, gamma)[0]
            slope = (x - point) / gamma
            assert entry.f.subdifferential_distance(point, slope) <= 1e-6 * (1 + np.linalg.norm(slope))
            for size in (0.03, 1.0):
                moved = slope + size * random.standard_normal(x.shape)
                away = entry.f.subdifferential_distance(point, moved)
                # A subgradient is that close, and the prox of point + moved tells how far it must be at least.
                assert away <= np.linalg.norm(moved - slope) + 1e-6
                if entry.f.traits.is_convex:
                    assert away >= np.linalg.norm(point - entry.f.prox(point + moved, 1.0)[0]) - 1e-6


@every_entry
def test_gradient_is_that_of_finite_differences(entry):
    if not entry.f.traits.is_smooth:
        with pytest.raises(UnsupportedError):
            entry.f.gradient(points(entry)[0])
        return
    random, h = np.random.default_rng(4), 1e-5
    for x in points(entry):
        gradient, value = entry.f.gradient(x)
        assert value == entry.f.value(x)
        direction = random.standard_normal(entry.shape)
        difference = (entry.f.value(x + h * direction) - entry.f.value(x - h * direction)) / (2 * h)
        assert float(np.sum(gradient * direction)) == pytest.approx(difference, rel=1e-4, abs=1e-4)


@every_entry
def test_traits_convex_and_curved(entry):
    drawn = [entry.f.prox(x, 0.7)[0] for x in points(entry, 10)]
    mu = entry.f.strong_convexity
    assert entry.f.traits.is_strongly_convex == (mu > 0)
    if not entry.f.traits.is_convex:
        pytest.skip("not convex")
    for x in drawn:
        for y in drawn:
            middle = entry.f.value(0.5 * (x + y))
            bound = 0.5 * (entry.f.value(x) + entry.f.value(y)) - mu / 8 * float(np.sum((x - y) ** 2))
            assert middle <= bound + 1e-8 * (1 + abs(bound))


@every_entry
def test_traits_smooth(entry):
    if not entry.f.traits.is_smooth:
        assert entry.f.smoothness == np.inf
        pytest.skip("not smooth")
    drawn = points(entry, 10)
    assert np.isfinite(entry.f.smoothness)
    for x, y in itertools.pairwise(drawn):
        change = np.linalg.norm(entry.f.gradient(x)[0] - entry.f.gradient(y)[0])
        assert change <= entry.f.smoothness * np.linalg.norm(x - y) * (1 + 1e-9) + 1e-9


@every_entry
def test_traits_of_values(entry):
    traits = entry.f.traits
    inside = [entry.f.prox(x, 0.7)[0] for x in points(entry)]
    values = [entry.f.value(x) for x in [*points(entry), *inside]]
    assert not traits.is_finite or np.isfinite(values).all()
    assert not traits.is_indicator or set(values) <= {0.0, np.inf}
    assert not traits.is_cone_indicator or (traits.is_indicator and traits.is_positively_homogeneous)
    for x in [*points(entry), *inside]:
        for t in (0.5, 3.0):
            if traits.is_positively_homogeneous:
                assert entry.f.value(t * x) == pytest.approx(t * entry.f.value(x), rel=1e-9, abs=1e-9)
    if traits.is_positively_homogeneous and traits.is_convex:
        assert all(entry.f.conjugate_value(x) in (0.0, np.inf) for x in points(entry))


@every_entry
def test_traits_separable(entry):
    if not entry.f.traits.is_separable:
        with pytest.raises(GradproofError):
            entry.f.prox(points(entry)[0], np.full(entry.shape, 0.5))
        return
    inside = [entry.f.prox(x, 0.7)[0] for x in points(entry)]
    for x, y in itertools.pairwise(inside):
        mixed, rest = x.copy(), y.copy()
        mixed.flat[0], rest.flat[0] = y.flat[0], x.flat[0]
        assert entry.f.value(mixed) + entry.f.value(rest) == pytest.approx(entry.f.value(x) + entry.f.value(y), abs=1e-9)
        np.testing.assert_array_equal(entry.f.prox(mixed, 0.5)[0].flat[1:], entry.f.prox(x, 0.5)[0].flat[1:])


@every_entry
def test_single_precision_stays_single(entry):
    x = points(entry)[0].astype(np.float32)
    point, _ = entry.f.prox(x, 0.7)
    assert point.dtype == np.float32
    np.testing.assert_allclose(point, entry.f.prox(x.astype(np.float64), 0.7)[0], atol=2e-4, rtol=1e-3)


@every_entry
def test_arguments_are_not_changed(entry):
    for x in points(entry):
        kept = x.copy()
        entry.f.prox(x, 0.5)
        entry.f.value(x)
        np.testing.assert_array_equal(x, kept)


@every_entry
def test_bad_arguments_are_refused(entry):
    x = points(entry)[0]
    for gamma in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(GradproofError, match="gamma"):
            entry.f.prox(x, gamma)
    broken = x.copy()
    broken.flat[1] = np.nan
    with pytest.raises(GradproofError, match="nan at"):
        entry.f.prox(broken)
    with pytest.raises(GradproofError, match="real numbers"):
        entry.f.value(x.astype(object))


@pytest.mark.parametrize("size", [1e8, 1e16, 1e40])
@pytest.mark.parametrize("f", [p.L1(0.8), p.Max(0.8), p.TotalVariation1D(0.8), p.Logistic(), p.L2(0.8)], ids=repr)
def test_the_proximal_point_of_a_conjugate_is_in_its_domain_from_far_away(f, size):
    conjugate = p.Conjugate(f)
    x = size * np.array([1.0, -0.5, 2.0, 0.25])
    for gamma in GAMMAS:
        point, value = conjugate.prox(x, gamma)
        assert math.isfinite(value)
        assert math.isfinite(conjugate.value(point))
    if isinstance(f, p.L1):
        np.testing.assert_allclose(point, 0.8 * np.sign(x), rtol=1e-12)


@pytest.mark.parametrize("gamma", [1e4, 1e8, 1e12, 1e16])
def test_the_logistic_loss_with_long_steps(gamma):
    x = np.array([0.0, 1.0, -5.0, 30.0])
    z = p.Logistic().prox(x, gamma)[0]
    # z - x = gamma sigma(-z), compared by logarithms.
    np.testing.assert_allclose(np.log(z - x), np.log(gamma) - np.logaddexp(0, z), atol=1e-9)


def test_shifts_of_what_is_no_sum_keep_their_subgradients():
    random = np.random.default_rng(5)
    inner = p.PlusQuadratic(p.L1PlusL2(6, 0.4, 0.9), 0.7)
    f = p.Translate(p.Translate(inner, random.standard_normal(6)), 0.3)
    for _ in range(20):
        x = 3 * random.standard_normal(6)
        point = f.prox(x)[0]
        # Entries at a kink are there up to the rounding of both shifts.
        assert f.subdifferential_distance(point, x - point) < 1e-12


def test_a_rotated_support_function_is_finite_at_its_proximal_points():
    random = np.random.default_rng(6)
    rotation = np.linalg.qr(random.standard_normal((6, 6)))[0]
    f = p.PrecomposeOrthogonal(p.Conjugate(p.Box(-0.5, [0.1, 2.0, np.inf, 0.2, np.inf, 0.4])), rotation)
    for _ in range(20):
        x = 3 * random.standard_normal(6)
        point, value = f.prox(x)
        assert math.isfinite(value)
        assert value + f.conjugate_value(x - point) == pytest.approx(point @ (x - point))
    assert f.value(rotation.T @ np.eye(6)[2]) == np.inf


def test_sets_without_a_point_of_no_entries_say_so():
    for f in (p.Simplex(), p.Sphere(), p.Scale(p.Simplex(), 2.0), p.Conjugate(p.Simplex())):
        with pytest.raises(GradproofError, match="at least one entry"):
            f.prox(np.zeros(0))


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(GradproofError, match="unequal length"):
        p.L1().prox([[1.0], [2.0, 3.0]])

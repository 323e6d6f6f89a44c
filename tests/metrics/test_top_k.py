"""The top-k error against plain counting and against scikit-learn; ties, weights, streams, bad input."""

import itertools
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import gradproof
from gradproof.errors import GradproofError
from gradproof.metrics import TopKError, top_k_error, top_k_error_per_class

RANDOM = np.random.default_rng(5)


def plain(scores, truth, k, ties):
    """The definition, sample by sample; 'expected' goes through all orders of the tied classes."""
    total = Fraction(0)
    for row, labels in zip(scores.tolist(), truth, strict=True):
        best = max(row[label] for label in labels)
        higher = sum(score > best for score in row)
        tied = [j for j, score in enumerate(row) if score == best]
        others = [j for j in tied if j not in labels]
        if ties == "optimistic":
            total += higher >= k
        elif ties == "pessimistic":
            total += higher + len(others) >= k
        else:
            orders = list(itertools.permutations(tied))
            total += Fraction(sum(not set(order[: max(k - higher, 0)]) & set(labels) for order in orders), len(orders))
    return float(total / len(truth))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int8, np.uint16])
@pytest.mark.parametrize("ties", ["optimistic", "pessimistic", "expected"])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_against_plain_counting(dtype, ties, order):
    scores = RANDOM.integers(0, 4, (60, 6)).astype(dtype)
    if order == "F":
        scores = np.asfortranarray(scores)
    if order == "strided":
        scores = np.repeat(scores, 2, axis=1)[:, ::2]
    labels = RANDOM.integers(0, 6, 60)
    ks = [1, 2, 3, 6]
    expected = [plain(scores, [[label] for label in labels], k, ties) for k in ks]
    np.testing.assert_allclose(top_k_error(scores, labels, ks, ties=ties), expected, atol=1e-15)


@pytest.mark.parametrize("ties", ["optimistic", "pessimistic", "expected"])
def test_several_true_classes(ties):
    scores = RANDOM.integers(0, 4, (60, 6)).astype(float)
    indicator = RANDOM.random((60, 6)) < 0.4
    indicator[np.arange(60), RANDOM.integers(0, 6, 60)] = True
    lists = [np.flatnonzero(row).tolist() for row in indicator]
    for k in (1, 2, 4):
        expected = plain(scores, lists, k, ties)
        assert top_k_error(scores, lists, k, ties=ties) == pytest.approx(expected, abs=1e-15)
        assert top_k_error(scores, indicator, k, ties=ties) == pytest.approx(expected, abs=1e-15)
        assert top_k_error(scores, indicator.astype(int), k, ties=ties) == pytest.approx(expected, abs=1e-15)


def test_against_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    scores, labels = RANDOM.standard_normal((500, 12)), RANDOM.integers(0, 12, 500)
    weights = RANDOM.random(500)
    for k in (1, 3, 11):
        accuracy = metrics.top_k_accuracy_score(labels, scores, k=k, labels=np.arange(12), sample_weight=weights)
        assert top_k_error(scores, labels, k, sample_weight=weights) == pytest.approx(1 - accuracy, abs=1e-12)


def test_blocks_and_threads_give_the_same(monkeypatch):
    from gradproof.metrics import ranks

    scores, labels = RANDOM.standard_normal((1000, 7)), RANDOM.integers(0, 7, 1000)
    whole = top_k_error(scores, labels, [1, 2, 3])
    monkeypatch.setattr(ranks, "_BLOCK_BYTES", 2000)
    np.testing.assert_array_equal(top_k_error(scores, labels, [1, 2, 3]), whole)
    np.testing.assert_array_equal(top_k_error(scores, labels, [1, 2, 3], threads=3), whole)
    broken = scores.copy()
    broken[[777, 900], 2] = np.nan
    with pytest.raises(GradproofError, match="NaN in row 777"):
        top_k_error(broken, labels, threads=3)


def test_a_table_of_labels_is_read_in_blocks(monkeypatch, tmp_path):
    from gradproof.metrics import ranks

    monkeypatch.setattr(ranks, "_BLOCK_BYTES", 1 << 16)
    scores, marks = RANDOM.standard_normal((20_000, 50)), np.zeros((20_000, 50))
    labels = RANDOM.integers(0, 50, 20_000)
    marks[np.arange(20_000), labels] = 1
    np.save(tmp_path / "marks.npy", marks)
    on_disk = np.load(tmp_path / "marks.npy", mmap_mode="r")
    top_k_error(scores[:100], on_disk[:100], [1, 5])
    tracemalloc.start()
    found = top_k_error(scores, on_disk, [1, 5])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found, top_k_error(scores, labels, [1, 5]))
    # The arrays of one number for each row take 2.6 MB; a copy of the table in whole numbers takes 8 MB.
    assert peak < 4e6


def test_a_stream_gives_the_same_as_all_at_once():
    scores, labels, weights = RANDOM.integers(0, 5, (300, 8)).astype(float), RANDOM.integers(0, 8, 300), RANDOM.random(300)
    counter, half = TopKError([1, 3], ties="expected"), TopKError([1, 3], ties="expected")
    for start in range(0, 200, 64):
        rows = slice(start, min(start + 64, 200))
        counter.update(scores[rows], labels[rows], sample_weight=weights[rows])
    half.update(scores[200:], labels[200:], sample_weight=weights[200:])
    counter.merge(half)
    expected = top_k_error(scores, labels, [1, 3], ties="expected", sample_weight=weights)
    np.testing.assert_allclose(counter.result(), expected, atol=1e-14)
    of_classes = [top_k_error_per_class(scores, labels, k, ties="expected", sample_weight=weights) for k in (1, 3)]
    np.testing.assert_allclose(counter.per_class(), of_classes, atol=1e-14)
    for label in range(8):
        rows = labels == label
        alone = top_k_error(scores[rows], labels[rows], 3, ties="expected", sample_weight=weights[rows])
        assert of_classes[1][label] == pytest.approx(alone, abs=1e-14)


def test_a_refused_batch_changes_nothing():
    counter = TopKError(1)
    counter.update([[0.1, 0.9]], [0])
    with pytest.raises(GradproofError, match="NaN in row 2"):
        counter.update([[0.1, 0.2], [np.nan, 0.9]], [0, 0])
    assert (counter.result(), counter.samples) == (1.0, 1)


def test_ties_are_stated():
    scores = [[1.0, 1.0, 0.0], [3.0, 2.0, 1.0]]
    assert top_k_error(scores, [0, 0]) == 0
    assert top_k_error(scores, [0, 0], ties="pessimistic") == 0.5
    assert top_k_error(scores, [0, 0], ties="expected") == 0.25
    assert top_k_error(scores, [0, 0], 2, ties="strict") == 0
    with pytest.raises(GradproofError, match="row 0 \\(1 in all\\)"):
        top_k_error(scores, [0, 0], 1, ties="strict")
    counter = TopKError([1, 2])
    counter.update(scores, [0, 0])
    assert counter.decided_by_ties == [1, 0]


def test_infinite_scores_are_ordered():
    assert top_k_error([[-np.inf, np.inf, 0.0]], [2], [1, 2]).tolist() == [1.0, 0.0]


def test_class_without_samples_is_nan():
    np.testing.assert_array_equal(top_k_error_per_class([[0.1, 0.9, 0.0]], [0]), [1.0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("scores", "labels", "options", "message"),
    [
        ([[np.nan, 1.0]], [1], {}, "NaN in row 0"),
        ([[1.0, np.nan]], [1], {}, "NaN in row 0"),
        ([[0.0, 1.0]], [2], {}, "got 2 in row 0"),
        ([[0.0, 1.0]], [-1], {}, "from 0 to 1"),
        ([[0.0, 1.0]], [0.5], {}, "whole numbers"),
        ([[0.0, 1.0]], [0, 1], {}, "one entry for each of 1 rows"),
        ([[0.0, 1.0]], [[]], {}, "true class"),
        ([[0.0, 1.0]], [[1, 1]], {"k": 1}, "once|zeros and ones|whole"),
        ([[0.0, 1.0, 2.0]], [[1, 1]], {}, "one twice in row 0"),
        (np.zeros((3, 2)), np.array([[0, 1], [1, 0], [2, 1]]), {}, "zeros and ones, got 2 in row 2"),
        (np.zeros((2, 2)), np.array([[0, 1], [np.nan, 1]]), {}, "zeros and ones, got nan in row 1"),
        (np.zeros((1, 2)), np.array([["a", "b"]]), {}, "zeros and ones, got a in row 0"),
        (np.zeros((3, 2)), np.array([[0, 1], [1, 0], [0, 0]]), {}, "true class, got none in row 2"),
        ([[0.0, 1.0]], [1], {"k": 3}, "at most the number of classes"),
        ([[0.0, 1.0]], [1], {"k": 0}, "at least 1"),
        ([[0.0, 1.0]], [1], {"k": True}, "at least 1"),
        ([[0.0, 1.0]], [1], {"k": []}, "at least one k"),
        ([[0.0, 1.0]], [1], {"ties": "random"}, "ties has to be one of"),
        ([[0.0, 1.0]], [1], {"sample_weight": [-1.0]}, "at least 0"),
        ([[0.0, 1.0]], [1], {"sample_weight": [0.0]}, "positive weight"),
        ([[0.0, 1.0]], [1], {"sample_weight": [1.0, 2.0]}, "shape"),
        (np.zeros((0, 3)), np.zeros(0, dtype=int), {}, "at least one sample"),
        ([0.0, 1.0], [1], {}, "a row for each sample"),
        ([["a", "b"]], [1], {}, "real numbers"),
        ([[1j, 0]], [1], {}, "real numbers"),
    ],
)
def test_bad_input(scores, labels, options, message):
    with pytest.raises(GradproofError, match=message):
        top_k_error(scores, labels, **options)


def test_it_is_an_attribute_of_the_package():
    assert gradproof.top_k_error is top_k_error


@pytest.mark.parametrize(
    "labels",
    [
        [{0}, {1, 2}, frozenset({2})],
        [np.array([0]), (1, 2), 2],
        np.array([[0], [1, 2], [2]], dtype=object),
        sparse.csr_matrix([[1, 0, 0], [0, 1, 1], [0, 0, 1]]),
    ],
    ids=["sets", "mixed", "objects", "sparse"],
)
def test_true_classes_in_every_form(labels):
    scores = [[0.9, 0.1, 0.0], [0.5, 0.1, 0.4], [0.3, 0.6, 0.1]]
    np.testing.assert_allclose(top_k_error(scores, labels, k=[1, 2, 3]), [2 / 3, 1 / 3, 0])


@pytest.mark.parametrize("kind", ["i8", "u8", ">i8"])
def test_wide_integers_are_not_tied(kind):
    scores = np.array([[2**60, 2**60 + 1], [2**60 + 1, 2**60]], dtype=kind)
    assert top_k_error(scores, [0, 0], ties="strict") == 0.5


def test_a_number_may_be_an_array_without_axes():
    assert top_k_error([[0.1, 0.9]], [1], k=np.array(1)) == 0.0


@pytest.mark.parametrize(
    ("scores", "labels", "weights", "message"),
    [
        ([[1.0, 2.0], [1.0]], [0, 0], None, "rows of one length"),
        ([[1.0, 2.0]] * 2, [[0], [[1], [0]]], None, "list of class numbers"),
        ([[1.0, 2.0]] * 2, [0, 0], ["a", "b"], "real numbers"),
        ([[1.0, 2.0]] * 2, [0, 0], [1.5e308, 1.5e308], "finite sum"),
        (np.ma.masked_greater([[1.0, 2.0]] * 2, 1.5), [0, 0], None, "masked"),
        (sparse.csr_matrix([[1.0, 2.0]] * 2), [0, 0], None, "toarray"),
    ],
)
def test_what_is_no_table_is_named(scores, labels, weights, message):
    with pytest.raises(GradproofError, match=message):
        top_k_error(scores, labels, sample_weight=weights)

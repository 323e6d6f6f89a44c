"""Pictures: well-formed, self-contained, described in words, safe with any name."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from gradproof.tsne.classes import COLORS, find_classes
from gradproof.tsne.inputs import InputError
from gradproof.tsne.page import draw_page
from gradproof.tsne.plot import draw_map
from gradproof.tsne.plot_labels import label_places, shortened

PLACES = np.random.default_rng(0).standard_normal((60, 2))
NAMES = np.array(["a", "<b>&", "</script>"])[np.arange(60) % 3]


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_svg_shows_every_point_legend_names_and_words(dimensions):
    places = np.random.default_rng(0).standard_normal((60, dimensions))
    picture = ElementTree.fromstring(draw_map(places, NAMES, "Mine & yours"))
    space = "{http://www.w3.org/2000/svg}"
    marks = [path.get("d").count("M") for path in picture.iter(f"{space}path")]
    assert sorted(marks) == [1, 1, 1, 20, 20, 20]
    texts = [text.text for text in picture.iter(f"{space}text")]
    assert sorted(texts) == sorted([*set(NAMES), *set(NAMES)])
    assert picture.find(f"{space}title").text == "Mine & yours"
    assert "60 points in 3 classes" in picture.find(f"{space}desc").text
    assert len({path.get("fill") for path in picture.iter(f"{space}path")}) == 3


def test_page_is_self_contained_and_safe():
    page = draw_page(PLACES, NAMES)
    assert page.count("</script>") == 2
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', page)[1])
    assert sorted(facts["names"]) == sorted(set(NAMES))
    assert [facts["names"][code] for code in facts["c"]] == list(NAMES)
    assert not re.search(r"(src|href)=", page)


def test_many_classes_and_wrong_counts():
    assert ">other<" in draw_map(np.random.default_rng(0).standard_normal((90, 2)), np.arange(90) // 2)
    with pytest.raises(InputError, match="each of the 60"):
        draw_map(PLACES, NAMES[:5])


def test_ten_classes_have_ten_colors_and_seventy_a_sign_of_their_own():
    assert len({each.color for each in find_classes(np.arange(30) % 10, 30)}) == 10
    signs = [(each.color, each.shape) for each in find_classes(np.arange(60) % 30, 60)]
    assert len(set(signs)) == 30
    assert len(set(COLORS)) == 10


def test_names_do_not_cover_each_other():
    names = ["one", "two", "three", "a long name", "", "six"]
    middles = np.array([[450.0, 450], [450, 450], [455, 452], [440, 449], [2, 2], [899, 899]])
    places = label_places(names, middles, 24, 900)
    halves = np.array([[0.62 * 24 * max(len(name), 1) / 2, 1.15 * 12] for name in names])
    apart = np.abs(places[:, None] - places[None]) - (halves[:, None] + halves[None])
    assert (np.maximum(apart[..., 0], apart[..., 1])[np.triu_indices(6, 1)] > -1).all()
    assert (places >= halves - 1e-9).all()
    assert (places <= 900 - halves + 1e-9).all()
    assert np.abs(places - middles).max() < 120
    assert shortened("x" * 30) == "x" * 13 + "…"


def test_the_legend_of_a_page_is_text_of_its_own():
    page = draw_page(PLACES, NAMES)
    assert "<li>" in page
    assert "&lt;b&gt;&amp; (20)" in page
    assert "<li>" not in draw_page(PLACES)

"""Pictures: well-formed, self-contained, described in words, safe with any name."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from gradproof.tsne.inputs import InputError
from gradproof.tsne.plot import draw_map, draw_page

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

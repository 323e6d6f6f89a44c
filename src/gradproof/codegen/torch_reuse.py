"""Arrays of PyTorch whose memory serves for what is made of them: a large array that nothing else reads is not copied."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_RECTIFIED = re.compile(r"(\w+) = torch\.clamp\((\w+), min=0\.0\)")
#: What makes an array of its own, which no argument and no other array shares.
_MAKES_ITS_OWN = "torch.nn.functional.conv"


def reusing(lines: Sequence[str]) -> list[str]:
    """Return the lines of a function body where the result of a convolution is rectified in its own memory, if that is its only use."""
    words = Counter(word for line in lines for word in re.findall(r"\w+", line))
    made: set[str] = set()
    found: list[str] = []
    for line in lines:
        name, _, code = line.partition(" = ")
        if code.startswith(_MAKES_ITS_OWN) and code.endswith(")"):
            made.add(name)
        match = _RECTIFIED.fullmatch(line)
        if match and match[2] in made and words[match[2]] == 2:
            line = f"{match[1]} = torch.clamp_({match[2]}, min=0.0)"
        found.append(line)
    return found

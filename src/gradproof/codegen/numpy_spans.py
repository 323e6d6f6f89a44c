"""Sums over spans whose ends move in NumPy: a slice for each span, along one axis after another."""

from __future__ import annotations

from gradproof.codegen.array import Array
from gradproof.codegen.spans import Spans, places_of, positions_of
from gradproof.codegen.window_layout import Tools, whole
from gradproof.elaborate.sizes import extent

#: Helpers that a module carries where its code calls them, in the order in which they may stand.
HELPERS = {
    "spans": '''def spans(first, last):
    """Where spans of an axis begin and end, one pair for each."""
    return [(max(0, int(a)), int(b)) for a, b in zip(*np.broadcast_arrays(first, last))]
''',
    "over_spans": '''def over_spans(function, start, image, *axes):
    """The spans of the last axes of an image under a function of two arguments, which begins with a number: sums, or maxima."""
    for axis, found in enumerate(axes, start=image.ndim - len(axes)):
        before = (slice(None),) * axis
        result = np.empty((*image.shape[:axis], len(found), *image.shape[axis + 1 :]), image.dtype)
        for place, (first, last) in enumerate(found):
            result[(*before, place)] = function.reduce(image[(*before, slice(first, last))], axis=axis, initial=start)
        image = result
    return image
''',
    "into_spans": '''def into_spans(flow, lengths, *axes):
    """The sum of ``flow`` over all spans that a place is in, for each place of an image whose last axes have some lengths."""
    for axis, (length, found) in enumerate(zip(lengths, axes), start=flow.ndim - len(axes)):
        before = (slice(None),) * axis
        image = np.zeros((*flow.shape[:axis], length, *flow.shape[axis + 1 :]), flow.dtype)
        for place, (first, last) in enumerate(found):
            image[(*before, slice(first, last))] += flow[(*before, slice(place, place + 1))]
        flow = image
    return flow
''',
    "to_span_maxima": '''def to_span_maxima(flow, image, maxima, *axes):
    """The sum over all spans of ``flow`` at each place where ``image`` is the maximum of the span; all maxima count."""
    result = np.zeros_like(image)
    for places in np.ndindex(*map(len, axes)):
        span = (..., *(slice(*found[place]) for found, place in zip(axes, places)))
        own = (..., *(slice(place, place + 1) for place in places))
        result[span] += np.where(image[span] == maxima[own], flow[own], 0)
    return result
''',
}
_FUNCTIONS = {"sum": "np.add, 0.0", "max": "np.maximum, -np.inf", "min": "np.minimum, np.inf"}


def numpy_spans(spans: Spans, tools: Tools) -> Array:
    """Return the code of what is computed over spans: the call of a helper."""
    ends = ", ".join(f"spans({', '.join(tools.over(end, (link.position,)) for end in link.ends)})" for link in spans.links)
    positions, places = positions_of(spans), places_of(spans)
    batch = spans.batch(spans.image, spans.result, spans.tops)
    if spans.operation in _FUNCTIONS:
        image = whole(spans.image, (*batch, *places), tools, "np.broadcast_to")
        return Array(f"over_spans({_FUNCTIONS[spans.operation]}, {image}, {ends})", (*batch, *positions))
    result = whole(spans.result, (*batch, *positions), tools, "np.broadcast_to")
    if spans.operation == "into":
        lengths = ", ".join(tools.size(extent(place)) for place in places)
        return Array(f"into_spans({result}, [{lengths}], {ends})", (*batch, *places))
    image = whole(spans.image, (*batch, *places), tools, "np.broadcast_to")
    tops = whole(spans.tops, (*batch, *positions), tools, "np.broadcast_to")
    return Array(f"to_span_maxima({result}, {image}, {tops}, {ends})", (*batch, *places))

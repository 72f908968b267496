"""What tags of spans may follow each other, for BIO and BILOU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TagRules:
    """Which paths over tags spell spans.

    follows[i, j]: tag j may stand right after tag i. starts, stops: tags that may be a document's
    first and last. continues[i, j]: tag j after tag i can belong to the same span only because no
    tag of the scheme marks a span's end; all false in BILOU.
    """

    follows: Flags
    starts: Flags
    stops: Flags
    continues: Flags


def allowed_transitions(tags: Sequence[str]) -> TagRules:
    """The rules of a set of tags: "O" and "B-X", "I-X", and "L-X", "U-X" in BILOU.

    BIO is read strictly: I-X stands only after B-X or I-X, so that each span has one spelling.
    """
    prefix = np.array([tag[:1] for tag in tags])
    label = np.array([tag[2:] for tag in tags])
    ends_marked = bool(np.isin(prefix, ["L", "U"]).any())
    goes_on = np.isin(prefix, ["I", "L"])
    begun = np.isin(prefix, ["B", "I"])
    same = (label[:, None] == label[None, :]) & begun[:, None] & goes_on[None, :]
    # A tag that goes on with a span needs that span before it; any other needs none left open.
    closed = ~begun if ends_marked else np.ones(len(tags), dtype=np.bool_)
    return TagRules(
        follows=same | (closed[:, None] & ~goes_on[None, :]),
        starts=~goes_on,
        stops=closed,
        continues=same & (not ends_marked),
    )

"""Synthetic clinical notes with gold PHI spans, for training and testing de-identification.

Discharge summaries, progress and nursing notes, letters, laboratory and radiology reports, and
others, of 100 to 6,000 words; PHI of every type of `deid.labels`, in the places and shapes that
notes have. Train, dev and test share no template and no name, street, hospital, employer or filler
sentence. About 300 notes of 300 words a second on one core.

How far their numbers carry: a score on the test notes says whether a model finds known kinds of PHI
in new wording with new names. All wording is one team's, so it says nothing of another hospital's
notes, where a published system fell from 0.955 to 0.857 strict F1 (University of Florida, 2019).
Report it beside scores on real or foreign sets, never in their place. Where the 2014 i2b2
guidelines leave a choice the conventions are ours: an age is its number, a range is one span.
"""

import math
from collections.abc import Iterator, Sequence
from random import Random

from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.synthetic.builder import NoteBuilder, draw_style
from spacy_modernbert_bio.corpora.synthetic.case import Case
from spacy_modernbert_bio.corpora.synthetic.compose import Composer, choose_template
from spacy_modernbert_bio.corpora.synthetic.fillers import passages_of, plain_passages
from spacy_modernbert_bio.corpora.synthetic.pools import pools, split_of_text
from spacy_modernbert_bio.corpora.synthetic.template import SPLITS, Split
from spacy_modernbert_bio.errors import ConfigError

WORDS = (100, 6000)
HARD = 0.3
# No template is shorter.
_FEWEST_WORDS = 40


def generate_notes(
    count: int,
    *,
    seed: int,
    split: Split,
    fillers: Sequence[str] = (),
    words: tuple[int, int] = WORDS,
    hard: float = HARD,
) -> Iterator[Document]:
    """Notes of one split, with spans in order that neither overlap nor touch blanks.

    seed: the same gives the same notes; the first ten of a hundred are those of ten.
    fillers: texts to build around; without them a long note repeats its sentences. What may hold
    PHI is left out of them sentence by sentence, and a third of them is for each split.
    words: the shortest and the longest note; lengths between are even on a logarithmic scale. A
    template's own words may take a note some twenty words out of it.
    hard: from 0 to 1, how often names are words as well, notes are all capitals or without blanks,
    numbers are broken over lines, and sentences come in that only look like PHI.

    A document's id is its split and number, its `where` the name of its template.

    Raises ConfigError for a count, a split, lengths or a hardness that cannot be.
    """
    _check(count, split, words, hard)
    return _generate(count, seed, split, fillers, words, hard)


def _check(count: int, split: str, words: tuple[int, int], hard: float) -> None:
    def refuse(option: str, found: str, wanted: str) -> None:
        raise ConfigError(where=f"generate_notes({option}=...)", found=found, wanted=wanted)

    if count < 0:
        refuse("count", str(count), "0 or more")
    if split not in SPLITS:
        refuse("split", repr(split), ", ".join(SPLITS))
    if not _FEWEST_WORDS <= words[0] <= words[1]:
        refuse("words", f"{words[0]} to {words[1]}", f"{_FEWEST_WORDS} or more, up to no fewer")
    if not 0 <= hard <= 1:
        refuse("hard", str(hard), "a number from 0 to 1")


def _generate(
    count: int,
    seed: int,
    split: Split,
    fillers: Sequence[str],
    words: tuple[int, int],
    hard: float,
) -> Iterator[Document]:
    pool = pools(split)
    passages = tuple(plain_passages(each for each in fillers if split_of_text(each) == split))
    fitting = [passages_of(passages, is_female=is_female) for is_female in (False, True)]
    for index in range(count):
        # Each note has a source of its own: how many there are changes none of them.
        rng = Random(f"{seed} {split} {index}")  # noqa: S311 - variety, no secret
        length = draw_length(rng, words)
        template = choose_template(split, length, rng)
        case = Case(rng, pool, hard=hard, is_child=template.kind == "pediatric")
        builder = NoteBuilder(draw_style(rng, hard=hard), rng)
        Composer(case, builder, split, fitting[case.people["patient"].is_female]).write(
            template, length
        )
        text, spans = builder.finish()
        yield Document(f"{split}-{index:05}", text, spans, where=template.name)


def draw_length(rng: Random, words: tuple[int, int]) -> int:
    """A length in words: as likely between 100 and 200 as between 200 and 400."""
    low, high = words
    return round(low * math.exp(rng.random() * math.log(high / low)))

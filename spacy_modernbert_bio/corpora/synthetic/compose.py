"""A whole note from a template: its slots filled, its bodies written to the length asked for."""

from collections.abc import Sequence
from random import Random

from spacy_modernbert_bio.corpora.synthetic.builder import NoteBuilder
from spacy_modernbert_bio.corpora.synthetic.case import Case
from spacy_modernbert_bio.corpora.synthetic.slots import fill
from spacy_modernbert_bio.corpora.synthetic.template import (
    Body,
    Choice,
    Slot,
    Split,
    Tab,
    Template,
    note_templates,
    sentence_templates,
)

# The longest notes that a kind has, in words; the others have no limit.
_MOST_WORDS = {
    "intake": 300,
    "lab": 400,
    "nursing": 600,
    "pediatric": 200,
    "radiology": 300,
    "operative": 1200,
    "letter": 2000,
    "ed": 3000,
}
# What a body needs for its first sentence.
_BODY_WORDS = 9
# Tags without filler sentences of their own.
_FILLERS_OF = {"letter": "history", "any": "course", "impression": "radiology"}
# What only looks like PHI there; other tags have "decoy", these none.
_DECOYS_OF = {"radiology": "decoy radiology", "impression": "decoy radiology", "labs": "decoy labs"}
# Whose sentences with PHI are facts that nobody tells twice.
_TOLD_ONCE = frozenset({"child", "letter", "social"})
_NO_DECOYS = frozenset({"social", "child", "any"})
# Running text where passages of real notes fit in.
_PROSE = frozenset({"history", "course", "letter"})
_PAGE_WORDS = 450
_BULLETS = ("- ", "", "* ", "# ", "1. ", "1) ")


def choose_template(split: Split, words: int, rng: Random) -> Template:
    """A template of the split that fits a note of so many words."""
    templates = note_templates(split)
    fitting = [
        each
        for each in templates
        if _least_words(each) <= words <= _MOST_WORDS.get(each.kind, words)
    ]
    return rng.choice(fitting or sorted(templates, key=_least_words)[:3])


def _least_words(template: Template) -> int:
    return template.words + _BODY_WORDS * len(template.bodies)


class Composer:
    """Writes one note into a builder."""

    def __init__(
        self, case: Case, builder: NoteBuilder, split: Split, passages: Sequence[str]
    ) -> None:
        self._case = case
        self._rng = case.rng
        self._builder = builder
        self._sentences = sentence_templates(split)
        self._passages = passages
        self._decks: dict[str, list[Template]] = {}
        self._exhausted: set[str] = set()
        self._next_page = _PAGE_WORDS
        self._paragraph_end = self._rng.choice(("\n", "\n\n"))

    def write(self, template: Template, words: int) -> None:
        """The note. words: how many it is meant to have; it ends within a sentence of them."""
        left_open = max(0, words - template.words)
        weights = sum(body.weight for body in template.bodies) or 1
        for part in template.parts:
            if isinstance(part, Body):
                self._write_body(part, left_open * part.weight // weights)
            else:
                self._write_part(part)

    def _write_part(self, part: str | Slot | Choice | Tab | Body) -> None:
        if isinstance(part, Slot):
            self._builder.add(fill(self._case, part.name, part.form))
        elif isinstance(part, str):
            self._builder.add(((part, ""),))
        elif isinstance(part, Choice):
            self._builder.add(((self._rng.choice(part.words), ""),))
        elif isinstance(part, Tab):
            self._builder.tab(part.column)

    def _write_body(self, body: Body, words: int) -> None:
        builder, rng = self._builder, self._rng
        stop = builder.words + words
        bullet = rng.choice(_BULLETS)
        paragraph = rng.randint(3, 8)
        number = 0
        while not number or builder.words + _BODY_WORDS <= stop:
            number += 1
            if builder.words > self._next_page:
                self._write_page_head()
            elif number > 1:
                builder.add(((self._gap(body, is_new=number % paragraph == 0), ""),))
            if body.listed:
                builder.add(((bullet.replace("1", str(number)), ""),))
            self._write_item(body)
            if not body.listed:
                builder.end_sentence()

    def _gap(self, body: Body, *, is_new: bool) -> str:
        """What stands before an item: a line end, or a blank inside of a paragraph."""
        if body.listed:
            return "\n"
        return self._paragraph_end if is_new else " "

    def _write_page_head(self) -> None:
        self._next_page = self._builder.words + _PAGE_WORDS
        self._builder.add((("\n", ""),))
        self._write_sentence(self._rng.choice(self._sentences["page"]))
        self._builder.add((("\n", ""),))

    def _write_item(self, body: Body) -> None:
        """A sentence with PHI, one that only looks like it, or a filler."""
        drawn = self._rng.random()
        if drawn < 0.04 + 0.12 * self._case.hard and body.tag not in _NO_DECOYS:
            decoys = _DECOYS_OF.get(body.tag, "decoy")
            self._write_sentence(self._deal(decoys, self._sentences[decoys]))
            return
        own = self._sentences.get(body.tag, ())
        is_fresh = body.tag not in self._exhausted
        if own and drawn < (0.55 if is_fresh else 0 if body.tag in _TOLD_ONCE else 0.2):
            self._write_sentence(self._deal(body.tag, own))
        elif drawn > 0.96 and body.tag not in _NO_DECOYS:
            self._write_sentence(self._deal("any", self._sentences["any"]))
        elif self._passages and not body.listed and body.tag in _PROSE and drawn < 0.9:
            self._builder.add(((self._rng.choice(self._passages), ""),))
        else:
            fillers = self._case.pool.fillers
            tag = _FILLERS_OF.get(body.tag, body.tag)
            self._write_sentence(self._deal(f"filler {tag}", fillers[tag]))

    def _deal(self, deck: str, templates: Sequence[Template]) -> Template:
        """The next of a shuffled deck: none comes again before all have been."""
        cards = self._decks.get(deck)
        if not cards:
            if cards is not None:
                self._exhausted.add(deck)
            cards = self._decks[deck] = list(templates)
            self._rng.shuffle(cards)
        return cards.pop()

    def _write_sentence(self, template: Template) -> None:
        self._case.new_sentence()
        first, *rest = template.parts
        if isinstance(first, Slot):
            # A sentence that begins with a drug or a problem has a capital.
            (text, label), *others = fill(self._case, first.name, first.form)
            if not label:
                text = text[:1].upper() + text[1:]
            self._builder.add(((text, label), *others))
        else:
            self._write_part(first)
        for part in rest:
            self._write_part(part)

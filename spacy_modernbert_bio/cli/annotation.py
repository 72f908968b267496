"""The entities and labels of notes as records: what `annotate` writes and `show` shows."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from spacy_modernbert_bio.cli.note_reader import Record, read_with
from spacy_modernbert_bio.cli.notes import Note
from spacy_modernbert_bio.components.coverage import Coverage
from spacy_modernbert_bio.components.ner import NerPipe
from spacy_modernbert_bio.components.phenotype import PhenotypePipe

# What a record of ours holds besides the fields that a note came with.
_FIELDS = frozenset({"source", "text", "entities", "spans", "coverage", "error"})
_LABEL_FIELDS = frozenset({"cats", "phenotypes", "thresholds", "evidence"})


def own_fields(nlp: Language) -> frozenset[str]:
    """What records of this pipeline hold besides the fields that a note came with."""
    return _FIELDS | _LABEL_FIELDS if _labels_notes(nlp) else _FIELDS


def annotate_notes(nlp: Language, notes: Iterable[Note], *, batch_size: int) -> Iterator[Record]:
    """One record a note, in order.

    Each has `id`, `source` and the note's other fields. A note that was read has `text`,
    `entities` (of doc.ents), `spans` (of the groups that `modernbert_ner` components write; absent
    where there are none) and `coverage` (None when the pipeline does not tell); any other has
    `error`: why it was not read, or not whole. Starts, stops and ends count characters.

    Of a pipeline that labels notes, also `cats`: each label's probability. Where
    `modernbert_phenotype` components do so, also `phenotypes` (labels that hold), `thresholds` (the
    probabilities from which labels do; exclusive ones have none) and `evidence`: passages that
    tell of those that hold, with their shares of what speaks for the label.
    """
    keys = [
        pipe.spans_key
        for _, pipe in nlp.pipeline
        if isinstance(pipe, NerPipe) and pipe.spans_key is not None
    ]
    labels = _labels_notes(nlp)
    labellers = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, PhenotypePipe)]

    def content(note: Note, doc: Doc) -> Record:
        read = _content(note, doc, keys)
        return read | _label_content(doc, labellers) if labels and "error" not in read else read

    return read_with(nlp, notes, content, batch_size=batch_size)


def _labels_notes(nlp: Language) -> bool:
    """Whether a component says that it writes doc.cats; spaCy's own and ours do."""
    return any("doc.cats" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names)


def _content(note: Note, doc: Doc, keys: list[str]) -> Record:
    coverage: Coverage | None = doc._.modernbert_coverage
    if coverage is not None and not coverage.whole:
        read = f"{coverage.pieces_read:,} of {coverage.pieces:,} pieces were read"
        return {"error": read}
    content: Record = {"text": note.text, "entities": [_entity(span) for span in doc.ents]}
    if keys:
        content["spans"] = {key: _group(doc.spans[key]) for key in keys if key in doc.spans}
    return content | {"coverage": None if coverage is None else asdict(coverage)}


def _entity(span: Span) -> Record:
    return _span(span, span._.confidence)


def _group(group: SpanGroup) -> list[Record]:
    scores = group.attrs.get("scores")
    confidences = [None] * len(group) if scores is None else [float(score) for score in scores]
    return [_span(span, score) for span, score in zip(group, confidences, strict=True)]


def _span(span: Span, confidence: float | None) -> Record:
    return {
        "start": span.start_char,
        "end": span.end_char,
        "label": span.label_,
        "text": span.text,
        "confidence": confidence,
    }


def _label_content(doc: Doc, labellers: list[PhenotypePipe]) -> Record:
    content: Record = {"cats": {label: float(value) for label, value in doc.cats.items()}}
    if not labellers:
        return content
    thresholds = {
        label: limit
        for pipe in labellers
        if not pipe.exclusive
        for label, limit in pipe.thresholds.items()
    }
    keys = dict.fromkeys(pipe.cfg["evidence_key"] for pipe in labellers)
    groups = [doc.spans[key] for key in keys if key in doc.spans]
    return content | {
        "phenotypes": list(doc._.phenotypes),
        "thresholds": thresholds,
        "evidence": [
            {
                "start": span.start_char,
                "end": span.end_char,
                "label": span.label_,
                "weight": float(weight),
            }
            for group in groups
            for span, weight in zip(group, group.attrs.get("weights", ()), strict=False)
        ],
    }

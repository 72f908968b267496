"""debug-data for spans: what in a corpus would spoil a training, before it begins.

Looks at annotated Docs as `convert` writes them; cuts every text into pieces once when it is given
a tokenizer. Findings are counts and label names, never text. Does not change the data.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from spacy_modernbert_bio.corpora.findings import (
    FEW_EXAMPLES,
    CorpusCheck,
    Finding,
    Severity,
    Split,
    check_context,
    check_shared,
    check_texts,
    gather,
)
from spacy_modernbert_bio.corpora.piece_lengths import PieceLengths, measure_pieces
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

# Below this share of gold borders on token borders, the tokenizer is worth a look.
ALIGNED_SHARE = 0.99


def check_corpus(
    train: Sequence[Doc],
    dev: Sequence[Doc],
    *,
    tokenizer: PieceTokenizer | None = None,
    context: int = 8192,
    spans_key: str | None = None,
    reports: Mapping[Split, Mapping[str, Any]] | None = None,
) -> CorpusCheck:
    """Check the documents that `modernbert_ner` would learn from and be scored on.

    tokenizer, context: of the encoder; context in pieces, special ones included.
    spans_key: the group of `doc.spans` to learn; `doc.ents` by default.
    reports: what `convert` wrote beside the files, for what alignment cost.
    """
    splits: dict[Split, Sequence[Doc]] = {"train": train, "dev": dev}
    findings: list[Finding] = []
    counts: dict[Split, Counter[str]] = {}
    lengths: dict[Split, PieceLengths] = {}
    for split, docs in splits.items():
        gold = [_gold(doc, spans_key) for doc in docs]
        counts[split] = Counter(span.label_ for spans in gold for span in spans)
        findings += _check_documents(split, docs, gold, spans_key)
        findings += _check_alignment(split, (reports or {}).get(split))
        if tokenizer is not None:
            lengths[split] = measure_pieces(docs, gold, tokenizer, context)
            findings += check_context(split, lengths[split], context)
            findings += _check_borders(split, lengths[split])
    findings += _check_labels(counts["train"], counts["dev"])
    findings += check_shared(train, dev)
    return gather(findings, counts, lengths)


def _gold(doc: Doc, spans_key: str | None) -> list[Span]:
    if spans_key is None:
        return list(doc.ents)
    return list(doc.spans[spans_key]) if spans_key in doc.spans else []


def _check_documents(
    split: Split, docs: Sequence[Doc], gold: Sequence[Sequence[Span]], spans_key: str | None
) -> Iterator[Finding]:
    every = [span for spans in gold for span in spans]

    def some(severity: Severity, count: int, message: str) -> Iterator[Finding]:
        if count:
            yield Finding(severity, split, count, message)

    yield from check_texts(split, docs)
    yield from some("error", bool(docs) and not every, "documents, but no span in any of them")
    yield from some(
        "error",
        sum(_has_blank_end(span) for span in every),
        "spans that begin or end with white space, or hold nothing else",
    )
    yield from some("info", sum(not spans for spans in gold), "documents without a span")
    if spans_key is None:
        unknown = sum(token.ent_iob == 0 for doc in docs for token in doc)
        yield from some("warning", unknown, "tokens whose annotation is missing: no loss on them")
        hidden = sum(_only_in_groups(doc) for doc in docs)
        message = "spans that overlap another and are in doc.spans only: doc.ents can't hold them"
        yield from some("warning", hidden, message)
    overlapping = sum(len(spans) - len(filter_spans(spans)) for spans in gold)
    message = "spans that overlap another: one tag a token can't tell them apart"
    yield from some("warning", overlapping, message)


def _only_in_groups(doc: Doc) -> int:
    largest = max((len(group) for group in doc.spans.values()), default=0)
    return max(0, largest - len(doc.ents))


def _has_blank_end(span: Span) -> bool:
    return bool(span[0].is_space or span[-1].is_space)


def _check_alignment(split: Split, report: Mapping[str, Any] | None) -> Iterator[Finding]:
    if report is None:
        message = "no report of a conversion beside the file: what alignment cost is unknown"
        yield Finding("info", split, 0, message)
        return
    moved = report["borders_not_on_tokens"]
    for label, borders in report["borders"].items():
        off = moved.get(label, 0)
        share = 1 - off / borders if borders else 1.0
        if off:
            yield Finding(
                "warning" if share < ALIGNED_SHARE else "info",
                split,
                off,
                f"{label}: gold borders inside a token, moved outwards ({share:.2%} were on one)",
            )


def _check_borders(split: Split, lengths: PieceLengths) -> Iterator[Finding]:
    if lengths.borders_inside:
        message = "span borders inside a piece: the tokens on both sides share its vector"
        yield Finding("info", split, lengths.borders_inside, message)


def _check_labels(train: Counter[str], dev: Counter[str]) -> Iterator[Finding]:
    for label in sorted(train.keys() | dev.keys()):
        if not train[label]:
            message = f"{label}: spans in dev, none in train; it can't be learnt"
            yield Finding("error", "dev", dev[label], message)
        elif train[label] < FEW_EXAMPLES:
            message = f"{label}: fewer than {FEW_EXAMPLES} spans to learn from"
            yield Finding("warning", "train", train[label], message)
        if train[label] and dev and not dev[label]:
            message = f"{label}: spans in train, none in dev; its score will be missing"
            yield Finding("warning", "train", train[label], message)

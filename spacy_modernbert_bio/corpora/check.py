"""debug-data for our factories: what in a corpus would spoil a training, before it begins.

Looks at annotated Docs as `convert` writes them; cuts every text into pieces once when it is given
a tokenizer. Findings are counts and label names, never text. Does not change the data.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from spacy_modernbert_bio.corpora.piece_lengths import PieceLengths, measure_pieces
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

Severity = Literal["error", "warning", "info"]
Split = Literal["train", "dev", "both"]

# Where spaCy's own debug data draws these lines: NEW_LABEL_THRESHOLD, and nlp.max_length.
FEW_EXAMPLES = 50
LONGEST_TEXT = 1_000_000
# Below this share of gold borders on token borders, the tokenizer is worth a look.
ALIGNED_SHARE = 0.99


@dataclass(frozen=True)
class Finding:
    """One thing to know about the data: how bad, where, how often, in words."""

    severity: Severity
    split: Split
    count: int
    message: str


@dataclass(frozen=True)
class CorpusCheck:
    """All that was found.

    findings: errors first, then warnings, then the rest.
    labels: a row a label: its spans in train and in dev.
    lengths: of the two splits in pieces; empty without a tokenizer.
    """

    findings: tuple[Finding, ...]
    labels: tuple[tuple[str, int, int], ...]
    lengths: Mapping[Split, PieceLengths]

    @property
    def has_errors(self) -> bool:
        """Whether something was found with which a training cannot go well."""
        return any(finding.severity == "error" for finding in self.findings)


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
            findings += _check_lengths(split, lengths[split], context)
    findings += _check_labels(counts["train"], counts["dev"])
    findings += _check_shared(train, dev)
    order = ("error", "warning", "info")
    labels = sorted(counts["train"].keys() | counts["dev"].keys())
    return CorpusCheck(
        tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
        tuple((label, counts["train"][label], counts["dev"][label]) for label in labels),
        lengths,
    )


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

    yield from some("error", not docs, "no documents")
    yield from some("error", bool(docs) and not every, "documents, but no span in any of them")
    yield from some(
        "error",
        sum(len(doc.text) > LONGEST_TEXT for doc in docs),
        f"documents of more than {LONGEST_TEXT:,} characters: spaCy's corpus reader refuses them",
    )
    yield from some(
        "error",
        sum(_has_blank_end(span) for span in every),
        "spans that begin or end with white space, or hold nothing else",
    )
    blank = sum(not doc.text.strip() for doc in docs)
    yield from some("warning", blank, "documents that are empty or white space alone")
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


def _check_lengths(split: Split, lengths: PieceLengths, context: int) -> Iterator[Finding]:
    if lengths.over_context:
        message = f"documents over the context of {context:,} pieces: read as overlapping windows"
        yield Finding("info", split, lengths.over_context, message)
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


def _check_shared(train: Sequence[Doc], dev: Sequence[Doc]) -> Iterator[Finding]:
    texts = [doc.text for doc in dev if doc.text.strip()]
    exact = _shared(train, texts, str)
    if exact:
        message = "documents of dev that are also in train: scores will be too high"
        yield Finding("warning", "both", exact, message)
    alike = _shared(train, texts, _normalised) - exact
    if alike:
        message = "documents of dev that differ from one in train in case or punctuation only"
        yield Finding("warning", "both", alike, message)
    repeated = len(train) - len({_digest(doc.text) for doc in train})
    if repeated:
        yield Finding("info", "train", repeated, "documents whose text came before in train")


def _shared(train: Sequence[Doc], dev_texts: Sequence[str], form: Callable[[str], str]) -> int:
    seen = {_digest(form(doc.text)) for doc in train}
    return sum(_digest(form(text)) in seen for text in dev_texts)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf8", "surrogatepass")).digest()


def _normalised(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()

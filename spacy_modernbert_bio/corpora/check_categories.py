"""debug-data for labels of documents: what in `doc.cats` would spoil a training, before it begins.

Cuts every text into pieces once when it is given a tokenizer. Findings are counts and label names,
never text. Does not change the data.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from spacy.tokens import Doc

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

# A label holds or does not: shares of one are no annotation.
_VALUES = (0.0, 1.0)


def check_categories(
    train: Sequence[Doc],
    dev: Sequence[Doc],
    *,
    exclusive: bool = False,
    tokenizer: PieceTokenizer | None = None,
    context: int = 8192,
) -> CorpusCheck:
    """Check the documents that `modernbert_phenotype` would learn from and be scored on.

    exclusive: whether exactly one label is to hold of each document.
    tokenizer, context: of the encoder; context in pieces, special ones included.
    The counts of the result are of documents in which a label holds.
    """
    splits: dict[Split, Sequence[Doc]] = {"train": train, "dev": dev}
    findings: list[Finding] = []
    holding: dict[Split, Counter[str]] = {}
    known: dict[Split, Counter[str]] = {}
    lengths: dict[Split, PieceLengths] = {}
    for split, docs in splits.items():
        known[split] = Counter(label for doc in docs for label in doc.cats)
        held = Counter(label for doc in docs for label, value in doc.cats.items() if value == 1.0)
        holding[split] = Counter({label: held[label] for label in known[split]})
        findings += check_texts(split, docs)
        findings += _check_values(split, docs, len(known[split]), exclusive=exclusive)
        if tokenizer is not None:
            lengths[split] = measure_pieces(docs, [[] for _ in docs], tokenizer, context)
            findings += check_context(split, lengths[split], context)
    findings += _check_labels(holding, known)
    findings += check_shared(train, dev)
    return gather(findings, holding, lengths)


def _check_values(
    split: Split, docs: Sequence[Doc], labels: int, *, exclusive: bool
) -> Iterator[Finding]:
    def some(severity: Severity, count: int, message: str) -> Iterator[Finding]:
        if count:
            yield Finding(severity, split, count, message)

    silent = sum(not doc.cats for doc in docs)
    all_silent = bool(docs) and silent == len(docs)
    yield from some("error", all_silent, "documents, but no label in doc.cats of any of them")
    yield from some("warning", 0 if all_silent else silent, "documents without labels: not learnt")
    strange = sum(value not in _VALUES for doc in docs for value in doc.cats.values())
    yield from some("error", strange, "values of doc.cats that are neither 0 nor 1")
    partly = sum(0 < len(doc.cats) < labels for doc in docs)
    yield from some("info", partly, "documents that leave some labels open: no loss on those")
    if exclusive:
        held = [list(doc.cats.values()).count(1.0) for doc in docs if doc.cats]
        several = sum(count > 1 for count in held)
        yield from some("error", several, "documents in which several exclusive labels hold")
        yield from some("warning", held.count(0), "documents in which no label holds: not learnt")


def _check_labels(
    holding: dict[Split, Counter[str]], known: dict[Split, Counter[str]]
) -> Iterator[Finding]:
    train, dev = holding["train"], holding["dev"]
    for label in sorted(train.keys() | dev.keys()):
        if label not in train:
            message = f"{label}: in doc.cats of dev, of no document of train; it can't be learnt"
            yield Finding("error", "dev", known["dev"][label], message)
            continue
        if not train[label]:
            message = f"{label}: holds in no document of train; it can't be learnt"
            yield Finding("warning", "train", known["train"][label], message)
        elif train[label] < FEW_EXAMPLES:
            message = f"{label}: holds in fewer than {FEW_EXAMPLES} documents to learn from"
            yield Finding("warning", "train", train[label], message)
        if train[label] and train[label] == known["train"][label]:
            message = f"{label}: holds in all documents that tell of it; there is nothing to learn"
            yield Finding("warning", "train", train[label], message)
        if known["dev"] and not dev[label]:
            message = (
                f"{label}: holds in no document of dev; nothing there tells how well it is found"
            )
            yield Finding("warning", "dev", known["dev"][label], message)

"""What `debug-data` can say of a corpus, and what it says of every kind: counts, never text."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spacy.tokens import Doc

from spacy_modernbert_bio.corpora.piece_lengths import PieceLengths

Severity = Literal["error", "warning", "info"]
Split = Literal["train", "dev", "both"]

# Where spaCy's own debug data draws these lines: NEW_LABEL_THRESHOLD, and nlp.max_length.
FEW_EXAMPLES = 50
LONGEST_TEXT = 1_000_000


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


def gather(
    findings: Iterable[Finding],
    counts: Mapping[Split, Mapping[str, int]],
    lengths: Mapping[Split, PieceLengths],
) -> CorpusCheck:
    """A check of what was found; counts: of each label in each split."""
    order = ("error", "warning", "info")
    labels = sorted(counts["train"].keys() | counts["dev"].keys())
    return CorpusCheck(
        tuple(sorted(findings, key=lambda finding: order.index(finding.severity))),
        tuple((name, counts["train"].get(name, 0), counts["dev"].get(name, 0)) for name in labels),
        lengths,
    )


def check_texts(split: Split, docs: Sequence[Doc]) -> Iterator[Finding]:
    """None at all, too long for spaCy, blank."""
    if not docs:
        yield Finding("error", split, 1, "no documents")
    long = sum(len(doc.text) > LONGEST_TEXT for doc in docs)
    if long:
        limit = f"{LONGEST_TEXT:,} characters"
        message = f"documents of more than {limit}: spaCy's corpus reader refuses them"
        yield Finding("error", split, long, message)
    blank = sum(not doc.text.strip() for doc in docs)
    if blank:
        yield Finding("warning", split, blank, "documents that are empty or white space alone")


def check_context(split: Split, lengths: PieceLengths, context: int) -> Iterator[Finding]:
    """Documents longer than a window of `context` pieces."""
    if lengths.over_context:
        message = f"documents over the context of {context:,} pieces: read as overlapping windows"
        yield Finding("info", split, lengths.over_context, message)


def check_shared(train: Sequence[Doc], dev: Sequence[Doc]) -> Iterator[Finding]:
    """Texts that stand in both splits, or twice in train."""
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

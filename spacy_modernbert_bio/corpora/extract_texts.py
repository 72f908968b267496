"""The texts of public corpora as one JSONL file for each source of a pretraining mix.

Documents that share 13 words in a row with a text that is to be scored later are left out (the
overlap of Brown et al. 2020, arXiv 2005.14165, appendix C). Holds one output's documents and the
word runs of the texts to leave out: about 100 bytes a word of those.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.corpora.config_file import read_sections
from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.formats.brat import read_brat
from spacy_modernbert_bio.corpora.formats.hoc import read_hoc
from spacy_modernbert_bio.corpora.formats.iob import read_iob
from spacy_modernbert_bio.corpora.formats.plain import (
    read_csv,
    read_json_object,
    read_jsonl,
    read_medquad,
    read_text,
)
from spacy_modernbert_bio.corpora.formats.pubtator import read_pubtator
from spacy_modernbert_bio.corpora.formats.relations import read_chemprot, read_gad
from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.files import atomic_folder, read_lines

WITHOUT = "without"
REPORT = "report.json"
_RUN_WORDS = 13
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class TextSet:
    """One file, folder or archive of a public corpus.

    format: a key of FORMATS. source: below the assets folder. inside: the only folder of it to
    read. field: what holds the text, in csv, jsonl and json_object. documents: a list of ids beside
    the config, one a line; the others are left out.
    """

    format: str
    source: str
    inside: str = ""
    field: str = "text"
    documents: str = ""


@dataclass
class SetReport:
    """What became of a set: documents and characters written, and documents left out."""

    documents: int = 0
    characters: int = 0
    blank: int = 0
    overlapping: int = 0


Found = Iterator[tuple[str, str]]
Progress = Callable[[Iterable[tuple[str, str]], str], Iterable[tuple[str, str]]]

# Each gives ids and texts.
FORMATS: Mapping[str, Callable[[Path, TextSet], Found]] = {
    "pubtator": lambda path, _: _texts_of(read_pubtator(path, ConversionReport())),
    "brat": lambda path, of: _texts_of(read_brat(path, ConversionReport(), inside=of.inside)),
    "iob": lambda path, of: _texts_of(read_iob(path, ConversionReport(), inside=of.inside)),
    "hoc": lambda path, of: _texts_of(read_hoc(path, ConversionReport(), inside=of.inside)),
    "chemprot": lambda path, of: _texts_of(read_chemprot(path, inside=of.inside)),
    "gad": lambda path, of: _texts_of(read_gad(path, inside=of.inside)),
    "text": lambda path, of: read_text(path, inside=of.inside),
    "csv": lambda path, of: read_csv(path, field=of.field, inside=of.inside),
    "jsonl": lambda path, of: read_jsonl(path, field=of.field, inside=of.inside),
    "json_object": lambda path, of: read_json_object(path, field=of.field),
    "medquad": lambda path, of: read_medquad(path, inside=of.inside),
}


def extract_texts(
    config: Path,
    assets: Path,
    output: Path,
    *,
    progress: Progress = lambda found, _: found,
) -> dict[str, SetReport]:
    """Write `<source>.jsonl.gz` for each source that a config names, and `report.json`.

    config: sections `[source.set]`, each a TextSet, and `[without.set]` for texts to leave out.
    progress: wraps the documents of a set, which is named, as they pass.

    All files are written, or none. Raises ConfigError for a config that says something unknown and
    CorpusError for a set that cannot be read, or has nothing left.
    """
    sources = read_sets(config)
    forbidden: set[bytes] = set()
    for name, text_set in sources.pop(WITHOUT, {}).items():
        for _, text in progress(_read(config, assets, text_set), f"{WITHOUT}.{name}"):
            forbidden.update(_runs(text))
    reports: dict[str, SetReport] = {}
    with atomic_folder(output) as target:
        for source, sets in sources.items():
            # Without a time: the same texts give the same bytes.
            with gzip.GzipFile(target / f"{source}.jsonl.gz", "wb", mtime=0) as stream:
                for name, text_set in sets.items():
                    key = f"{source}.{name}"
                    found = progress(_read(config, assets, text_set), key)
                    reports[key] = SetReport()
                    for record in _kept(found, name, forbidden, reports[key]):
                        stream.write(json.dumps(record).encode("ascii") + b"\n")
                    if not reports[key].documents:
                        raise CorpusError(
                            where=f"{config}: {key}",
                            found="no document left to write",
                            wanted="at least one",
                        )
        content = {key: asdict(report) for key, report in reports.items()}
        (target / REPORT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    return reports


def read_sets(config: Path) -> dict[str, dict[str, TextSet]]:
    """The sets of a config by source. Raises ConfigError naming file, section and key."""
    sections = read_sections(config, wanted="a .cfg of text sets")
    known = {each.name for each in fields(TextSet)}
    sets: dict[str, dict[str, TextSet]] = {}
    for source, of in sections.items():
        for name, options in of.items():
            where = f"{config}: {source}.{name}"
            if not isinstance(options, dict) or not options.keys() <= known:
                unknown = sorted(options.keys() - known)[0] if isinstance(options, dict) else name
                raise ConfigError(
                    where=where, found=f"the key {unknown}", wanted=f"keys of {', '.join(known)}"
                )
            if options.get("format") not in FORMATS or "source" not in options:
                raise ConfigError(
                    where=where,
                    found=f"format {options.get('format')!r}, source {options.get('source')!r}",
                    wanted=f"a source, and a format of {', '.join(FORMATS)}",
                )
            sets.setdefault(source, {})[name] = TextSet(**options)
    if not sets.keys() - {WITHOUT}:
        raise ConfigError(where=str(config), found="no set", wanted="at least one [source.set]")
    return sets


def _read(config: Path, assets: Path, text_set: TextSet) -> Found:
    found = FORMATS[text_set.format](assets / text_set.source, text_set)
    if not text_set.documents:
        return found
    list_file = config.parent / text_set.documents
    listed = {line.strip() for _, line in read_lines(list_file)}
    return ((number, text) for number, text in found if number in listed)


def _kept(
    found: Iterable[tuple[str, str]], name: str, forbidden: set[bytes], report: SetReport
) -> Iterator[dict[str, Any]]:
    for number, text in found:
        if not text.strip():
            report.blank += 1
        elif not forbidden.isdisjoint(_runs(text)):
            report.overlapping += 1
        else:
            report.documents += 1
            report.characters += len(text)
            yield {"id": f"{name}/{number}", "text": text}


def _runs(text: str) -> Iterator[bytes]:
    """Digests of all runs of 13 words, without case and punctuation."""
    words = _WORD.findall(text.casefold())
    for place in range(len(words) - _RUN_WORDS + 1):
        run = " ".join(words[place : place + _RUN_WORDS])
        yield hashlib.blake2b(run.encode("utf8"), digest_size=8).digest()


def _texts_of(documents: Iterable[Any]) -> Found:
    return ((document.id, document.text) for document in documents)

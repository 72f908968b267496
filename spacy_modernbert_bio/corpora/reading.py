"""The formats that corpora come in, by name, and what each can be told.

One table of formats, one of their options. A reader's own file says what the format looks like.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from spacy_modernbert_bio.corpora.conversion_report import ConversionReport
from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.formats.asq_phi import read_asq_phi
from spacy_modernbert_bio.corpora.formats.brat import Discontinuous, read_brat
from spacy_modernbert_bio.corpora.formats.delimited import Columns, read_rows
from spacy_modernbert_bio.corpora.formats.hoc import read_hoc
from spacy_modernbert_bio.corpora.formats.i2b2_xml import read_i2b2_xml
from spacy_modernbert_bio.corpora.formats.iob import read_iob
from spacy_modernbert_bio.corpora.formats.mimic_phenotype import read_mimic_phenotype
from spacy_modernbert_bio.corpora.formats.mtsamples import read_mtsamples
from spacy_modernbert_bio.corpora.formats.phi_json import read_phi_json
from spacy_modernbert_bio.corpora.formats.physionet_deid import read_physionet_deid
from spacy_modernbert_bio.corpora.formats.pubtator import read_pubtator
from spacy_modernbert_bio.corpora.formats.relations import read_chemprot, read_gad
from spacy_modernbert_bio.errors import ConfigError

SpanFormat = Literal[
    "iob", "pubtator", "brat", "i2b2", "physionet-deid", "presidio-synth", "asq-phi"
]
CategoryFormat = Literal[
    "rows", "hoc", "hoc-sentences", "chemprot", "gad", "mimic-phenotype", "mtsamples"
]
Format = Literal[SpanFormat, CategoryFormat]
# Those that label stretches of a text, and those that label the whole of it.
SPAN_FORMATS: tuple[str, ...] = get_args(SpanFormat)
CATEGORY_FORMATS: tuple[str, ...] = get_args(CategoryFormat)
FORMATS = (*SPAN_FORMATS, *CATEGORY_FORMATS)

# Readers without options but `inside`.
_PLAIN_READERS: Mapping[str, Callable[..., Iterator[Document]]] = {
    "pubtator": read_pubtator,
    "i2b2": read_i2b2_xml,
    "physionet-deid": read_physionet_deid,
    "presidio-synth": read_phi_json,
    "asq-phi": read_asq_phi,
    "hoc": read_hoc,
    "hoc-sentences": partial(read_hoc, sentences=True),
    "chemprot": read_chemprot,
    "gad": read_gad,
    "mtsamples": read_mtsamples,
}
# The formats that an option is for.
_TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    "inside": tuple(name for name in FORMATS if name not in ("rows", "mimic-phenotype")),
    "sentences_per_document": ("iob",),
    "discontinuous": ("brat",),
    "text_column": ("rows",),
    "labels_column": ("rows",),
    "id_column": ("rows",),
    "group_column": ("rows",),
    "separator": ("rows",),
    "categories": ("rows",),
    "notes": ("mimic-phenotype",),
}


@dataclass(frozen=True)
class ReadOptions:
    """What a format can be told; the defaults suit every format but mimic-phenotype.

    inside: the only folder of a folder or archive to read.
    sentences_per_document: of IOB without document breaks; discontinuous: of brat. See there.
    text_column, labels_column, id_column, group_column, separator: of rows; see `Columns` there.
    categories: of rows: every label that there can be, also those that a part happens not to have.
    notes: of mimic-phenotype: where NOTEEVENTS.csv is.
    """

    inside: str = ""
    sentences_per_document: int | None = None
    discontinuous: Discontinuous = "cover"
    text_column: str = "text"
    labels_column: str = "labels"
    id_column: str = ""
    group_column: str = ""
    separator: str = ""
    categories: Sequence[str] = ()
    notes: Path | None = None

    def check(self, source_format: str) -> None:
        """Refuse a format that is unknown, and options that it does not have or cannot use.

        Raises ConfigError.
        """
        if source_format not in FORMATS:
            _refuse("source_format", f"{source_format!r}", f"one of {', '.join(FORMATS)}")
        for option in fields(self):
            formats = _TAKEN_BY[option.name]
            if getattr(self, option.name) != option.default and source_format not in formats:
                _refuse(
                    option.name, f"it, with {source_format}", f"it with {_listed(formats)} only"
                )
        if self.sentences_per_document is not None and self.sentences_per_document < 0:
            _refuse("sentences_per_document", str(self.sentences_per_document), "0 or more")
        if self.discontinuous not in ("cover", "fragments"):
            _refuse("discontinuous", f"{self.discontinuous!r}", "cover or fragments")
        names = self.categories
        if isinstance(names, str) or len({*names}) < len(names) or not all(map(_is_name, names)):
            _refuse("categories", "a list with a blank, or one name twice", "a list of names")
        if source_format == "mimic-phenotype" and self.notes is None:
            _refuse("notes", "none", "the path of NOTEEVENTS.csv, with mimic-phenotype")


def read(
    source_format: Format, source: Path, report: ConversionReport, options: ReadOptions
) -> Iterator[Document]:
    """The documents of a corpus, in its order; `report` gets what the reader repaired or decided.

    Raises CorpusError, with file and line, for a source that cannot be read whole.
    """
    inside = options.inside
    if source_format == "iob":
        count = options.sentences_per_document
        return read_iob(source, report, inside=inside, sentences_per_document=count)
    if source_format == "brat":
        return read_brat(source, report, inside=inside, discontinuous=options.discontinuous)
    if source_format == "rows":
        columns = Columns(
            text=options.text_column,
            labels=options.labels_column,
            id=options.id_column,
            group=options.group_column,
            separator=options.separator,
        )
        return read_rows(source, report, columns=columns, categories=tuple(options.categories))
    if source_format == "mimic-phenotype":
        assert options.notes is not None  # as `check` says
        return read_mimic_phenotype(source, report, notes=options.notes)
    return _PLAIN_READERS[source_format](source, report, inside=inside)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name.strip())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _refuse(option: str, found: str, wanted: str) -> None:
    raise ConfigError(where=f"convert({option}=...)", found=found, wanted=wanted)

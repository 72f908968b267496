"""A secret in a note is in no log, message or repr of ours, whatever fails."""

import logging

import pytest
import spacy
from spacy.training import Example

from spacy_modernbert_bio.corpora.convert import convert
from spacy_modernbert_bio.corpora.formats.asq_phi import read_asq_phi
from spacy_modernbert_bio.corpora.formats.brat import read_brat
from spacy_modernbert_bio.corpora.formats.i2b2_xml import read_i2b2_xml
from spacy_modernbert_bio.corpora.formats.iob import read_iob
from spacy_modernbert_bio.corpora.formats.phi_json import read_phi_json
from spacy_modernbert_bio.corpora.formats.physionet_deid import read_physionet_deid
from spacy_modernbert_bio.corpora.formats.pubtator import read_pubtator
from spacy_modernbert_bio.encoder.packing import pack, place_windows
from spacy_modernbert_bio.errors import ModernBertBioError
from spacy_modernbert_bio.files import read_lines, read_text
from spacy_modernbert_bio.models.row_layer import shim_of
from tests.contracts.damaged import damages, read_all
from tests.contracts.planted import chain

SECRET = "Zebrowski"
NOTE = f"Patient {SECRET} denies pain . Signed Dr. {SECRET}"


@pytest.fixture
def nlp(tiny_checkpoint):
    pipeline = spacy.blank("en")
    model = {
        "@architectures": "spacy_modernbert_bio.Encoder.v1",
        "name": str(tiny_checkpoint),
        "window": 64,
        "overlap": 8,
    }
    setter = {"@annotation_setters": "spacy_modernbert_bio.coverage_setter.v1"}
    pipeline.add_pipe("transformer", config={"model": model, "set_extra_annotations": setter})
    pipeline.add_pipe("modernbert_ner")
    gold = {"entities": [(8, 8 + len(SECRET), "NAME")]}
    pipeline.initialize(lambda: [Example.from_dict(pipeline.make_doc(NOTE), gold)])
    return pipeline


def test_no_log_record_holds_text(nlp, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        nlp.update(
            [Example.from_dict(nlp.make_doc(NOTE), {"entities": []})], sgd=nlp.create_optimizer()
        )
        for _ in nlp.pipe([NOTE, NOTE * 30]):
            pass
    output = capfd.readouterr()
    assert SECRET not in caplog.text + output.out + output.err


def test_no_repr_of_ours_holds_text(nlp):
    doc = nlp(NOTE)
    reader = nlp.get_pipe("transformer").model.attrs["reader"]
    (pieces,), (alignment,) = reader.read([doc])
    windows = place_windows([len(pieces)], context=32, overlap=4)
    batch = pack([pieces], windows, cls_id=1, sep_id=2)
    shown = [pieces, alignment, windows, batch, doc._.modernbert_coverage]
    assert SECRET not in "".join(map(repr, shown))


def test_errors_inside_of_the_encoder_hold_no_text(nlp, monkeypatch):
    encoder = shim_of(nlp.get_pipe("transformer").model.layers[0]).encoder

    def fail(*args, **kwargs):
        raise RuntimeError("the network failed")

    monkeypatch.setattr(encoder, "forward", fail)
    with pytest.raises(RuntimeError) as caught:
        nlp(NOTE)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [NOTE.encode() + b"\xff\xfe", NOTE.encode() + b"\x00", b"\x1f\x8b" + NOTE.encode()],
    ids=["no UTF-8", "binary", "damaged gzip"],
)
@pytest.mark.parametrize("read", [read_text, lambda path: list(read_lines(path))])
def test_files_that_cannot_be_read_are_refused_without_their_text(data, read, tmp_path):
    path = tmp_path / ("note.gz" if data[:1] == b"\x1f" else "note.txt")
    path.write_bytes(data)
    with pytest.raises(ModernBertBioError) as caught:
        read(path)
    assert path.name in str(caught.value)
    assert SECRET not in chain(caught.value)


# What stands beside the document where a format has two files.
BESIDE = {
    "a.txt": "Acute pain.",
    "id.text": "START_OF_RECORD=1||||2||||\nAcute pain.\n||||END_OF_RECORD\n",
    "id.res": "START_OF_RECORD=1||||2||||\nAcute [**Pain**].\n||||END_OF_RECORD\n",
}
# One small document of each format. A label is a name of the corpus's scheme, and may be told.
CORPORA = {
    "iob": (read_iob, "a.tsv", "Acute\tB-Pain\npain\tI-Pain\n.\tO\n\nNone\tO\n"),
    "pubtator": (
        read_pubtator,
        "a.txt",
        "1|t|Acute pain.\n1|a|None since.\n1\t0\t10\tAcute pain\tPain\tD1\n",
    ),
    "brat": (
        read_brat,
        "a.ann",
        "T1\tPain 0 10\tAcute pain\nR1\tIs Arg1:T1 Arg2:T1\n#1\tNote T1\tx\n",
    ),
    "i2b2_xml": (
        read_i2b2_xml,
        "a.xml",
        "<a>\n<TEXT>Acute pain . None since</TEXT>\n<TAGS>\n"
        '<P id="P0" start="0" end="10" text="Acute pain" TYPE="Pain" />\n'
        '<R id="R0" />\n</TAGS>\n</a>\n',
    ),
    "physionet_deid, phrases": (
        read_physionet_deid,
        "id-phi.phrase",
        "1 2 0 10 Other Acute pain\n1 2 6 10 Age pain\n1 2 6 10 Age pain\n",
    ),
    "physionet_deid, notes": (read_physionet_deid, "id.res", BESIDE["id.res"]),
    "phi_json": (
        read_phi_json,
        "a.json",
        '[{"full_text": "Acute pain now" , "template_id": 4 , "spans": [{ "entity_type": "PERSON" ,'
        ' "entity_value": "pain" , "start_position": 6 , "end_position": 10 }]}]',
    ),
    "asq_phi": (
        read_asq_phi,
        "a.txt",
        "===QUERY===\nAcute pain now\n===PHI_TAGS===\n"
        '{"identifier_type": "NAME" , "value": "pain" }\n',
    ),
}


# Words and separators, and what comes in their place.
PLACES = r"[^\s|]+|[\t\n|]"
INSERTED = (SECRET, f"{SECRET}\t{SECRET}", f"\n{SECRET}\n", f"{SECRET} 0 3", "")


@pytest.mark.parametrize("name", CORPORA)
def test_no_reader_tells_what_it_stumbled_over(name, tmp_path):
    read, file_name, content = CORPORA[name]
    for beside, text in BESIDE.items():
        (tmp_path / beside).write_text(text)
    damaged = damages(content, PLACES, INSERTED)
    refusals, reports = read_all(read, tmp_path / file_name, damaged)
    assert len(refusals) > 10
    assert len(set(reports)) > 1
    assert SECRET not in "".join(refusals + reports)


def test_a_converted_corpus_has_its_text_in_the_docs_alone(tmp_path):
    (tmp_path / "a.tsv").write_text(f"{SECRET}\tI-NAME\nrests\tO\n")
    convert("iob", tmp_path / "a.tsv", tmp_path / "a.spacy", nlp=spacy.blank("en"))
    written = [path for path in tmp_path.iterdir() if path.suffix not in (".tsv", ".spacy")]
    assert written
    assert not any(SECRET in path.read_text() for path in written)


def test_a_saved_pipeline_holds_words_in_spacys_own_vocabulary_alone(nlp, tmp_path):
    """spaCy keeps every word that it met, and saves them all. The README warns of it."""
    for _ in nlp.pipe([NOTE]):
        pass
    nlp.to_disk(tmp_path)
    holding = {
        str(path.relative_to(tmp_path))
        for path in tmp_path.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    }
    assert holding == {"vocab/strings.json"}

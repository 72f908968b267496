"""A secret in a note is in no log, message or repr of ours, whatever fails."""

import logging

import pytest
import spacy
from spacy.training import Example

from spacy_modernbert_bio.encoder.packing import pack, place_windows
from spacy_modernbert_bio.errors import ModernBertBioError
from spacy_modernbert_bio.files import read_lines, read_text
from spacy_modernbert_bio.models.row_layer import shim_of

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
    chain, error = "", caught.value
    while error is not None:
        chain += repr(error) + str(error)
        error = error.__cause__
    assert SECRET not in chain

"""What reads what, how often and in which order; how fast it is is no test's business."""

import json
from types import SimpleNamespace

import pytest
import spacy
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.deid_speed import (
    DEID,
    NER,
    SPAN_SHARE,
    Cost,
    build_pair,
    megabytes,
    race_pair,
    time_rules,
)
from spacy_modernbert_bio.cli.benchmark import app
from spacy_modernbert_bio.encoder.checkpoint import save_checkpoint
from tests.conftest import TEXT, make_checkpoint, make_config

SECRET = "Zorblatt"
NOTES = [f"{text} Mr. {SECRET} was seen on 3/14/2019." for text in TEXT]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory, tiny_tokenizer):
    """As long a context as the encoder's default window."""
    folder = tmp_path_factory.mktemp("checkpoints") / "long"
    config = make_config(max_position_embeddings=8192)
    save_checkpoint(make_checkpoint(config, tiny_tokenizer), folder)
    return folder


def test_size_is_that_in_utf8_of_whatever_json_can_hold():
    assert megabytes(["né", "\ud800"]) == pytest.approx(6e-6)


def test_rules_tokenizer_and_component_read_all_notes_in_each_round():
    nlp = spacy.blank("en")
    nlp.add_pipe("phi_rules")
    told = []
    seconds = time_rules(nlp, NOTES, 3, told.append)
    assert list(seconds) == ["rules alone", "tokenizer", "phi_rules"]
    assert all(len(each) == 3 and min(each) > 0 for each in seconds.values())
    assert len(told) == 3


def test_both_heads_find_the_same_and_as_much_as_in_real_notes(encoder):
    texts = [" ".join(TEXT[at:] + TEXT[:at]) * 5 for at in range(3)]
    pair = build_pair(encoder, texts)
    assert list(pair) == [NER, DEID]
    docs = {name: list(nlp.pipe(texts)) for name, nlp in pair.items()}
    found = {
        name: [(s.start, s.end, s.label_) for doc in own for s in doc.spans["phi"]]
        for name, own in docs.items()
    }
    assert found[NER] == found[DEID]
    share = len(found[DEID]) / sum(map(len, docs[DEID]))
    assert SPAN_SHARE / 2 < share < 2 * SPAN_SHARE


def test_two_pipelines_take_turns_batch_by_batch_and_begin_in_turn():
    turns = []

    def reader(name):
        def pipe(batch, batch_size):
            assert batch_size == len(batch)
            turns.append((name, *batch))
            return [SimpleNamespace(spans={"phi": [1]}, _=SimpleNamespace()) for _ in batch]

        return SimpleNamespace(pipe=pipe)

    race = race_pair({"a": reader("a"), "b": reader("b")}, "xyz", batch_size=2, rounds=2)
    assert race.spans == {"a": 3, "b": 3}
    assert [len(costs) for costs in race.costs.values()] == [2, 2]
    assert all(isinstance(cost, Cost) for costs in race.costs.values() for cost in costs)
    assert turns[4:8] == [("a", "x", "y"), ("b", "x", "y"), ("b", "z"), ("a", "z")]
    assert turns[8:] == [("b", "x", "y"), ("a", "x", "y"), ("a", "z"), ("b", "z")]


def run(*arguments):
    return CliRunner().invoke(app, ["deid-speed", *map(str, arguments)])


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in NOTES))
    return path


def test_the_command_shows_rates_and_ratios_and_no_text(encoder, notes, tmp_path):
    output = tmp_path / "figures.json"
    options = ("--encoder", encoder, "--encoder-notes", 2, "--rounds", 1, "--output", output)
    result = run(notes, *options)
    assert result.exit_code == 0, result.output
    rows = [line.split("  ")[0] for line in result.stdout.splitlines()]
    for name in ("rules alone", "phi_rules", "tokenizer and phi_rules", f"{DEID}, CPU time"):
        assert name in rows
    figures = json.loads(output.read_text())
    assert (figures["rules"]["notes"], figures["encoder"]["notes"]) == (3, 2)
    rates = figures["rules"]["read_by"]["rules alone"]["megabytes_per_second"]
    assert 0 < rates["median"] == rates["best"]
    middle, least, most = figures["encoder"]["times_as_long"]["cpu"]
    assert least == middle == most > 0
    assert SECRET not in result.output + output.read_text()


def test_rules_need_no_encoder_and_json_is_one_line(notes):
    result = run(notes, "--rounds", 1, "--quiet", "--json")
    assert result.exit_code == 0, result.output
    assert "encoder" not in json.loads(result.stdout)
    assert not result.stderr


def test_files_without_a_note_are_refused(tmp_path):
    (tmp_path / "none.jsonl").write_text("\n")
    result = run(tmp_path / "none.jsonl")
    assert result.exit_code == 1
    assert "none.jsonl: found no note; wanted at least one" in " ".join(result.stderr.split())

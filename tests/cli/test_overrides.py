import pytest

from spacy_modernbert_bio.cli.overrides import read_overrides
from spacy_modernbert_bio.errors import ConfigError


def test_values_are_json_where_they_can_be_and_text_elsewhere():
    words = ["--run.seed", "3", "--run.start=a=b", "--run.phases", '["clm"]', "--a.b.c", "2 steps"]
    assert read_overrides(words) == {
        "run.seed": 3,
        "run.start": "a=b",
        "run.phases": ["clm"],
        "a.b.c": "2 steps",
    }


@pytest.mark.parametrize("word", ["run.seed", "--seed", "-r.s"])
def test_a_word_that_names_no_key_is_refused(word):
    with pytest.raises(ConfigError, match=r"command line: found .*--section.key value"):
        read_overrides([word, "3"])


@pytest.mark.parametrize("words", [["--run.seed"], ["--run.seed", "--run.start", "x"]])
def test_a_key_without_a_value_is_refused(words):
    with pytest.raises(ConfigError, match=r"--run.seed: found no value"):
        read_overrides(words)

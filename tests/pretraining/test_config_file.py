from pathlib import Path

import pytest

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.config_file import read_config

SMALLEST = """
[run]
start = "encoder"
output = "runs/one"
phases = ["clm"]

[corpus]
shards = "shards"

[corpus.sources]

[corpus.sources.notes]
path = "notes.jsonl"
weight = 3

[corpus.sources.papers]
path = ["a.txt","b.parquet"]
weight = 1

[phases]

[phases.clm]
objective = "clm"
length = "50 steps"

[phases.mlm]
objective = "mlm"
length = "5 steps"
masked = 0.15
"""


@pytest.fixture
def write(tmp_path):
    def write_config(text: str) -> Path:
        path = tmp_path / "run.cfg"
        path.write_text(text, encoding="utf8")
        return path

    return write_config


def test_what_a_config_leaves_out_is_the_published_recipe(write):
    config = read_config(write(SMALLEST))
    assert config.batch.tokens == 384 * 8192
    assert config.optimizer.betas == (0.9, 0.98)
    assert config.phases["clm"].learning_rate == 2e-4
    assert (config.run.seed, config.run.shuffle_seed) == (17, 42)


def test_one_path_and_several_are_both_paths_and_shares_are_made_to_sum_to_one(write):
    config = read_config(write(SMALLEST))
    assert config.corpus.sources["notes"].path == ("notes.jsonl",)
    assert config.corpus.sources["papers"].path == ("a.txt", "b.parquet")
    assert config.mix == {"notes": 0.75, "papers": 0.25}


def test_overrides_take_the_place_of_values(write):
    config = read_config(write(SMALLEST), {"run.start": "other", "phases.clm.freeze": "0-7"})
    assert (config.run.start, config.phases["clm"].freeze) == ("other", "0-7")


@pytest.mark.parametrize(
    ("old", "new", "key", "found", "wanted"),
    [
        ("[phases]", "[batch]\nrow = 3\n[phases]", "batch.row", "unknown key", "rows, row_tokens"),
        ('length = "5 steps"', 'lenght = "5 steps"', "phases.mlm.lenght", "unknown key", "length"),
        ("weight = 3", "wieght = 3", "corpus.sources.notes.wieght", "unknown", "weight"),
        ("[phases]", "[phase]\na = 1\n[phases]", "phase", "unknown key", "phases"),
        ("weight = 3", "", "corpus.sources.notes.weight", "no value", "a value"),
        ("weight = 3", "weight = 0", "corpus.sources.notes.weight", "0.0", "above 0"),
        ("weight = 3", 'weight = "much"', "corpus.sources.notes.weight", "'much'", "valid number"),
        ('"clm"\nlength', '"rtd"\nlength', "phases.clm.objective", "'rtd'", "'clm' or 'mlm'"),
        ("masked = 0.15", "masked = 1.5", "phases.mlm.masked", "1.5", "between 0 and 1"),
        ("masked = 0.15", "", "phases.mlm.masked", "None", "between 0 and 1"),
        (
            '"50 steps"',
            '"50 steps"\nmasked = 0.3',
            "phases.clm.masked",
            "0.3",
            "no value in a clm phase",
        ),
        (
            "masked = 0.15",
            "masked = 0.1\nto_mask = 1.1",
            "phases.mlm.to_mask",
            "1.1",
            "come to 1 at most",
        ),
        ("masked = 0.15", "masked = 0.1\nfloor = 2", "phases.mlm.floor", "2.0", "in [0, 1]"),
        ('["clm"]', '["clm","decay"]', "run.phases", "'decay'", "clm, mlm"),
        ('["clm"]', '["clm","clm"]', "run.phases", "a name twice", "each once"),
        ('["clm"]', "[]", "run.phases", "none", "at least one name"),
        ("[phases.clm]", "[phases.step]", "run.phases", "'clm'", "step, mlm"),
        ('["clm"]', '["clm"]\nseed = -1', "run.seed", "-1", "0 or more"),
        ('["clm"]', '["clm"]\nfirst_step = -1', "run.first_step", "-1", "0 or more"),
        ('"shards"', '"shards"\nheldout = 0', "corpus.heldout", "0.0", "between 0 and 1"),
        ('"shards"', '"shards"\nshard_pieces = 0', "corpus.shard_pieces", "0", "above 0"),
        ("[phases]", "[batch]\nrows = 0\n[phases]", "batch.rows", "0", "above 0"),
        ("[phases]", "[batch]\nrow_tokens = 2\n[phases]", "batch.row_tokens", "2", "3 or more"),
        ("[phases]", "[optimizer]\nclip = 0\n[phases]", "optimizer.clip", "0.0", "above 0"),
        (
            "[phases]",
            "[optimizer]\nbetas = [0.9,1.0]\n[phases]",
            "optimizer.betas",
            "1.0",
            "[0, 1)",
        ),
        ("[phases]", "[record]\nkeep = 0\n[phases]", "record.keep", "0", "above 0"),
        (
            "[phases]",
            "[record]\nvalidate_every = -1\n[phases]",
            "record.validate_every",
            "-1",
            "0 or more",
        ),
    ],
)
def test_a_value_that_cannot_be_is_named_with_file_and_key(write, old, new, key, found, wanted):
    path = write(SMALLEST.replace(old, new, 1))
    with pytest.raises(ConfigError) as raised:
        read_config(path)
    assert raised.value.where == f"{path}: {key}"
    assert found in raised.value.found
    assert wanted in raised.value.wanted


def test_a_phase_may_not_take_a_name_of_the_runs_folder(write):
    text = SMALLEST.replace("[phases.clm]", "[phases.checkpoints]").replace(
        '"clm"]', '"checkpoints"]'
    )
    with pytest.raises(ConfigError, match="found 'checkpoints'; wanted letters"):
        read_config(write(text))


def test_a_corpus_without_sources_is_refused(write):
    head, _, rest = SMALLEST.partition("[corpus.sources.notes]")
    text = head + "[phases]" + rest.partition("[phases]")[2]
    with pytest.raises(ConfigError, match="found no source; wanted at least one"):
        read_config(write(text))


def test_a_file_that_is_not_there_or_no_config_is_named(tmp_path, write):
    with pytest.raises(ConfigError, match=r"none.cfg: found no such file"):
        read_config(tmp_path / "none.cfg")
    with pytest.raises(ConfigError, match="no readable config"):
        read_config(write("start = 3"))

"""Each step stands in the metrics once, whatever interrupted the run; half a line is none."""

import builtins
import json
import math

import pytest

from spacy_modernbert_bio.errors import ConfigError, CorpusError
from spacy_modernbert_bio.pretraining.metrics import (
    METRICS,
    RunLog,
    StepRecord,
    ValidationRecord,
    read_metrics,
)


def step(number: int, **changes: object) -> StepRecord:
    values = {
        "phase": "clm",
        "objective": "clm",
        "step": number,
        "pieces": 100 * number,
        "loss": 3.0,
        "losses": {"notes": 3.0},
        "learning_rate": 1e-4,
        "gradient_norm": 1.0,
        "seconds": 2.0,
        "pieces_per_second": 50.0,
        "utilisation": 0.5,
    }
    return StepRecord(**(values | changes))


def validation(number: int) -> ValidationRecord:
    return ValidationRecord("clm", number, 100 * number, "mlm", 4.0, {"notes": 4.0}, 6.0)


def test_what_was_written_is_read_in_order(tmp_path):
    with RunLog(tmp_path, tensorboard=False) as log:
        for record in (validation(0), step(1), step(2), validation(2)):
            log.write(record)
    assert read_metrics(tmp_path / METRICS) == ([step(1), step(2)], [validation(0), validation(2)])


def test_a_line_is_on_disk_before_the_run_goes_on(tmp_path):
    with RunLog(tmp_path, tensorboard=False) as log:
        log.write(step(1))
        assert read_metrics(tmp_path / METRICS)[0] == [step(1)]


def test_a_run_that_goes_on_forgets_what_came_after_its_checkpoint(tmp_path):
    with RunLog(tmp_path, tensorboard=False) as log:
        for number in (1, 2, 3):
            log.write(step(number))
    path = tmp_path / METRICS
    path.write_text(path.read_text() + '{"kind": "step", "ste')
    with RunLog(tmp_path, last_step=2, tensorboard=False) as log:
        log.write(step(3, loss=2.5))
    assert read_metrics(path)[0] == [step(1), step(2), step(3, loss=2.5)]
    with RunLog(tmp_path, tensorboard=False):
        pass
    assert path.read_text() == ""


def test_a_number_that_json_has_not_becomes_null(tmp_path):
    with RunLog(tmp_path, tensorboard=False) as log:
        log.write(step(1, loss=math.nan, losses={"notes": math.inf}))
    line = json.loads((tmp_path / METRICS).read_text())
    assert line["loss"] is None
    assert line["losses"] == {"notes": None}


@pytest.mark.parametrize("line", ["{", "[]", '{"kind": "other"}', '{"kind": "step"}', "3"])
def test_a_line_that_is_no_record_is_named(tmp_path, line):
    with RunLog(tmp_path, tensorboard=False) as log:
        log.write(step(1))
    path = tmp_path / METRICS
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(CorpusError, match=r"metrics.jsonl:2: found no record"):
        read_metrics(path)


def test_missing_metrics_are_named(tmp_path):
    with pytest.raises(CorpusError, match=r"found no such file; wanted the metrics of a"):
        read_metrics(tmp_path / METRICS)


def test_tensorboard_gets_every_figure_by_name(tmp_path):
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with RunLog(tmp_path) as log:
        log.write(step(1))
        log.write(step(2, loss=2.0))
        log.write(validation(2))
    events = loading.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    names = set(events.Tags()["scalars"])
    assert names == {
        *("loss", "loss/notes", "learning_rate", "gradient_norm", "seconds", "pieces"),
        *("pieces_per_second", "utilisation", "heldout_mlm", "heldout_mlm/notes"),
    }
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 3.0), (2, 2.0)]


def test_without_tensorboard_the_setting_is_named(tmp_path, monkeypatch):
    load = builtins.__import__

    def absent(name, *arguments, **options):
        if name.startswith("torch.utils.tensorboard"):
            raise ImportError(name)
        return load(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError) as raised:
        RunLog(tmp_path)
    assert "record.tensorboard: found no package tensorboard" in str(raised.value)
    assert "record.tensorboard = false" in str(raised.value)

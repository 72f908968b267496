"""Without Accelerate, a message; what two processes do is `test_phases.py`'s."""

import sys

import pytest

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.processes import Processes


def test_without_accelerate_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(ConfigError) as raised:
        Processes()
    assert "found no package accelerate" in str(raised.value)
    assert "pip install spacy-modernbert-bio[pretrain]" in str(raised.value)


def test_one_process_is_the_main_one():
    alone = Processes()
    assert (alone.rank, alone.count, alone.is_main) == (0, 1, True)

"""Every `raise` is reached by a test that reads its message: an error must not fail to be told.

Runs last. A part of the suite tells nothing about the rest, so there it is skipped. Where the suite
runs in several processes, `tests/conftest.py` puts together what each has read, and tells.
"""

import importlib.util

import pytest

from spacy_modernbert_bio.errors import ConfigError
from tests.raised import is_whole, sites, unread


def test_every_raise_is_reached(request):
    if hasattr(request.config, "workeroutput"):
        pytest.skip("one process of several: told at the end")
    if not is_whole(request.session):
        pytest.skip("only a run of the whole suite can tell")
    assert not unread()


MODULE = """
from spacy_modernbert_bio.errors import ConfigError

def refuse(found):
    raise ConfigError(where="here", found=found, wanted="less")

def check(size):
    if size > 3:
        refuse("four")
    if size > 2:
        refuse("three")
    if size > 1:
        raise ConfigError(
            where="here",
            found="two",
            wanted="less",
        )
    if size > 0:
        raise build()

def build():
    return ConfigError(where="here", found="one", wanted="less")
"""


def test_a_raise_whose_message_nobody_reads_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(MODULE)
    spec = importlib.util.spec_from_file_location("module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for size, message in ((4, "four"), (2, "two"), (1, "one")):
        with pytest.raises(ConfigError, match=message):
            module.check(size)
    with pytest.raises(ConfigError):
        module.check(3)
    found = sorted(sites(path))
    assert [MODULE.splitlines()[site.first - 1].strip() for site in found] == [
        'refuse("four")',
        'refuse("three")',
        "raise ConfigError(",
        "raise build()",
    ]
    assert [site.is_read for site in found] == [True, False, True, True]

"""Watches the errors of a whole run, for `test_every_raise_is_reached.py`, which goes last."""

import pytest

from tests.raised import watch

watch()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is looked at last has to come last; the order of all others stays."""
    items.sort(key=lambda item: item.path.name == "test_every_raise_is_reached.py")

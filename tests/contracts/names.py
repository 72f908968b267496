"""The names that setup.cfg declares: those that are installed may be older."""

import configparser
from importlib.metadata import EntryPoint
from pathlib import Path

ROOT = Path(__file__).parents[2]


def declared_entry_points() -> list[EntryPoint]:
    """Every name that a user can type, with the group that it is declared in."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return [
        EntryPoint(*(part.strip() for part in line.split("=", 1)), group)
        for group, lines in parser["options.entry_points"].items()
        for line in lines.strip().splitlines()
    ]


def registry_of(point: EntryPoint) -> str:
    """`spacy_architectures` is the registry `architectures`, `thinc_optimizers` is `optimizers`."""
    return point.group.removeprefix("spacy_").removeprefix("thinc_")


POINTS = declared_entry_points()
FACTORIES = [point for point in POINTS if point.group == "spacy_factories"]
# Those that a config names with an @: all but factories and commands.
BUILDERS = [point for point in POINTS if point.group not in ("spacy_factories", "console_scripts")]

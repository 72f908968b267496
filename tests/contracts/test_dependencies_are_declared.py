"""What is imported is asked for in setup.cfg, and what is asked for is pinned for the tests.

A package that another one happens to bring goes away with the other's next version.
"""

import ast
import configparser
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Extras, which are imported where they are found.
OPTIONAL = {"flash_attn", "accelerate"}
# Names on the index that are not those of their modules.
MODULES = {"pyahocorasick": "ahocorasick", "scikit-learn": "sklearn"}
PARSER = configparser.ConfigParser()
PARSER.read(ROOT / "setup.cfg")


def names(requirements: str) -> set[str]:
    """`spacy-transformers>=1.4,<3` is imported as `spacy_transformers`."""
    found = re.findall(r"^\s*([A-Za-z][\w-]*)", requirements, flags=re.MULTILINE)
    return {MODULES.get(name, name).replace("-", "_").lower() for name in found}


NEEDED = names(PARSER["options"]["install_requires"])
TESTED = NEEDED.union(*(names(PARSER["options.extras_require"][e]) for e in ("test", "pretrain")))


def imported(folder: Path) -> set[str]:
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"spacy_modernbert_bio", "tests"}


def test_the_package_imports_what_it_requires():
    assert imported(ROOT / "spacy_modernbert_bio") - OPTIONAL == NEEDED


def test_the_tests_import_what_the_package_and_their_extra_require():
    assert not imported(ROOT / "tests") - TESTED - OPTIONAL


def pinned(marker: str) -> set[str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return names("\n".join(line for line in lines if "==" in line and marker in line))


def test_what_is_required_is_pinned():
    assert pinned("") >= TESTED


def test_what_python_3_10_has_no_newer_version_of_is_pinned_for_it_too():
    assert pinned('python_version < "3.11"') == pinned('python_version >= "3.11"')

"""The rooms of the package are built on each other in one direction, file by file."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
PACKAGE = "spacy_modernbert_bio"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_contracts_hold():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_an_upward_import_is_found(tmp_path):
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / PACKAGE / "encoder" / "layout.py").open("a") as stream:
        stream.write("\nfrom spacy_modernbert_bio.models import containers\n")
    result = lint(tmp_path)
    assert result.returncode != 0
    assert "Imports point down" in result.stdout


def test_no_two_files_import_each_other():
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    above: dict[str, set[str]] = {
        module: graph.find_modules_directly_imported_by(module) for module in graph.modules
    }
    # Take away what imports nothing that is left, until all are gone; a cycle would stay.
    while free := [module for module, imported in above.items() if not imported & above.keys()]:
        for module in free:
            del above[module]
    assert not above

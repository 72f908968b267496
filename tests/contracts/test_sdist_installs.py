"""What is shipped works without the repository."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: object, cwd: Path, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


@pytest.mark.slow
def test_the_source_distribution_installs_and_passes_the_core_tests(tmp_path):
    source, site, elsewhere = (tmp_path / name for name in ("source", "site", "elsewhere"))
    source.mkdir()
    for name in ("pyproject.toml", "setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "spacy_modernbert_bio",
        source / "spacy_modernbert_bio",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    run("-m", "build", "--sdist", "--outdir", tmp_path, cwd=source)
    shutil.rmtree(source)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as stream:
        names = {name.split("/", 1)[-1] for name in stream.getnames()}
    assert {"LICENSE", "README.md", "spacy_modernbert_bio/py.typed"} <= names
    run("-m", "pip", "install", "--no-deps", "--target", site, archive, cwd=tmp_path)

    tests = elsewhere / "tests"
    shutil.copytree(ROOT / "tests" / "encoder", tests / "encoder")
    shutil.copytree(ROOT / "tests" / "data", tests / "data")
    for name in ("__init__.py", "conftest.py", "oracles.py", "strategies.py"):
        shutil.copy(ROOT / "tests" / name, tests)
    (elsewhere / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  gpu\npythonpath = .\n")
    where = "import spacy_modernbert_bio as package; print(package.__file__)"
    assert str(site) in run("-c", where, cwd=elsewhere, PYTHONPATH=str(site))
    output = run(
        *("-m", "pytest", "-q", "-m", "not slow and not gpu", "--import-mode=importlib"),
        *("tests/encoder/test_checkpoint.py", "tests/encoder/test_windows.py"),
        cwd=elsewhere,
        PYTHONPATH=str(site),
    )
    assert " passed" in output

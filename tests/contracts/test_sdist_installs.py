"""What is shipped works without the repository."""

import os
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.contracts.names import POINTS

ROOT = Path(__file__).parents[2]
PACKAGE = "spacy_modernbert_bio"


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


# What stands beside the package and the sdist needs.
BESIDE = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE")
CORE = ("encoder/test_checkpoint.py", "encoder/test_modeling.py")
SHARED = ("__init__.py", "conftest.py", "oracles.py", "raised.py", "strategies.py")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with the package as it is installed from its sdist; no source is left."""
    folder = tmp_path_factory.mktemp("sdist")
    source, site = folder / "source", folder / "site"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "spacy_modernbert_bio", source / "spacy_modernbert_bio", ignore=ignored)
    for name in BESIDE:
        shutil.copy(ROOT / name, source)
    # Without isolation: pip would fetch setuptools, and tests need no network.
    run("-m", "build", "--sdist", "--no-isolation", "--outdir", folder, cwd=source)
    shutil.rmtree(source)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as stream:
        names = {name.split("/", 1)[-1] for name in stream.getnames()}
    assert {*BESIDE, "spacy_modernbert_bio/py.typed"} <= names
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--target", site)
    run("-m", "pip", "install", *options, archive, cwd=folder)
    return site


@pytest.mark.slow
def test_every_file_and_every_name_is_installed(site):
    shipped, installed = (
        {path.relative_to(root): path.read_bytes() for path in root.glob(f"{PACKAGE}/**/*.py")}
        for root in (ROOT, site)
    )
    assert installed == shipped
    (found,) = distributions(name="spacy-modernbert-bio", path=[str(site)])
    assert set(found.entry_points) == set(POINTS)
    assert found.metadata["License"] == "Apache-2.0"
    assert run(site / "bin" / "modernbert-bio", "--help", cwd=site, PYTHONPATH=str(site))


@pytest.mark.slow
def test_the_core_tests_pass_with_the_source_gone(site, tmp_path):
    tests = tmp_path / "tests"
    shutil.copytree(ROOT / "tests" / "data", tests / "data")
    (tests / "encoder").mkdir()
    for name in (*SHARED, *CORE):
        shutil.copy(ROOT / "tests" / name, tests / name)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  gpu\npythonpath = .\n")
    where = "import spacy_modernbert_bio as package; print(package.__file__)"
    assert str(site) in run("-c", where, cwd=tmp_path, PYTHONPATH=str(site))
    output = run(
        *("-m", "pytest", "-q", "-m", "not slow and not gpu", "--import-mode=importlib"),
        *("-p", "no:cacheprovider", "tests/encoder"),
        cwd=tmp_path,
        PYTHONPATH=str(site),
    )
    assert " passed" in output

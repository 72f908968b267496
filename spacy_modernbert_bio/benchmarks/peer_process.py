"""A peer in an environment and a process of its own: notes go in by a pipe, spans come back.

Making the environment costs a download and a minute, once. No note is ever in a file, on a command
line or in a message: what a peer writes to stderr is dropped, since it may quote what it reads.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any, TypeGuard

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.evaluation.spans import Span

Spans = tuple[Span, ...]

# Variables of ours, the secret key among them, are nothing for other people's programs.
_OURS = "MODERNBERT_BIO_"
# One thread, and no peer that asks a hub.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True, repr=False)
class Pass:
    """What one reading of some notes found, in order, and the seconds that it took."""

    spans: tuple[Spans, ...]
    seconds: float


def ensure_environment(folder: Path, requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment, which is made with these requirements if need be.

    One that is there is used as it is.
    Raises ConfigError when something else is there, and when it cannot be made.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists():
        return python
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            where=str(folder), found="no virtual environment", wanted="one, or a place to make one"
        )
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
    ready = False
    try:
        for name, command in (
            ("venv", [sys.executable, "-m", "venv", str(folder)]),
            ("pip", [*pip, *requirements]),
        ):
            # What they print names the site's own indexes and folders.
            done = subprocess.run(  # noqa: S603
                command, check=False, capture_output=True, env=_environment()
            )
            if done.returncode:
                raise ConfigError(
                    where=str(folder),
                    found=f"{name} that ended with status {done.returncode}",
                    wanted=f"an environment with {', '.join(requirements)}",
                    fix="Make it by hand, and give its folder.",
                )
        ready = True
    finally:
        # Half an environment would be taken for a whole one by the next run.
        if not ready:
            shutil.rmtree(folder, ignore_errors=True)
    return python


class PeerProcess:
    """A peer's process, started at the first reading, and anew at the next one if it has died.

    about: what the peer says that it is; empty until then. patience: seconds for one answer.
    """

    def __init__(
        self, name: str, python: Path, program: str, *arguments: str, patience: float = 600.0
    ) -> None:
        self.about = ""
        self._where = f"peer {name}"
        self._command = [str(python), "-I", "-c", program, *arguments]
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, texts: Sequence[str]) -> Pass:
        """One reading. Raises ConfigError when the peer dies, is too slow or answers wrongly."""
        whole = False
        try:
            if self._process is None:
                self._process = self._start()
                greeting = self._ask(self._process, "")
                self.about = str(greeting.get("about", "")) if isinstance(greeting, dict) else ""
            answer = self._ask(self._process, json.dumps(list(texts)) + "\n")
            if not _is_answer(answer, texts):
                raise self._failed("an answer of another form")
            whole = True
        finally:
            # What else it has to say would be taken for the next answer.
            if not whole:
                self.close()
        spans = tuple(tuple((a, b, str(c)) for a, b, c in found) for found in answer["spans"])
        return Pass(spans, float(answer["seconds"]))

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment() | _ENVIRONMENT,
            encoding="utf-8",
        )

    def _ask(self, process: "subprocess.Popen[str]", line: str) -> object:
        """The next answer, after a line (or none) was sent."""
        assert process.stdin is not None
        assert process.stdout is not None
        timer = Timer(self._patience, process.kill)
        started = time.monotonic()
        timer.start()
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(line)
                process.stdin.flush()
            answer = process.stdout.readline()
            # Waited for while it can be killed: it may live on without a word.
            status = None if answer else process.wait()
        finally:
            timer.cancel()
        if time.monotonic() - started >= self._patience:
            raise self._failed(f"no answer in {self._patience:g} s")
        if not answer:
            raise self._failed(f"a process that ended with status {status}")
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise self._failed("an answer that is no JSON") from None

    def _failed(self, found: str) -> ConfigError:
        return ConfigError(
            where=self._where,
            found=found,
            wanted="spans and seconds",
            fix="Run it by hand to see its messages: they may quote notes, and are not shown here.",
        )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def _is_answer(answer: object, texts: Sequence[str]) -> TypeGuard[dict[str, Any]]:
    if not isinstance(answer, dict):
        return False
    spans, seconds = answer.get("spans"), answer.get("seconds")
    return (
        isinstance(seconds, float)
        and seconds > 0.0
        and isinstance(spans, list)
        and len(spans) == len(texts)
        and all(
            isinstance(found, list) and all(_is_span(span, len(text)) for span in found)
            for text, found in zip(texts, spans, strict=True)
        )
    )


def _is_span(span: object, size: int) -> bool:
    match span:
        case [int(start), int(stop), str()]:
            return 0 <= start < stop <= size
    return False

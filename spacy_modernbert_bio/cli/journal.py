"""Records of a long run, kept line by line, so that a run that was stopped goes on where it was.

A file beside the output, `<output>.part`: what the run is, then a record a line. It holds what the
output will hold, and goes when the output is there.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.errors import ConfigError

Record = dict[str, Any]


class Journal:
    """The records of a run that writes `output`.

    identity: what has to be the same for a run to go on, as text; no secret. Raises ConfigError for
    what another run, or another program, has left there. `done` is how many records there are.
    """

    def __init__(self, output: Path, identity: str) -> None:
        self.path = output.with_name(f"{output.name}.part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        head = json.dumps({"run": identity}).encode() + b"\n"
        self.done = self._whole_lines(head)
        if self.done < 0:
            self.path.write_bytes(head)
            self.done = 0
        self._stream = self.path.open("ab")

    def append(self, record: Record) -> None:
        """Keep one more record, handed to the system when this returns."""
        self._stream.write(as_line(record))
        self._stream.flush()

    def records(self) -> Iterator[Record]:
        """All records, from the first."""
        with self.path.open("rb") as stream:
            next(stream)
            for line in stream:
                yield json.loads(line)

    def remove(self) -> None:
        """The output is there: nothing is left to go on with."""
        self.close()
        self.path.unlink()

    def close(self) -> None:
        """No more records now; the file stays for a run that goes on."""
        self._stream.close()

    def _whole_lines(self, head: bytes) -> int:
        """How many records are there; -1 where there is no journal yet. Cuts off half a line."""
        if not self.path.is_file():
            return -1
        lines, whole = 0, 0
        with self.path.open("rb") as stream:
            for line in stream:
                # The first may be half a line too, of a process that was killed.
                if not lines and line != head and not head.startswith(line):
                    raise ConfigError(
                        where=str(self.path),
                        found="what another run has left: other notes, settings or key",
                        wanted="the same command",
                        fix="Run that command to its end, or remove the file.",
                    )
                if not line.endswith(b"\n"):
                    break
                lines += 1
                whole += len(line)
        with self.path.open("r+b") as stream:
            stream.truncate(whole)
        return lines - 1


def as_line(record: Record) -> bytes:
    """A record as a line of UTF-8; a lone surrogate, which UTF-8 has not, makes it ASCII.

    What a table has and JSON has not (days, decimals, bytes) is written as Python's `str` has it.
    """
    try:
        return (json.dumps(record, ensure_ascii=False, default=str) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(record, default=str) + "\n").encode()

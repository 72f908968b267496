"""`modernbert-bio deidentify`: notes without their PHI, as JSON lines, a folder or a table.

Streams; goes on where it was stopped; writes the output whole or not at all. A note that was not
read whole, or at which anything failed, is never passed on: its record says why there is no text,
and the exit code is 1.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from spacy.language import Language

from spacy_modernbert_bio import __version__
from spacy_modernbert_bio.cli.console import Console, errors_shown
from spacy_modernbert_bio.cli.deidentification import (
    OWN_FIELDS,
    RULES,
    Request,
    choose_policy,
    deidentify_notes,
    load_phi_pipeline,
    parse_known,
)
from spacy_modernbert_bio.cli.deidentified_output import Output, check_output
from spacy_modernbert_bio.cli.journal import Journal
from spacy_modernbert_bio.cli.notes import STDIN, check_inputs
from spacy_modernbert_bio.cli.options import GpuId, JsonLinesOnStdin, NotesAtOnce, Quiet
from spacy_modernbert_bio.cli.pipelines import use_device
from spacy_modernbert_bio.deid.keys import Key
from spacy_modernbert_bio.deid.policy import Policy
from spacy_modernbert_bio.deid.vault import VaultEntry, write_vault
from spacy_modernbert_bio.errors import ConfigError


def deidentify(
    model: Annotated[
        str, typer.Argument(help=f'Pipeline: a folder, a package, or "{RULES}" for rules alone.')
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(help="Texts, folders of .txt, .jsonl, .csv, .parquet, - for stdin."),
    ],
    output: Annotated[
        Path, typer.Option(help="A .jsonl file, a folder for texts, or .csv/.parquet for a table.")
    ],
    policy: Annotated[
        str | None,
        typer.Option(help="safe_harbor, limited_data_set, surrogate or a .cfg [default: MODEL's]"),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Your secret key. [default: $MODERNBERT_BIO_KEY]")
    ] = None,
    text_field: Annotated[
        list[str] | None,
        typer.Option(help="Field or column with text; again for more columns. [default: text]"),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=NAME",
            help="What is known of the patient, and the field or column that holds it: id, names, "
            "identifiers, addresses, phones, emails, relatives. Again for more.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Field or column that goes out as it is; all others stay behind."),
    ] = None,
    note_is_patient: Annotated[
        bool, typer.Option(help="Notes without a patient's id share nothing with each other.")
    ] = False,
    vault: Annotated[
        Path | None, typer.Option(help="Write the way back here, encrypted. Cannot be resumed.")
    ] = None,
    as_jsonl: JsonLinesOnStdin = False,
    batch_size: NotesAtOnce = 32,
    gpu_id: GpuId = -1,
    quiet: Quiet = False,
) -> None:
    """Remove or transform PHI by a policy; a note that may hold some still is never passed on.

    Names of files, ids and kept fields go out as they are: see to it that they hold no PHI.
    """
    console = Console(quiet=quiet)
    failed = 0
    with errors_shown(others=True):
        fields = tuple(dict.fromkeys(text_field or ["text"]))
        target = Output(output, tuple(inputs), fields, tuple(keep or ()))
        check_inputs(inputs)
        check_output(target, reserved=OWN_FIELDS, vault=vault)
        use_device(gpu_id)
        nlp = load_phi_pipeline(model)
        chosen = choose_policy(nlp, policy)
        key = _key(key_file, needed=chosen.needs_key or vault is not None)
        request = Request(chosen, key, parse_known(known or ()), keep or (), note_is_patient)
        entries: list[VaultEntry] = []
        said = [*(known or ()), note_is_patient]
        identity = _identity(model, nlp, target, chosen, key, said)
        with closing(Journal(output, identity)) as journal:
            gone = "--vault" if vault is not None else "stdin" if STDIN in inputs else ""
            if gone and journal.done:
                raise ConfigError(
                    where=str(journal.path),
                    found=f"a run that was stopped, and {gone}",
                    wanted="a new run: what it had read or remembered is gone",
                    fix="Remove the file.",
                )
            notes = islice(target.read(as_jsonl=as_jsonl), journal.done, None)
            records = deidentify_notes(
                nlp,
                notes,
                request,
                batch_size=batch_size,
                remember=None if vault is None else entries.append,
            )
            for record in console.progress(records, label="notes"):
                journal.append(record)
            for record in journal.records():
                if "error" in record:
                    failed += 1
                    console.error(f"{record['source']}: {record['error']}")
            if vault is not None and key is not None:
                write_vault(vault, entries, key)
            target.write(journal.records)
            journal.remove()
        console.say(f"Wrote {output}. {chosen.notice}")
    if failed:
        console.error(f"{failed:,} note{'' if failed == 1 else 's'} withheld")
        raise typer.Exit(1)


def _key(file: Path | None, *, needed: bool) -> Key | None:
    if not needed:
        return None
    return Key.from_environment() if file is None else Key.from_file(file)


def _identity(
    model: str,
    nlp: Language,
    target: Output,
    policy: Policy,
    key: Key | None,
    said: Sequence[str | bool],
) -> str:
    """What has to be the same for a run to go on, as a digest. said: the other options."""
    # Tells one key from another, and nothing of either.
    check = "" if key is None else key.patient("journal").digest("identity").hex()
    # A pipeline that was trained or calibrated anew is another, under the name that it had.
    files = [each.stat() for each in sorted(Path(model).rglob("*"))]
    facts = [(each.st_size, each.st_mtime_ns) for each in files]
    read_by = [__version__, model, nlp.meta["version"], facts]
    parts = [*read_by, target.identity(), repr(policy), check, *said]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

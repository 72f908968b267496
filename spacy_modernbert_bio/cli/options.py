"""Arguments and options that several commands have, each with its help written once.

A command names them in its signature and gives its own default. What one command alone has stands
in that command.
"""

from pathlib import Path
from typing import Annotated

import typer

# What is read.
PipelineName = Annotated[str, typer.Argument(help="Pipeline: a folder or an installed package.")]
CheckpointName = Annotated[str, typer.Argument(help="A ModernBERT folder or hub id.")]
JsonLinesOnStdin = Annotated[bool, typer.Option("--jsonl", help="stdin holds JSON lines.")]

# What is written, and where.
FiguresFile = Annotated[Path | None, typer.Option(help="Write all figures here, as JSON.")]
PageFile = Annotated[Path | None, typer.Option(help="Write a page here as well.")]
OutputFolder = Annotated[Path, typer.Argument(help="The folder to write; replaced as a whole.")]
FiguresAsJson = Annotated[bool, typer.Option("--json", help="Figures as JSON on stdout.")]
ReportAsJson = Annotated[bool, typer.Option("--json", help="The report as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option(help="No progress on stderr.")]

# How it is computed.
DocumentsAtOnce = Annotated[int, typer.Option(min=1, help="Documents at once.")]
NotesAtOnce = Annotated[int, typer.Option(min=1, help="Notes at once.")]
GpuId = Annotated[int, typer.Option(help="GPU to use; -1 is the CPU.")]
BootstrapSeed = Annotated[int, typer.Option(min=0, help="Of the bootstrap.")]

# Sets of synthetic notes.
SplitsFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Gets train.spacy and so on.")]
TrainNotes = Annotated[int, typer.Option(min=0, help="Notes to train on.")]
DevNotes = Annotated[int, typer.Option(min=0, help="Notes to tune on.")]
TestNotes = Annotated[int, typer.Option(min=0, help="Notes to test on.")]
ShortestNote = Annotated[int, typer.Option(min=1, help="The shortest note.")]
LongestNote = Annotated[int, typer.Option(min=1, help="The longest note.")]

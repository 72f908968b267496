"""A phase's end as a Hugging Face folder with its model card, and the run's record brought up.

The folder `<output>/<phase>` is what fine-tuning starts from; `transformers` loads it too.
"""

from pathlib import Path

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, save_checkpoint
from spacy_modernbert_bio.files import atomic_folder
from spacy_modernbert_bio.pretraining.loop import Phase, Run
from spacy_modernbert_bio.pretraining.metrics import METRICS, read_metrics
from spacy_modernbert_bio.pretraining.model_card import write_model_card
from spacy_modernbert_bio.pretraining.run_record import RunRecord

RECORD = "run.json"
_PACKAGES = ("spacy-modernbert-bio", "torch", "numpy", "tokenizers", "accelerate")


def export_phase(run: Run, finished: list[Phase], checkpoint: Checkpoint) -> Path:
    """Write the end of the last of the finished phases, whole or not at all; gives its folder."""
    record = write_record(run, finished, checkpoint)
    steps, validations = read_metrics(run.output / METRICS)
    folder = run.output / finished[-1].name
    with atomic_folder(folder) as target:
        save_checkpoint(checkpoint, target)
        write_model_card(target, record, finished[-1].name, steps, validations)
    return folder


def write_record(run: Run, finished: list[Phase], checkpoint: Checkpoint) -> RunRecord:
    """Write `run.json`: what this run is, and which of its phases are complete."""
    record = describe_run(run, finished, checkpoint)
    record.write(run.output / RECORD)
    return record

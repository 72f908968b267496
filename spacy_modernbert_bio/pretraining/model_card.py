"""The model card of an exported phase: README.md, every figure from the run itself."""

from collections.abc import Sequence
from pathlib import Path

from spacy_modernbert_bio.pages.html import page
from spacy_modernbert_bio.pretraining import summary
from spacy_modernbert_bio.pretraining.metrics import StepRecord, ValidationRecord
from spacy_modernbert_bio.pretraining.run_record import PhaseRecord, RunRecord

CARD, CURVES = "README.md", "curves.html"

_LOADING = """## Loading

```python
from transformers import AutoModelForMaskedLM, AutoTokenizer

model = AutoModelForMaskedLM.from_pretrained("this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```

In a spaCy pipeline: the architecture `spacy_modernbert_bio.Encoder.v1` with `name` = this folder.
"""
_LIMITS = """## Limits

- Losses are of held-out documents of the same sources. They say nothing about a task.
- Weights hold what they have read: a model that was trained on patients' notes is as private as the
  notes, and so is its tokenizer where it was made from them.
- The licence of the texts and of the start decides what may be done with the weights.
"""
_CAUSAL = """
> This is the end of a causal phase: an intermediate. It loads as a masked language model and is not
> one yet; the masked phase that follows makes it one.
"""


def write_model_card(
    folder: Path,
    record: RunRecord,
    phase: str,
    steps: Sequence[StepRecord],
    validations: Sequence[ValidationRecord],
) -> None:
    """Write README.md and its curves into an exported folder.

    phase: the name of the one that the folder is the end of.
    """
    this = next(each for each in record.phases if each.name == phase)
    text = "\n".join(
        [
            _front_matter(record),
            f"# ModernBERT encoder: end of {phase}",
            _CAUSAL if this.objective == "clm" else "",
            _opening(record, this),
            "## Training",
            "",
            summary.recipe_table(record).to_markdown(),
            "",
            _settings(record),
            "",
            summary.sources_table(record).to_markdown(),
            "",
            "Shares are of the tokens that were read; a source that is short is read again.",
            "",
            "## Losses",
            "",
            summary.losses_table(
                [v for v in validations if v.step <= this.step], record
            ).to_markdown(),
            "",
            "The unigram entropy is the least loss that knows how frequent each token is, and no "
            f"context. Curves: `{CURVES}`.",
            "",
            _LOADING,
            _LIMITS,
        ]
    )
    (folder / CARD).write_text(text, encoding="utf8")
    seen = [step for step in steps if step.step <= this.step]
    charts = summary.training_chart(seen) + summary.heldout_chart(
        [each for each in validations if each.step <= this.step]
    )
    (folder / CURVES).write_text(page("Curves", charts), encoding="utf8")


def _front_matter(record: RunRecord) -> str:
    """What the hub reads; a base model only where the start is a hub id."""
    lines = ["---", "library_name: transformers", "pipeline_tag: fill-mask", "tags: [modernbert]"]
    if _is_hub_id(record.start):
        lines.append(f"base_model: {record.start}")
    return "\n".join([*lines, "---"])


def _is_hub_id(start: str) -> bool:
    owner, slash, name = start.partition("/")
    return bool(slash and owner and name and "/" not in name and not Path(start).exists())


def _opening(record: RunRecord, this: PhaseRecord) -> str:
    layers, width = (record.architecture[key] for key in ("num_hidden_layers", "hidden_size"))
    # A path would say more of a machine than a card should.
    start = record.start if _is_hub_id(record.start) else Path(record.start).name
    passed = [phase for phase in record.phases if phase.step <= this.step]
    way = ", then ".join(f"{p.steps:,} steps of {p.objective.upper()} ({p.name})" for p in passed)
    return (
        f"A ModernBERT encoder of {layers} layers, {width} wide, with {record.parameters:,} "
        f"parameters and a context of {record.architecture['max_position_embeddings']:,} tokens. "
        f"Started from `{start}` and pretrained for {way}. The recipe of a detour through causal "
        "language modelling (CLM) before a decay of masked language modelling (MLM) is that of "
        "ModernBERT-bio (arXiv 2605.12438).\n"
    )


def _settings(record: RunRecord) -> str:
    batch, optimizer = record.config["batch"], record.config["optimizer"]
    run = record.config["run"]
    versions = ", ".join(f"{name} {number}" for name, number in record.versions.items())
    return (
        f"A step reads {batch['rows']} x {batch['row_tokens']:,} tokens. AdamW, betas "
        f"{tuple(optimizer['betas'])}, eps {optimizer['eps']:g}, weight decay "
        f"{optimizer['weight_decay']:g} (torch's; none on norms and biases), gradients clipped to "
        f"{optimizer['clip']:g}. Seeds: {run['seed']} (masks, dropout), {run['shuffle_seed']} "
        f"(order). {record.processes} x {record.device}, {record.precision}. {versions}.\n"
    )

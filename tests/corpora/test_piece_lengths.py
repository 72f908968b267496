import numpy as np
import spacy
from spacy.tokens import Doc, Span

from spacy_modernbert_bio.corpora.piece_lengths import measure_pieces
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer

NLP = spacy.blank("en")
TEXTS = ["", "asthma", "Follow-up with Dr. Smith on 05/12/2019.", "café naïve 😀 " * 40]


def test_lengths_are_those_of_the_whole_texts(tiny_tokenizer: PieceTokenizer) -> None:
    docs = [NLP(text) for text in TEXTS * 40]
    sizes = [len(pieces) for pieces in tiny_tokenizer.encode([doc.text for doc in docs])]
    context = sorted(set(sizes))[-1] + 1
    lengths = measure_pieces(docs, [[] for _ in docs], tiny_tokenizer, context)
    assert (lengths.documents, lengths.shortest, lengths.longest) == (160, 0, max(sizes))
    assert lengths.median == np.median(sizes)
    assert lengths.p90 == np.percentile(sizes, 90)
    # Two places of the context belong to special pieces.
    assert lengths.over_context == 40
    assert lengths.share_over_context == 0.25
    assert lengths.borders == 0


def test_borders_inside_pieces_are_found_as_by_hand(tiny_tokenizer: PieceTokenizer) -> None:
    doc = Doc(NLP.vocab, words=list("asthma and antibiotics 😀é"), spaces=[False] * 25)
    spans = [Span(doc, start, end) for start in range(25) for end in range(start + 1, 26)]
    (pieces,) = tiny_tokenizer.encode([doc.text])
    inside = sum(
        bool(((pieces.starts < edge) & (edge < pieces.stops)).any())
        for span in spans
        for edge in (span.start_char, span.end_char)
    )
    assert inside > 0
    lengths = measure_pieces([doc], [spans], tiny_tokenizer, 8192)
    assert (lengths.borders, lengths.borders_inside) == (2 * len(spans), inside)


def test_nothing_measures_nothing(tiny_tokenizer: PieceTokenizer) -> None:
    lengths = measure_pieces([], [], tiny_tokenizer, 8192)
    assert (lengths.documents, lengths.longest, lengths.share_over_context) == (0, 0, 0.0)

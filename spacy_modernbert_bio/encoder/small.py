"""A small ModernBERT with random weights and its own tokenizer, made from text, in seconds.

For demonstrations and tests on machines without a trained checkpoint: everything that runs on it
runs on a real one, and its scores are those of an encoder that has never read anything. The
tokenizer is of the real one's kind (NFC, byte-level BPE, `[CLS] A [SEP]`).

Its vocabulary holds what is frequent in the texts: made from notes of patients, it is as private as
they are.
"""

from collections.abc import Iterable

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from spacy_modernbert_bio.encoder.checkpoint import Checkpoint, initialise
from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.heads import PredictionHead
from spacy_modernbert_bio.encoder.modeling import ModernBertEncoder
from spacy_modernbert_bio.encoder.pieces import PieceTokenizer
from spacy_modernbert_bio.errors import ConfigError, CorpusError

# In the order of their ids, from 0. The mask takes the blank on its left, as ModernBERT's does.
_SPECIALS = ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]")
_CONTEXT = 8192
# ModernBERT-base's intermediate layer is 1.5 times as wide as its hidden states.
_INTERMEDIATE_PER_WIDTH = 1.5


def build_small_checkpoint(
    texts: Iterable[str],
    *,
    vocab_size: int = 4096,
    width: int = 128,
    layers: int = 4,
    heads: int = 4,
    local_attention: int = 128,
    seed: int = 0,
) -> Checkpoint:
    """A checkpoint with a context of 8,192 pieces, global attention at every third layer.

    texts: what the tokenizer learns its pieces from. vocab_size: pieces, at most, the 5 special
    ones and 256 bytes included; fewer where the texts are short. width: of a hidden state.
    local_attention: pieces that a local layer sees, half of them to each side.

    The same arguments give the same weights and the same tokenizer.
    Raises ConfigError for a vocab_size below 261, CorpusError when there is no text, and
    CheckpointError for numbers that cannot describe a network.
    """
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size)
    cls_id, sep_id, pad_id = (_SPECIALS.index(name) for name in ("[CLS]", "[SEP]", "[PAD]"))
    config = EncoderConfig(
        vocab_size=tokenizer.vocab_size,
        hidden_size=width,
        intermediate_size=round(width * _INTERMEDIATE_PER_WIDTH),
        num_hidden_layers=layers,
        num_attention_heads=heads,
        local_attention=local_attention,
        max_position_embeddings=_CONTEXT,
        cls_token_id=cls_id,
        sep_token_id=sep_id,
        pad_token_id=pad_id,
        where="small encoder",
    )
    encoder = ModernBertEncoder(config)
    head = PredictionHead(config, encoder)
    # The head first: its decoder is tied to the embeddings, which start as the encoder says.
    initialise(head, config, seed=seed + 1)
    initialise(encoder, config, seed=seed)
    return Checkpoint(config, encoder.eval(), tokenizer, head.eval())


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> PieceTokenizer:
    """Byte-level BPE of ModernBERT's kind; see `build_small_checkpoint`."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    smallest = len(alphabet) + len(_SPECIALS)
    if vocab_size < smallest:
        raise ConfigError(
            where="vocab_size",
            found=str(vocab_size),
            wanted=f"{smallest} or more: all bytes and {len(_SPECIALS)} special pieces",
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[
            AddedToken(name, lstrip=name == "[MASK]", normalized=False, special=True)
            for name in _SPECIALS
        ],
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    found = [text for text in texts if text.strip()]
    if not found:
        raise CorpusError(
            where="texts for the tokenizer", found="no text", wanted="at least one word"
        )
    tokenizer.train_from_iterator(found, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, _SPECIALS.index(name)) for name in ("[CLS]", "[SEP]")],
    )
    return PieceTokenizer(tokenizer)

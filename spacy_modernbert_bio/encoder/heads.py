"""The prediction head of ModernBERT checkpoints: hidden states to vocabulary logits.

Logits are made only for the rows given, so 8,192 x 50,368 of them need never exist at once. The
same head serves masked and causal prediction. Parameter names are Hugging Face's.
"""

from jaxtyping import Float
from torch import Tensor, nn

from spacy_modernbert_bio.encoder.config import EncoderConfig
from spacy_modernbert_bio.encoder.modeling import ACTIVATIONS, ModernBertEncoder


class PredictionHead(nn.Module):
    """Dense layer, activation, norm and decoder, the decoder tied to the encoder's embeddings.

    encoder: whose embeddings the decoder shares when the config ties them.
    """

    def __init__(self, config: EncoderConfig, encoder: ModernBertEncoder) -> None:
        super().__init__()
        self.head = Transform(config)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size, bias=config.decoder_bias)
        if config.tie_word_embeddings:
            self.decoder.weight = encoder.embeddings.tok_embeddings.weight

    def forward(self, hidden: Float[Tensor, "rows width"]) -> Float[Tensor, "rows vocabulary"]:
        """Logits over the vocabulary for each row of hidden states."""
        logits: Tensor = self.decoder(self.head(hidden))
        return logits


class Transform(nn.Module):
    """What stands between the hidden states and the decoder."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.dense = nn.Linear(width, width, bias=config.classifier_bias)
        self.norm = nn.LayerNorm(width, eps=config.norm_eps, bias=config.norm_bias)
        self.activation = ACTIVATIONS[config.classifier_activation]

    def forward(self, hidden: Float[Tensor, "rows width"]) -> Float[Tensor, "rows width"]:
        """Dense layer, activation, norm."""
        output: Tensor = self.norm(self.activation(self.dense(hidden)))
        return output

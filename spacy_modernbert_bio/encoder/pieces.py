"""Text to byte-level BPE pieces with trimmed character offsets.

The whole text is encoded as it stands, never pre-split words: ModernBERT's pieces carry the blank
before a word, and words given one by one would become pieces never seen in pretraining.

Offsets lose the blanks at a piece's ends here, once, so that nothing later counts a word's blank
as part of the word. A piece of nothing but blanks keeps its extent: white-space tokens find it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from spacy_modernbert_bio.errors import CheckpointError

Ints = npt.NDArray[np.int64]

# str.isspace over all of Unicode, as a table: no such character stands above U+3000.
_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])
_REPLACEMENT = 0xFFFD


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of one text, special ones not included.

    piece_ids: vocabulary ids, `[n]`.
    starts, stops: the characters `starts[i]:stops[i]` of the text that piece i stands for, blanks
        at its ends trimmed, `[n]`. Pieces of one character have equal offsets; neither starts nor
        stops ever decrease.
    """

    piece_ids: Ints
    starts: Ints
    stops: Ints

    def __len__(self) -> int:
        return len(self.piece_ids)


class PieceTokenizer:
    """A `tokenizer.json` (Hugging Face tokenizers) that never truncates, pads or adds pieces."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer

    @classmethod
    def from_file(cls, path: Path) -> "PieceTokenizer":
        """Read a `tokenizer.json`; raises CheckpointError when it is missing or not one."""
        if not path.is_file():
            raise CheckpointError(
                where=str(path),
                found="no such file",
                wanted="the tokenizer.json of the checkpoint",
                fix="Save the fast tokenizer beside the model: tokenizer.save_pretrained(folder).",
            )
        return cls.from_bytes(path.read_bytes(), where=str(path))

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "tokenizer") -> "PieceTokenizer":
        """The tokenizer whose `to_bytes` is `data`; `where` names its origin in errors."""
        try:
            tokenizer = Tokenizer.from_buffer(data)
        except Exception:  # the Rust binding raises Exception itself
            raise CheckpointError(
                where=where, found="not a tokenizer.json", wanted="a Hugging Face tokenizers file"
            ) from None
        return cls(tokenizer)

    def to_bytes(self) -> bytes:
        """The content of a `tokenizer.json`."""
        content: str = self._tokenizer.to_str(pretty=True)
        return content.encode("utf8")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the ids, as hexadecimal digits.

        The same for a tokenizer.json that is laid out otherwise, or read by another version.
        """
        content = json.loads(self._tokenizer.to_str())
        model = content["model"]
        deciding = {
            "vocab": model.get("vocab"),
            "merges": model.get("merges"),
            **{key: content[key] for key in ("normalizer", "pre_tokenizer")},
            "added": [(token["content"], token["id"]) for token in content["added_tokens"]],
        }
        text = json.dumps(deciding, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def vocab_size(self) -> int:
        """One more than the highest id that the tokenizer can give."""
        return 1 + max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)

    def id_to_token(self, piece_id: int) -> str | None:
        """The piece's name in the vocabulary; None for an id without a piece."""
        name: str | None = self._tokenizer.id_to_token(piece_id)
        return name

    def token_to_id(self, piece: str) -> int | None:
        """The id of a piece by its name in the vocabulary."""
        number: int | None = self._tokenizer.token_to_id(piece)
        return number

    @property
    def mask_id(self) -> int | None:
        """The id of the mask piece ("[MASK]" or "<mask>"); None where there is none."""
        found = (self.token_to_id(name) for name in ("[MASK]", "<mask>"))
        return next((number for number in found if number is not None), None)

    def special_names(self) -> list[str]:
        """The names of the special pieces, in the order of their ids."""
        added = json.loads(self._tokenizer.to_str())["added_tokens"]
        return [token["content"] for token in added if token["special"]]

    def decode(self, piece_ids: Sequence[int]) -> str:
        """The text that pieces stand for, special ones included."""
        text: str = self._tokenizer.decode(list(piece_ids), skip_special_tokens=False)
        return text

    def encode(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of each text. An empty text has none."""
        codes = [_code_points(text) for text in texts]
        # A lone surrogate is no text to the encoder; its stand-in is as long, so offsets hold.
        clean = [
            text if text.isascii() else _without_surrogates(text, points)
            for text, points in zip(texts, codes, strict=True)
        ]
        encodings = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        return [
            _to_pieces(encoding.ids, encoding.offsets, points)
            for encoding, points in zip(encodings, codes, strict=True)
        ]


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _without_surrogates(text: str, points: npt.NDArray[np.uint32]) -> str:
    lone = (points >= 0xD800) & (points <= 0xDFFF)
    if not lone.any():
        return text
    return np.where(lone, _REPLACEMENT, points).astype("<u4").tobytes().decode("utf-32-le")


def _to_pieces(
    ids: list[int], offsets: list[tuple[int, int]], points: npt.NDArray[np.uint32]
) -> Pieces:
    piece_ids = np.array(ids, dtype=np.int64)
    spans = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    starts, stops = _trim(spans[:, 0], spans[:, 1], points)
    # Normalisation may reorder combining marks; later searches need ends that never decrease.
    return Pieces(piece_ids, np.maximum.accumulate(starts), np.maximum.accumulate(stops))


def _trim(starts: Ints, stops: Ints, points: npt.NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Move the ends of each span inwards over white space; spans of nothing else stay."""
    length = len(points)
    space = _IS_SPACE[np.minimum(points, len(_IS_SPACE) - 1)]
    index = np.arange(length + 1)
    # The first character from i on that is not white space, and one past the last before i.
    following = np.where(np.append(space, False), length, index)
    following = np.minimum.accumulate(following[::-1])[::-1]
    preceding = np.maximum.accumulate(np.where(np.insert(space, 0, True), 0, index))
    new_starts, new_stops = following[starts], preceding[stops]
    blank = new_starts >= new_stops
    return np.where(blank, starts, new_starts), np.where(blank, stops, new_stops)

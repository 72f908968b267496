import pickle

import pytest

from spacy_modernbert_bio import errors
from spacy_modernbert_bio.errors import CheckpointError, CorpusError, ModernBertBioError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ModernBertBioError)
]


def test_message_says_where_found_wanted_and_what_to_do() -> None:
    error = CorpusError(where="a.iob:3", found="one column", wanted="two", fix="Add a tag.")
    assert str(error) == "a.iob:3: found one column; wanted two. Add a tag."


def test_message_ends_after_wanted_when_there_is_nothing_to_do() -> None:
    error = CheckpointError(where="model", found="a pickle", wanted="safetensors")
    assert str(error) == "model: found a pickle; wanted safetensors."


@pytest.mark.parametrize("kind", KINDS)
def test_error_crosses_a_process_border_whole(kind: type[ModernBertBioError]) -> None:
    sent = kind(where="here", found="this", wanted="that", fix="Do it.")
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is kind
    assert vars(received) == vars(sent)
    assert str(received) == str(sent)


@pytest.mark.parametrize("kind", KINDS)
def test_error_is_a_value_error_with_named_fields_only(kind: type[ModernBertBioError]) -> None:
    assert issubclass(kind, ValueError)
    with pytest.raises(TypeError, match="positional"):
        kind("here", "this", "that")  # type: ignore[misc]

import math
from collections import Counter
from typing import Any

import pytest

from spacy_modernbert_bio.corpora.document import Document
from spacy_modernbert_bio.corpora.splits import (
    Split,
    gad_parts,
    phenotype_parts,
    seeded_part,
    take_part,
)
from spacy_modernbert_bio.errors import ConfigError, CorpusError

# What datasets 5.0.1 gave for 20 rows: train_test_split(test_size=0.2, seed=42), and its training
# part cut again with 0.125.
OF_HUGGING_FACE = {
    "train": {4, 2, 18, 19, 12, 5, 17, 0, 6, 3, 13, 10, 1, 11},
    "dev": {16, 8},
    "test": {15, 9, 14, 7},
}
# As above, of 2,270 rows: how many, the sum of the places, and of their squares.
OF_HUGGING_FACE_LARGE = {
    "train": (1589, 1778431, 2665131117),
    "dev": (227, 259128, 392695060),
    "test": (454, 537756, 838625418),
}


def documents(count: int, groups: int = 0) -> list[Document]:
    return [
        Document(str(number), "x", group=str(number % groups) if groups else "")
        for number in range(count)
    ]


def test_phenotypes_are_cut_as_hugging_face_cuts_them() -> None:
    parts = phenotype_parts(20)
    found = {
        part: {place for place, each in enumerate(parts) if each == part}
        for part in OF_HUGGING_FACE
    }
    assert found == OF_HUGGING_FACE


def test_many_phenotypes_are_cut_as_hugging_face_cuts_them() -> None:
    parts = phenotype_parts(2270)
    for part, (count, total, squares) in OF_HUGGING_FACE_LARGE.items():
        places = [place for place, each in enumerate(parts) if each == part]
        assert (len(places), sum(places), sum(n * n for n in places)) == (count, total, squares)


@pytest.mark.parametrize("rule", ["seeded", "phenotype"])
def test_every_document_is_in_one_part(rule: str) -> None:
    taken = [
        document.id
        for part in ("train", "dev", "test")
        for document in take_part(documents(500), Split(rule, part))
    ]
    assert sorted(taken, key=int) == [str(number) for number in range(500)]


def test_groups_stay_together() -> None:
    homes: dict[str, set[str]] = {}
    for part in ("train", "dev", "test"):
        for document in take_part(documents(500, groups=60), Split("seeded", part)):
            homes.setdefault(document.group, set()).add(part)
    assert len(homes) == 60
    assert all(len(parts) == 1 for parts in homes.values())
    assert set.union(*homes.values()) == {"train", "dev", "test"}


def test_shares_are_met_on_average_and_the_seed_counts() -> None:
    counts = Counter(seeded_part(str(number), 0, (0.5, 0.2, 0.3)) for number in range(10_000))
    for part, share in (("train", 0.5), ("dev", 0.2), ("test", 0.3)):
        assert abs(counts[part] - 10_000 * share) < 4 * math.sqrt(10_000 * share * (1 - share))
    assert [seeded_part(str(n), 0) for n in range(50)] != [
        seeded_part(str(n), 1) for n in range(50)
    ]


def test_a_part_stays_when_other_documents_come_and_go() -> None:
    # Frozen: another hash would move documents from training to test.
    assert "".join(seeded_part(str(n), 0)[2] for n in range(30)) == "asaasaaasasasaassvaaaaaaassvaa"


def test_shares_of_nothing_give_nothing_however_they_add_up() -> None:
    shares = (0.9, 0.1 - 1e-10, 0.0)
    assert {seeded_part(str(n), 0, shares) for n in range(300)} == {"train", "dev"}
    # Drawn above all that the shares add up to, as rounding can leave it.
    assert seeded_part("0", 0, (0.0, 1e-12, 0.0)) == "dev"


def test_gad_is_cut_as_blurb_cuts_it() -> None:
    parts = gad_parts(4796)
    assert parts[4260:4262] == ["train", "dev"]
    assert Counter(parts) == {"train": 4261, "dev": 535}
    with pytest.raises(CorpusError, match=r"found 4797 documents; wanted 4796, as 1/train.tsv"):
        list(take_part(documents(4797), Split("gad", "dev")))


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"rule": "dice"}, "split: found 'dice'; wanted one of seeded, phenotype, gad"),
    ({"part": "devel"}, "part: found 'devel'; wanted one of train, dev, test"),
    ({"rule": "gad", "seed": 1}, "found one of them, with gad; wanted them with seeded only"),
    ({"shares": (0.5, 0.5)}, "shares, seed: found something else than numbers of 0 or more"),
    ({"shares": (0.5, 0.6, -0.1)}, "found something else than numbers of 0 or more"),
    ({"shares": (0.5, 0.1, 0.1)}, "found something else than numbers of 0 or more that add up"),
    ({"shares": "all"}, "found something else than numbers"),
    ({"seed": "one"}, "or no whole seed; wanted the shares of training, development and test"),
]


@pytest.mark.parametrize(("options", "message"), IMPOSSIBLE)
def test_what_no_corpus_can_be_cut_by_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Split(**{"rule": "seeded", "part": "train", **options})

"""What happens to PHI of each label: a policy, and the .cfg file that it is read from.

Three are shipped (`profiles/`): safe_harbor, limited_data_set, surrogate. A policy holds no key:
who has the file can't undo anything. Unknown keys, labels and actions are errors, never ignored.
"""

from collections.abc import Mapping
from configparser import ConfigParser, DuplicateOptionError, DuplicateSectionError
from configparser import Error as ConfigParserError
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from spacy_modernbert_bio.deid.labels import CATEGORIES, LABELS, category_of
from spacy_modernbert_bio.deid.zip_codes import ZipTable, load_zip_table, shipped_zip_table
from spacy_modernbert_bio.errors import PolicyError
from spacy_modernbert_bio.files import read_text

Action = Literal["redact", "mask", "hash", "surrogate", "shift", "generalise", "keep"]
ACTIONS: tuple[Action, ...] = get_args(Action)
PROFILES = ("safe_harbor", "limited_data_set", "surrogate")
_BY_NAME: dict[str, Action] = {action: action for action in ACTIONS}
KEYED: tuple[Action, ...] = ("hash", "surrogate", "shift")

# Labels that an action is made for; the others take every label.
_ONLY_FOR: dict[Action, tuple[str, ...]] = {
    "shift": ("DATE",),
    "generalise": ("DATE", "AGE", "ZIP"),
    "surrogate": tuple(label for label in LABELS if label not in ("DATE", "AGE")),
}
_REQUIRED_KEYS = ("name", "notice")
_POLICY_KEYS = (*_REQUIRED_KEYS, "base", "mask_character", "mask_length", "zip_table")
_SECTIONS = ("policy", "actions")


@dataclass(frozen=True)
class Policy:
    """What is done with PHI.

    name: for reports. actions: label -> action; may be given for categories only, and is complete
    over LABELS afterwards (a type has its category's). notice: what output under this policy is
    and is not. mask_character: one, no letter, digit or blank. mask_length: of a mask, in
    characters; 0 is as long as the original, which gives its length away. zip_table: which areas
    `generalise` may not tell. Raises PolicyError for what doesn't make a policy.
    """

    name: str
    actions: Mapping[str, Action]
    notice: str
    mask_character: str = "*"
    mask_length: int = 5
    zip_table: ZipTable = field(default_factory=shipped_zip_table)

    def __post_init__(self) -> None:
        where = f"policy {self.name}"
        object.__setattr__(self, "actions", _complete(self.actions, where))
        mask = self.mask_character
        if len(mask) != 1 or mask.isalnum() or mask.isspace():
            raise PolicyError(
                where=f"{where}: mask_character",
                found=f"{mask!r}",
                wanted="one character that is no letter, digit or blank",
            )
        if self.mask_length < 0:
            raise PolicyError(
                where=f"{where}: mask_length",
                found=f"{self.mask_length}",
                wanted="a number of characters, or 0 for as many as the original has",
            )

    def action(self, label: str) -> Action:
        """What is done with a span of this label. Raises PolicyError for an unknown one."""
        category_of(label)
        return self.actions[label]

    @property
    def needs_key(self) -> bool:
        """Whether an action of it depends on the caller's key."""
        return any(action in KEYED for action in self.actions.values())


def load_policy(name_or_path: str | Path) -> Policy:
    """A shipped policy by its name (PROFILES), or one of the caller's by the path of its .cfg.

    A file may name a shipped policy as its `base`: its own keys and actions replace the base's,
    an action for a category those of the types that neither file names. It needs a notice of its
    own: what the base promises may no longer hold. Raises PolicyError, with file and key, and
    CorpusError for a file that is no UTF-8 text.
    """
    if name_or_path in PROFILES:
        return _load(_profile(str(name_or_path)), str(name_or_path), Path())
    path = Path(name_or_path)
    if not path.is_file():
        raise PolicyError(
            where=str(path),
            found="no such file, and no policy of this name",
            wanted=f"one of {', '.join(PROFILES)}, or the path of a .cfg file",
        )
    return _load(read_text(path), str(path), path.parent)


def _profile(name: str) -> str:
    profiles = resources.files("spacy_modernbert_bio.deid").joinpath("profiles")
    return profiles.joinpath(f"{name}.cfg").read_text(encoding="utf8")


def _load(content: str, where: str, folder: Path) -> Policy:
    settings, actions = _parse(content, where)
    for key in _REQUIRED_KEYS:
        if not settings.get(key, "").strip():
            raise PolicyError(
                where=f"{where}: {key}", found="nothing", wanted="a text", fix=_REQUIRED_FIX
            )
    base = settings.get("base")
    if base is not None:
        if base not in PROFILES:
            raise PolicyError(
                where=f"{where}: base", found=repr(base), wanted=f"one of {', '.join(PROFILES)}"
            )
        base_settings, base_actions = _parse(_profile(base), base)
        settings, actions = {**base_settings, **settings}, {**base_actions, **actions}
    length = settings.get("mask_length", str(Policy.mask_length))
    if not (length.isascii() and length.isdecimal()):
        raise PolicyError(
            where=f"{where}: mask_length", found=repr(length), wanted="a number of characters"
        )
    table = settings.get("zip_table")
    return Policy(
        name=settings["name"],
        actions=_complete(actions, f"{where}: [actions]"),
        notice=" ".join(settings["notice"].split()),
        mask_character=settings.get("mask_character", Policy.mask_character),
        mask_length=int(length),
        zip_table=load_zip_table(folder / table) if table else shipped_zip_table(),
    )


_REQUIRED_FIX = "Each policy says what it is called, and what its output is and is not."


def _parse(content: str, where: str) -> tuple[dict[str, str], dict[str, str]]:
    """The keys of [policy] and of [actions], all known."""
    # Keys are labels: case counts, and a percent sign in a notice is one.
    parser = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[method-assign, assignment]  # as its manual says
    problem = ""
    try:
        parser.read_string(content)
    except (DuplicateOptionError, DuplicateSectionError) as error:
        problem = f"a section or key that stands twice, at line {error.lineno}"
    except ConfigParserError:
        problem = "lines that are no `key = value`"
    if problem:
        raise PolicyError(
            where=where, found=problem, wanted="sections [policy] and [actions], each key once"
        )
    for section in (*parser.sections(), *(["DEFAULT"] if parser.defaults() else [])):
        if section not in _SECTIONS:
            raise PolicyError(
                where=where,
                found=f"a section [{section}]",
                wanted="[policy] and [actions]",
            )
    settings, actions = (
        dict(parser[section]) if parser.has_section(section) else {} for section in _SECTIONS
    )
    for key in settings:
        if key not in _POLICY_KEYS:
            raise PolicyError(
                where=f"{where}: {key}",
                found="an unknown key",
                wanted=f"one of {', '.join(_POLICY_KEYS)}",
            )
    return settings, actions


def _complete(given: Mapping[str, str], where: str) -> dict[str, Action]:
    """An action for each label, a type's from its category where it has none of its own."""
    for label, found in given.items():
        if label not in LABELS:
            raise PolicyError(
                where=f"{where}: {label}",
                found="an unknown label",
                wanted=f"one of {', '.join(LABELS)}",
            )
        # Nothing but a name of ours passes: `generalise` has no meaning for a phone number.
        fitting = [each for each in ACTIONS if label in _ONLY_FOR.get(each, LABELS)]
        if found not in fitting:
            raise PolicyError(
                where=f"{where}: {label}",
                found=repr(found),
                wanted=f"one of {', '.join(fitting)}",
            )
    missing = [category for category in CATEGORIES if category not in given]
    if missing:
        raise PolicyError(
            where=where,
            found=f"no action for {', '.join(missing)}",
            wanted=f"one for each of {', '.join(CATEGORIES)}",
            fix="Nothing is kept, or removed, because a policy forgot it.",
        )
    chosen = {label: given.get(label, given[category_of(label)]) for label in LABELS}
    return {label: _BY_NAME[action] for label, action in chosen.items()}

"""A `.cfg` file as a checked PretrainConfig. The only file here that knows confection.

Confection reads the sections, interpolates and applies overrides, as for spaCy's own configs;
pydantic, which it brings along, holds them against the dataclasses: an unknown key is an error.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from confection import Config, ConfigValidationError
from pydantic import TypeAdapter, ValidationError

from spacy_modernbert_bio.errors import ConfigError
from spacy_modernbert_bio.pretraining.config import PretrainConfig


def read_config(path: Path, overrides: Mapping[str, Any] | None = None) -> PretrainConfig:
    """The run that a file describes.

    overrides: values by their full key, as `{"run.start": "encoder"}`; the section must exist.
    Raises ConfigError naming file and key for a file that is none, an unknown or missing key, and
    a value of another type or out of range.
    """
    if not path.is_file():
        raise ConfigError(where=str(path), found="no such file", wanted="a .cfg file")
    try:
        content = Config().from_disk(path, overrides=dict(overrides or {}))
    except (ConfigValidationError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(
            where=str(path),
            found=f"no readable config ({reason})",
            wanted="sections of key = value",
        ) from None
    return check_config(content, where=str(path))


def check_config(content: Mapping[str, Any], *, where: str) -> PretrainConfig:
    """Sections as plain data, held against the schema. Raises ConfigError, as `read_config`.

    A section `paths` is left out: as in spaCy's configs, others refer to it as `${paths.name}`.
    """
    content = {key: value for key, value in content.items() if key != "paths"}
    _refuse_unknown(PretrainConfig, content, f"{where}: ")
    try:
        return TypeAdapter(PretrainConfig).validate_python(_listed(content))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, ConfigError):
            key = ".".join(part for part in (key, cause.where) if part)
            raise ConfigError(
                where=f"{where}: {key}", found=cause.found, wanted=cause.wanted, fix=cause.fix
            ) from None
        missing = first["type"] == "missing"
        raise ConfigError(
            where=f"{where}: {key}",
            found="no value" if missing else repr(first["input"]),
            wanted="a value" if missing else first["msg"],
        ) from None


def _refuse_unknown(kind: Any, content: Any, where: str) -> None:
    """Walk dataclasses and sections side by side; pydantic passes over what it does not know."""
    if not isinstance(content, Mapping):
        return
    if not is_dataclass(kind):
        for name, section in content.items():
            _refuse_unknown(get_args(kind)[1], section, f"{where}{name}.")
        return
    hints = get_type_hints(kind)
    known = [each.name for each in fields(kind)]
    for key, value in content.items():
        if key not in known:
            raise ConfigError(
                where=f"{where}{key}", found="an unknown key", wanted=f"one of {', '.join(known)}"
            )
        if is_dataclass(hints[key]) or isinstance(value, Mapping):
            _refuse_unknown(hints[key], value, f"{where}{key}.")


def _listed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The same sections, with a source's single path as a list of one."""
    plain = dict(content)
    corpus = plain.get("corpus")
    if isinstance(corpus, Mapping) and isinstance(corpus.get("sources"), Mapping):
        sources = {
            name: {**source, "path": [source["path"]]}
            if isinstance(source, Mapping) and isinstance(source.get("path"), str)
            else source
            for name, source in corpus["sources"].items()
        }
        plain["corpus"] = {**corpus, "sources": sources}
    return plain

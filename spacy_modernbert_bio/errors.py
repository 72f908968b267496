"""The exception tree. Every message has one shape: where, found, wanted, fix.

`where` names a file, a line or a config key; `found` and `wanted` name kinds, counts, labels or
shapes. None of them may hold document text: notes are other people's secrets, and messages end
up in logs. The sentence is written where the fact is known; this file only gives it its form.
"""


class ModernBertBioError(ValueError):
    """Something the caller gave cannot be used.

    where: file, `file:line`, config key or argument in question.
    found: what was there (a kind, a count, a name of ours; never document text).
    wanted: what would have been accepted.
    fix: what to do next, as a sentence; may be empty.
    """

    def __init__(self, *, where: str, found: str, wanted: str, fix: str = "") -> None:
        self.where = where
        self.found = found
        self.wanted = wanted
        self.fix = fix
        super().__init__(f"{where}: found {found}; wanted {wanted}." + (f" {fix}" if fix else ""))

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only fields need a rebuilder, or the error dies on its way out of a worker.
        return _rebuild, (type(self), self.where, self.found, self.wanted, self.fix)


class CheckpointError(ModernBertBioError):
    """A model folder that is not a usable ModernBERT checkpoint."""


class CorpusError(ModernBertBioError):
    """A corpus file that cannot be read as its format."""


class ConfigError(ModernBertBioError):
    """A setting that is unknown, impossible, or cannot run on this machine."""


class TrainingError(ModernBertBioError):
    """A run that cannot go on: losses or gradients that are no numbers."""


class CoverageError(ModernBertBioError):
    """A document of which some part was not read by the encoder."""


class PolicyError(ModernBertBioError):
    """A de-identification that is not defined: no key, an unknown label or action, no coverage."""


class ResumeError(ModernBertBioError):
    """A run that cannot go on from what it left: another config, a damaged or missing state."""


def tell(error: Exception) -> str:
    """What can be said of an exception without quoting a note: of others' the kind alone."""
    return str(error) if isinstance(error, ModernBertBioError) else type(error).__name__


def _rebuild(
    kind: type[ModernBertBioError], where: str, found: str, wanted: str, fix: str
) -> ModernBertBioError:
    return kind(where=where, found=found, wanted=wanted, fix=fix)

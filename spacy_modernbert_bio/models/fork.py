"""What a forked worker process must settle before it computes.

`nlp.pipe(n_process=2)` forks. OpenMP's threads do not survive a fork, and the first parallel
region in the child waits for them for ever: a worker computes in one torch thread. Hugging Face's
tokenizers settle themselves, but print a warning a worker unless a variable is set at the fork.

Registered once, on import; a process that never forks pays nothing.
"""

import os

import torch

_VARIABLE = "TOKENIZERS_PARALLELISM"
_unset: list[bool] = []


def _before() -> None:
    _unset.append(_VARIABLE not in os.environ)
    os.environ.setdefault(_VARIABLE, "false")


def _in_parent() -> None:
    if _unset.pop():
        del os.environ[_VARIABLE]


def _in_child() -> None:
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, where workers are spawned
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)

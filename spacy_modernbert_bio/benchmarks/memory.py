"""Peak memory of one run above the loaded model, in a fresh process. Linux only.

A process of its own, because what an allocator has once taken it seldom gives back: the second
contender in one process would run in the first one's room.
"""

import gc
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from spacy_modernbert_bio.errors import ConfigError

Run = Callable[[], object]

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak_megabytes(
    name: str,
    prepare: Callable[..., tuple[Run, Run]],
    arguments: tuple[Any, ...],
    threads: int,
) -> float:
    """Megabytes that a run takes at its peak, beyond what stays after a warm one.

    name: of the contender, for errors. prepare: called with `arguments` in the new process; gives
    the warm run and the one to measure.
    Raises ConfigError where the system does not tell a process's peak.
    """
    if not _RESET.exists():
        raise ConfigError(
            where="--memory", found="a system without /proc/self/clear_refs", wanted="Linux"
        )
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_measure, args=(prepare, arguments, threads, sender), daemon=True
    )
    process.start()
    sender.close()
    try:
        peak: float = receiver.recv()
    except EOFError:
        raise ConfigError(
            where="--memory", found=f"a process that died ({name})", wanted="enough memory"
        ) from None
    finally:
        process.join()
    return peak


def _measure(
    prepare: Callable[..., tuple[Run, Run]],
    arguments: tuple[Any, ...],
    threads: int,
    out: Connection,
) -> None:
    import torch

    torch.set_num_threads(threads)
    warm, run = prepare(*arguments)
    warm()
    gc.collect()
    before = _resident("VmRSS")
    _RESET.write_text("5")
    run()
    out.send(_resident("VmHWM") - before)
    out.close()


def _resident(key: str) -> float:
    """A field of /proc/self/status, in megabytes."""
    lines = _STATUS.read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(key))
    return int(kilobytes) / 1024

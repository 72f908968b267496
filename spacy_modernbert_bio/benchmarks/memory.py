"""Peak memory of one pass above the loaded model, in a fresh process. Linux only.

A process of its own, because what an allocator has once taken it seldom gives back: the second
contender in one process would run in the first one's room.
"""

import gc
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from spacy_modernbert_bio.benchmarks.contenders import PlainTransformers, ours, run_pipeline
from spacy_modernbert_bio.benchmarks.speed import Contender
from spacy_modernbert_bio.errors import ConfigError

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak_megabytes(contender: str, folder: Path, text: str, threads: int) -> float:
    """Megabytes that one pass over `text` takes at its peak, beyond the loaded and warm model.

    contender: "ours" or "padded" (plain transformers with SDPA), both in fp32.
    Raises ConfigError where the system does not tell a process's peak.
    """
    if not _RESET.exists():
        raise ConfigError(
            where="--memory", found="a system without /proc/self/clear_refs", wanted="Linux"
        )
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_measure, args=(contender, folder, text, threads, sender), daemon=True
    )
    process.start()
    sender.close()
    try:
        peak: float = receiver.recv()
    except EOFError:
        raise ConfigError(
            where="--memory", found=f"a process that died ({contender})", wanted="enough memory"
        ) from None
    finally:
        process.join()
    return peak


def _measure(contender: str, folder: Path, text: str, threads: int, out: Connection) -> None:
    import torch

    torch.set_num_threads(threads)
    if contender == "ours":
        run: Contender = run_pipeline(ours(folder, "fp32"))
    else:
        run = PlainTransformers(folder, torch.float32).padded
    run([text[:200]])
    gc.collect()
    before = _resident("VmRSS")
    _RESET.write_text("5")
    run([text])
    out.send(_resident("VmHWM") - before)
    out.close()


def _resident(key: str) -> float:
    """A field of /proc/self/status, in megabytes."""
    lines = _STATUS.read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(key))
    return int(kilobytes) / 1024

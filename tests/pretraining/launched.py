"""What a launcher starts: `launched.py FOLDER CHECKPOINT plain|sharded`, one of its processes."""

import sys
from pathlib import Path

import torch
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

from spacy_modernbert_bio.pretraining.phases import run_phases
from spacy_modernbert_bio.pretraining.processes import Processes
from tests.pretraining.runs import describe_run


def shard_on_cpu() -> None:
    """Accelerate passes over FSDP2 where there is no accelerator; torch's own engine needs none."""
    PartialState._shared_state["distributed_type"] = DistributedType.FSDP
    state = AcceleratorState()
    state.fsdp_plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=["Layer"],
        cpu_ram_efficient_loading=False,
    )


folder, checkpoint, engine = sys.argv[1:]
torch.set_num_threads(1)
if engine == "sharded":
    begin = Processes.__init__

    def begin_sharded(self: Processes) -> None:
        begin(self)
        shard_on_cpu()

    Processes.__init__ = begin_sharded
run_phases(describe_run(Path(folder), Path(checkpoint)))

# SPDX-License-Identifier: GPL-3.0-or-later
"""How a graphics card may be used: plain data that travels with a request."""

from __future__ import annotations

from dataclasses import dataclass

ARENAS = ("kSameAsRequested", "kNextPowerOfTwo")
SEARCHES = ("HEURISTIC", "DEFAULT", "EXHAUSTIVE")


@dataclass(frozen=True)
class GpuSettings:
    """Limits and choices for networks on a card. The defaults are for a card of 4 GB.

    Blender's viewport shares the card, so a network takes little and takes it as it needs it. CUDA
    itself and cuDNN hold 300 to 600 MB before the first network is there.

    Attributes:
        memory_mib: MiB that onnxruntime's arena may take for one network. It bounds batches, too.
        arena: "kSameAsRequested" grows as asked; "kNextPowerOfTwo" doubles, which is faster where
            memory does not matter.
        search: How cuDNN chooses its convolutions. "EXHAUSTIVE" tries all of them in the first
            run, which costs more than a clip does.
        large_workspace: Let cuDNN use as much memory for a convolution as it likes.
        half: Compute in 16 bits where the provider can. GeForce GTX 16xx cards give numbers that
            are none with it, or are slower, so it is off.
        warm_up_runs: Runs of each batch size before the first picture.
        tensorrt_workspace_mib: MiB that TensorRT may use while it works.
        batch: Pictures in a batch at most; 0 chooses by the memory.
        bind: Keep inputs and outputs in buffers on the card, with CUDA and TensorRT.
        decode: Let the card decode videos where it can.
    """

    memory_mib: int = 384
    arena: str = "kSameAsRequested"
    search: str = "HEURISTIC"
    large_workspace: bool = False
    half: bool = False
    warm_up_runs: int = 2
    tensorrt_workspace_mib: int = 128
    batch: int = 0
    bind: bool = True
    decode: bool = True

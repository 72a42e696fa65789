# SPDX-License-Identifier: GPL-3.0-or-later
"""What may run a network: devices, the order they are tried in, and onnxruntime's options.

Pure data and logic; onnxruntime is asked elsewhere (``onnx_session.py``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import FacewrightError
from .gpu_settings import GpuSettings

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
DIRECTML = "DmlExecutionProvider"
COREML = "CoreMLExecutionProvider"

# The device that a person names -> providers to try before the processor.
_BY_NAME: dict[str, tuple[str, ...]] = {
    "cpu": (),
    "cuda": (CUDA,),
    # What TensorRT cannot run is for CUDA, and so is everything where TensorRT does not start.
    "tensorrt": (TENSORRT, CUDA),
    "directml": (DIRECTML,),
    "coreml": (COREML,),
}
DEVICES = ("auto", *_BY_NAME)
# Everything but the processor, in the order that automatic tries them in.
CARDS = (TENSORRT, CUDA, DIRECTML, COREML)
# Providers whose tensors live in CUDA's memory: inputs and outputs are bound there.
ON_CUDA = (CUDA, TENSORRT)
# CUDA's first card; ``CUDA_VISIBLE_DEVICES`` makes another one the first.
CUDA_DEVICE = "0"

# What the landmark network holds for one picture of a batch (7.2 MiB in the processor's arena),
# twice, because a card's convolutions want workspace.
MIB_PER_PICTURE = 16
MAX_BATCH = 32


def check_device(device: str) -> None:
    """Refuses a name that is none.

    Raises:
        FacewrightError: ``device-unknown``.
    """
    if device not in DEVICES:
        raise FacewrightError(
            f"There is no device named {device!r}.",
            f"Choose one of: {', '.join(DEVICES)}.",
            "device-unknown",
        )


def candidates(device: str, there: Sequence[str], *, tensorrt_built: bool = False) -> list[str]:
    """Providers to try before the processor, in order.

    Automatic takes what is there of TensorRT, CUDA, DirectML and CoreML. TensorRT is among them
    only where its engine for this network, card and driver was built before: to build it takes
    minutes, which is for the person to begin, by naming the device.

    Args:
        device: A key of ``DEVICES``.
        there: What this build of onnxruntime has.
        tensorrt_built: Whether the engine is in the cache.
    """
    check_device(device)
    wanted = CARDS if device == "auto" else _BY_NAME[device]
    if device == "auto" and not tensorrt_built:
        wanted = tuple(name for name in wanted if name != TENSORRT)
    return [name for name in wanted if name in there]


def is_missing(device: str, there: Sequence[str]) -> bool:
    """Whether a device that the person named is not in this build of onnxruntime."""
    return device not in ("auto", "cpu") and _BY_NAME[device][0] not in there


def batch_limit(settings: GpuSettings) -> int:
    """Pictures in a batch: as asked, or as many as the memory holds; a power of two."""
    room = settings.batch or settings.memory_mib // MIB_PER_PICTURE
    room = max(1, min(room, MAX_BATCH))
    return 1 << (room.bit_length() - 1)


def batch_sizes(largest: int) -> list[int]:
    """The sizes that batches have: powers of two, so that few shapes are prepared."""
    return [1 << power for power in range(largest.bit_length()) if 1 << power <= largest]


def each_once(*providers: str) -> str:
    """All that ran something, in order, e.g. "CUDAExecutionProvider, CPUExecutionProvider".

    Args:
        providers: One each, or several as this function joins them; empty for none.
    """
    names = [name for one in providers for name in one.split(", ") if name]
    return ", ".join(dict.fromkeys(names))


def cache_key(
    provider: str, version: str, model_sha256: str, cards: Sequence[str], platform: str
) -> str:
    """Names what a compiled network or a verdict holds for; another of any makes it void.

    Args:
        provider: onnxruntime's name of it.
        version: Of onnxruntime and of what it brings.
        model_sha256: Of the model's file.
        cards: What is known of the cards (``gpu_facts.cuda_cards``).
        platform: System and machine.
    """
    text = json.dumps([provider, version, model_sha256, list(cards), platform])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def provider_options(
    provider: str,
    settings: GpuSettings,
    cache: Path,
    shapes: dict[str, tuple[int | None, ...]] | None = None,
    largest_batch: int = 1,
) -> dict[str, str]:
    """onnxruntime's options for a provider.

    Args:
        provider: onnxruntime's name of it.
        settings: What the person allows.
        cache: Folder for what it compiles; it must exist where the provider is TensorRT.
        shapes: The network's inputs; None stands for the batch.
        largest_batch: The largest batch that will come.
    """
    if provider == CUDA:
        return {
            "device_id": CUDA_DEVICE,
            "gpu_mem_limit": str(settings.memory_mib << 20),
            "arena_extend_strategy": settings.arena,
            "cudnn_conv_algo_search": settings.search,
            "cudnn_conv_use_max_workspace": str(int(settings.large_workspace)),
            "do_copy_in_default_stream": "1",
            # 10 bits of mantissa: fast, but not the same landmarks any more.
            "use_tf32": "0",
        }
    if provider == TENSORRT:
        return {
            "device_id": CUDA_DEVICE,
            "trt_max_workspace_size": str(settings.tensorrt_workspace_mib << 20),
            # Unlike CUDA's, these are refused unless they are words.
            "trt_fp16_enable": str(settings.half),
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(cache),
            "trt_timing_cache_enable": "True",
            "trt_timing_cache_path": str(cache),
            **_profiles(shapes or {}, largest_batch),
        }
    if provider == DIRECTML:
        # By number it would be the card of the first screen, on a laptop the processor's own.
        return {"performance_preference": "high_performance", "device_filter": "gpu"}
    if provider == COREML:
        # Not the neural engine: it computes in 16 bits.
        units = "ALL" if settings.half else "CPUAndGPU"
        return {"ModelFormat": "MLProgram", "MLComputeUnits": units}
    return {}


def _profiles(shapes: dict[str, tuple[int | None, ...]], largest: int) -> dict[str, str]:
    """TensorRT builds one engine for all batches between the smallest and the largest."""
    if not any(None in shape for shape in shapes.values()):
        return {}

    def profile(batch: int) -> str:
        return ",".join(
            f"{name}:{'x'.join(str(batch if size is None else size) for size in shape)}"
            for name, shape in shapes.items()
        )

    return {
        "trt_profile_min_shapes": profile(1),
        "trt_profile_opt_shapes": profile(largest),
        "trt_profile_max_shapes": profile(largest),
    }

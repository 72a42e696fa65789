# SPDX-License-Identifier: GPL-3.0-or-later
"""What several commands share, on the command line and inside Blender: options and actions."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from .core.engines import DEFAULT_ENGINE, FAST, QUALITIES
from .core.inference.gpu_settings import ARENAS, SEARCHES, GpuSettings
from .core.inference.providers import DEVICES
from .core.requests import SolveSettings, TrackRequest

# Raises where nothing may be fetched; Blender asks the person's preferences.
CheckOnline = Callable[[], None]


def nothing_to_ask() -> None:
    """Outside Blender no preference forbids to go online."""


def add_actions(
    verbs: argparse._SubParsersAction, name: str, summary: str
) -> argparse._SubParsersAction:
    """A command with actions, as ``models list``; where to add them."""
    return verbs.add_parser(name, help=summary).add_subparsers(required=True, metavar="ACTION")


def add_tracking_options(parser: argparse.ArgumentParser) -> None:
    """The options of tracking, shared with the commands inside Blender."""
    add_engine_options(parser)
    parser.add_argument(
        "--quality",
        choices=QUALITIES,
        default=FAST,
        help="best: look at every frame several times; slower, see docs/quality.md (%(default)s)",
    )
    add_solve_options(parser)
    parser.add_argument(
        "--face", type=count, default=0, help="which face, 0 = largest (%(default)s)"
    )
    add_device_options(parser)
    parser.add_argument(
        "--streams",
        type=count,
        default=0,
        help="stretches side by side, 0 = by the processor, or by the card's memory",
    )
    parser.add_argument(
        "--no-recover", action="store_true", help="no second look backwards into gaps"
    )
    parser.add_argument("--resume", action="store_true", help="go on with an unfinished take")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing take")


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """The options that choose what tracks; the command ``engines`` lists both."""
    parser.add_argument(
        "--engine",
        default=DEFAULT_ENGINE,
        metavar="ID",
        help="tracking engine, or a .toml that describes one (%(default)s)",
    )
    parser.add_argument(
        "--detector", default="", metavar="ID", help="face detector, instead of the engine's own"
    )


def add_device_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what runs the networks, and how; see docs/hardware.md."""
    usual = GpuSettings()
    parser.add_argument(
        "--device",
        default="auto",
        choices=DEVICES,
        help="what runs the landmark network; the processor where it is not there, or is wrong "
        "(%(default)s)",
    )
    parser.add_argument(
        "--gpu-memory",
        type=mebibytes,
        default=usual.memory_mib,
        metavar="MIB",
        help="what a network may take of the card's memory (%(default)s)",
    )
    parser.add_argument(
        "--gpu-batch",
        type=count,
        default=usual.batch,
        metavar="N",
        help="pictures that a card works on at once, 0 = by its memory (%(default)s)",
    )
    parser.add_argument(
        "--gpu-half",
        action="store_true",
        help="compute in 16 bits with TensorRT and CoreML; broken on GeForce GTX 16xx",
    )
    parser.add_argument(
        "--gpu-search",
        choices=[name.lower() for name in SEARCHES],
        default=usual.search.lower(),
        help="how cuDNN chooses its convolutions (%(default)s)",
    )
    parser.add_argument(
        "--gpu-arena",
        choices=[_dashed(name) for name in ARENAS],
        default=_dashed(usual.arena),
        help="how the card's memory is taken (%(default)s)",
    )
    parser.add_argument(
        "--gpu-large-workspace",
        action="store_true",
        help="let cuDNN take as much memory for a convolution as it likes",
    )
    parser.add_argument(
        "--gpu-workspace",
        type=mebibytes,
        default=usual.tensorrt_workspace_mib,
        metavar="MIB",
        help="what TensorRT may take while it works (%(default)s)",
    )
    parser.add_argument(
        "--gpu-warm-up",
        type=count,
        default=usual.warm_up_runs,
        metavar="RUNS",
        help="runs of each batch size before the first picture (%(default)s)",
    )
    parser.add_argument(
        "--no-gpu-binding",
        action="store_true",
        help="let CUDA and TensorRT make room for every picture anew, instead of keeping it",
    )
    parser.add_argument(
        "--no-gpu-decode", action="store_true", help="decode videos on the processor in any case"
    )


def gpu_settings_from(options: argparse.Namespace) -> GpuSettings:
    """The settings that these command-line options ask for."""
    return GpuSettings(
        memory_mib=options.gpu_memory,
        arena=next(name for name in ARENAS if _dashed(name) == options.gpu_arena),
        search=options.gpu_search.upper(),
        large_workspace=options.gpu_large_workspace,
        half=options.gpu_half,
        warm_up_runs=options.gpu_warm_up,
        tensorrt_workspace_mib=options.gpu_workspace,
        batch=options.gpu_batch,
        bind=not options.no_gpu_binding,
        decode=not options.no_gpu_decode,
    )


def _dashed(name: str) -> str:
    """ "same-as-requested" of onnxruntime's "kSameAsRequested"."""
    return re.sub("(?<!^)([A-Z])", r"-\1", name[1:]).lower()


def add_solve_options(parser: argparse.ArgumentParser) -> None:
    """The options of solving, shared with the commands inside Blender; see docs/solver.md."""
    usual = SolveSettings()
    parser.add_argument(
        "--solver",
        default=usual.solver,
        help='"facewright", "raw" for the engine\'s own weights, or "auto": those where the engine '
        "finds weights by itself (%(default)s)",
    )
    parser.add_argument(
        "--field-of-view",
        type=angle,
        default=usual.field_of_view_deg,
        metavar="DEGREES",
        help="the camera's vertical field of view (%(default)s)",
    )
    parser.add_argument(
        "--performer", default="", metavar="FILE", help="a performer profile, instead of the clip"
    )
    parser.add_argument(
        "--learn-range",
        type=share,
        default=usual.learn_range,
        metavar="SHARE",
        help="scale the performer's own strongest movements to 1, 0..1 (%(default)s)",
    )
    parser.add_argument(
        "--symmetry",
        type=share,
        default=usual.symmetry,
        metavar="SHARE",
        help="draw both sides of the face to their mean, 0..1 (%(default)s)",
    )
    parser.add_argument(
        "--allow-opposites",
        action="store_true",
        help="keep movements that exclude each other as they were solved",
    )
    parser.add_argument(
        "--no-clamp", action="store_true", help="let weights leave 0..1 where the solve does"
    )
    parser.add_argument(
        "--causal", action="store_true", help="use no later frame, as live capture has to"
    )
    parser.add_argument(
        "--sound-helps",
        action="store_true",
        help="let the clip's sound move the mouth where it is not seen, and tell how late it is",
    )


def solve_settings_from(options: argparse.Namespace) -> SolveSettings:
    """The settings that these command-line options ask for."""
    return SolveSettings(
        solver=options.solver,
        field_of_view_deg=options.field_of_view,
        performer=options.performer,
        learn_range=options.learn_range,
        symmetry=options.symmetry,
        exclusive=not options.allow_opposites,
        clamp=not options.no_clamp,
        causal=options.causal,
        sound_helps=options.sound_helps,
    )


def request_from(options: argparse.Namespace, video: Path, take: Path) -> TrackRequest:
    """The request that these command-line options ask for."""
    return TrackRequest(
        video=str(video),
        take=str(take),
        engine=options.engine,
        detector=options.detector,
        quality=options.quality,
        solve=solve_settings_from(options),
        face=options.face,
        device=options.device,
        gpu=gpu_settings_from(options),
        streams=options.streams,
        recover=not options.no_recover,
        resume=options.resume,
        overwrite=options.overwrite,
    )


def count(text: str) -> int:
    """A whole number that is not negative."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is negative")
    return value


def mebibytes(text: str) -> int:
    """An amount of memory that a network can do something with."""
    value = int(text)
    if not 64 <= value <= 1 << 20:
        raise argparse.ArgumentTypeError(f"{value} is not between 64 and {1 << 20} MiB")
    return value


def seconds(text: str) -> float:
    """A time that is more than nothing."""
    value = float(text)
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value


def rate(text: str) -> int:
    """Frames a second."""
    value = int(text)
    if not 1 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is no number of frames a second")
    return value


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and 1")
    return value


def angle(text: str) -> float:
    """Degrees that a camera can see."""
    value = float(text)
    if not 5 <= value <= 150:
        raise argparse.ArgumentTypeError(f"{value} is not between 5 and 150 degrees")
    return value

# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``send``: a character's frames to a program that follows them."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import bpy

from ..engine.console import EXIT_DONE, ProgressBar
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.send_command import RECEIVER_HELP
from ..scene.face_reader import FaceReader
from ..scene.stream_out import StreamOut, play_frames
from .options import (
    add_head_options,
    add_object_option,
    chosen_objects,
    open_file,
    pose_settings,
    print_warning,
)


def add_send(verbs: argparse._SubParsersAction) -> None:
    """The verb ``send``."""
    send = verbs.add_parser("send", help="play a character's frames in real time to a program")
    send.add_argument("--blend", required=True, help="file with the animated character")
    add_object_option(send)
    send.add_argument("--to", required=True, metavar="SPEC", help=RECEIVER_HELP)
    send.add_argument(
        "--frames", type=int, nargs=2, metavar=("FIRST", "LAST"), help="the scene's without this"
    )
    send.add_argument("--repeat", action="store_true", help="begin again at the end, until Ctrl+C")
    add_head_options(send)
    send.set_defaults(run=_send)


def _send(options: argparse.Namespace) -> int:
    open_file(Path(options.blend))
    scene = bpy.context.scene
    objects = chosen_objects(options, scene)
    first, last = options.frames or (scene.frame_start, scene.frame_end)
    if last < first:
        raise FacewrightError(
            f"Frame {last} is before frame {first}.", "Give FIRST and LAST.", "frames-empty"
        )
    stream = StreamOut(FaceReader(scene, objects, pose_settings(options, objects)), options.to)
    bar = ProgressBar(f"Sending {Path(options.blend).name}")
    # Blender's own answer to Ctrl+C is to go on until it is pressed a second time.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        play_frames(scene, stream, first, last, options.repeat, Progress(bar))
    except KeyboardInterrupt:
        print_warning("Stopped by hand.")
    finally:
        if before is not None:  # Blender's own, which Python cannot put back, is needed no more
            signal.signal(signal.SIGINT, before)
        bar.close()
        stream.close()
    sys.stdout.write(f"{stream.sender.sent} frames sent: {stream.sender.name}\n")
    return EXIT_DONE

# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``live``: capture a camera, a voice or a clip as one, to CSV and to a take."""

from __future__ import annotations

import argparse
import sys

from .console import (
    EXIT_DONE,
    EXIT_USAGE,
    ProgressBar,
    check_apart,
    check_free,
    check_no_takes,
    check_writable,
    write_json,
)
from .core.live_source import is_live_sound
from .core.progress import Progress
from .core.requests import LiveRequest
from .options import (
    add_device_options,
    add_engine_options,
    add_solve_options,
    count,
    gpu_settings_from,
    rate,
    seconds,
    share,
    solve_settings_from,
)


def add_live(verbs: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    live = verbs.add_parser("live", help="capture a camera, or a clip paced as one")
    live.add_argument(
        "--source",
        required=True,
        metavar="SPEC",
        help='"webcam:0", "webcam:NAME" (see also: cameras), "CLIP.mp4" or "file:CLIP.mp4"; or '
        'another program: "udp:livelink:11111", "udp:ifacialmocap@PHONE", "udp:any"; or a voice: '
        '"mic:", "mic:NAME", "VOICE.wav"',
    )
    live.add_argument(
        "--realtime",
        action="store_true",
        help="pace a file, and drop what is too late, as a camera",
    )
    live.add_argument("--repeat", action="store_true", help="begin a file again when it ends")
    live.add_argument(
        "--seconds",
        type=seconds,
        help="stop after so many seconds of the source (Ctrl+C also stops)",
    )
    live.add_argument("-o", "--output", metavar="CSV", help="the values as a character shows them")
    live.add_argument("--overwrite", action="store_true", help="replace an existing CSV")
    live.add_argument("--take", help="record a take as well")
    live.add_argument(
        "--microphone",
        default="",
        metavar="SPEC",
        help="record it beside the take as a wav: 0 is the first; a clip gives its own sound",
    )
    live.add_argument("--json", metavar="REPORT", help="write what happened as JSON")
    live.add_argument(
        "--steadiness",
        type=share,
        metavar="SHARE",
        help="0 responsive to 1 steady, for all parts of the face",
    )
    live.add_argument("--ease-gaps", action="store_true", help="ease to neutral without a face")
    live.add_argument(
        "--network", action="store_true", help="listen to streams from other machines, too"
    )
    live.add_argument(
        "--send", default="", metavar="SPEC", help='send the values on, e.g. "vmc:127.0.0.1:39539"'
    )
    live.add_argument("--mirror", action="store_true", help="flip the picture")
    live.add_argument("--size", type=_size, default=(640, 360), metavar="WxH", help="of a camera")
    live.add_argument("--rate", type=rate, default=30, help="of a camera (%(default)s)")
    add_engine_options(live)
    live.add_argument("--face", type=count, default=0, help="which face, 0 = largest")
    add_device_options(live)
    add_solve_options(live)
    live.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .filters.columns import PARTS
    from .filters.live import LiveFilterSettings
    from .pipeline.capture_live import capture_live
    from .takes.csv_out import write_csv

    if options.microphone and not options.take:
        sys.stderr.write("usage: --microphone needs --take, which the sound lies beside\n")
        return EXIT_USAGE
    if not (options.output or options.take or options.send):
        sys.stderr.write(
            "usage: nothing to do: give -o OUT.csv, --take OUT.fwtake or --send SPEC\n"
        )
        return EXIT_USAGE
    outputs = (options.output, options.take, options.json)
    check_writable(*outputs)
    check_no_takes(options.output, options.json)
    check_apart((options.source.removeprefix("file:"),), outputs)
    check_free(options.output, options.overwrite)
    settings = LiveFilterSettings(gap_policy="EASE" if options.ease_gaps else "HOLD")
    steadiness = options.steadiness
    if steadiness is None and is_live_sound(options.source):
        steadiness = 0.0  # nothing trembles that is made from sound, and closures shall stay
    if steadiness is not None:
        settings = LiveFilterSettings(
            steadiness=dict.fromkeys(PARTS, steadiness), gap_policy=settings.gap_policy
        )
    paced_by_itself = options.source.partition(":")[0] in ("webcam", "udp", "tcp", "mic")
    request = LiveRequest(
        source=options.source,
        network=options.network,
        realtime=options.realtime or paced_by_itself,
        repeat=options.repeat,
        width=options.size[0],
        height=options.size[1],
        rate=options.rate,
        mirror=options.mirror,
        engine=options.engine,
        detector=options.detector,
        solve=solve_settings_from(options),
        face=options.face,
        device=options.device,
        gpu=gpu_settings_from(options),
    )
    bar = ProgressBar("Live")
    progress = Progress(bar, lambda text: sys.stderr.write(f"warning: {text}\n"))
    try:
        track, report = capture_live(
            request,
            settings,
            seconds=options.seconds,
            take=options.take or "",
            microphone=options.microphone,
            send=options.send,
            progress=progress,
        )
    finally:
        bar.close()
    if options.output:
        write_csv(options.output, track)
    if options.json:
        write_json(options.json, vars(report) | {"output": options.output})
    voice = is_live_sound(options.source)
    seen, origin = ("moments heard", "sound") if voice else ("frames with a face", "picture")
    sys.stdout.write(
        f"{report.source}: {report.valid_frames} of {report.frames} {seen}, "
        f"{report.dropped} dropped, {report.delay_ms:.0f} ms (95 %: {report.delay_p95_ms:.0f}) "
        f"from {origin} to values -> {options.output or options.take or options.send}\n"
    )
    return EXIT_DONE


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f'"{text}" is no size such as 640x360')
    return int(width), int(height)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``lipsync``: a recording onto a character or several; ``speech_lines`` does folders."""

from __future__ import annotations

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import bpy

from ..engine.console import (
    EXIT_DONE,
    EXIT_USAGE,
    check_apart,
    check_writable,
    say,
)
from ..engine.core.cues import SETS, read_cues, write_cues
from ..engine.core.errors import FacewrightError
from ..engine.lipsync_options import (
    add_lipsync_options,
    lipsync_request_from,
    text_of,
)
from ..engine.takes.protect import refuse_cues, refuse_take
from ..engine.takes.speech import cues_path
from ..scene.capture import apply_take
from ..scene.speakers import check_speakers
from ..scene.speech import place_take, split_take
from ..scene.speech_source import SpeechSource
from ..scene.stage import new_stage
from .capture import open_character, render_result, run_job
from .options import (
    add_scene_options,
    apply_settings,
    chosen_objects,
    finish,
    print_warning,
    save_file,
)
from .speech_lines import STAGE_FPS, character, fit_range, run_folder, told


def add_lipsync(verbs: argparse._SubParsersAction) -> None:
    """The verb ``lipsync``."""
    lipsync = verbs.add_parser(
        "lipsync", help="let a character speak a recording, or a folder of lines"
    )
    lipsync.add_argument(
        "sound", metavar="AUDIO", help="a recording, a video with sound, or a folder of them"
    )
    add_scene_options(lipsync)
    lipsync.add_argument("--report", dest="json", metavar="REPORT", help="another name for --json")
    lipsync.add_argument("--take", help="take to keep, with its cues; a folder when AUDIO is one")
    lipsync.add_argument(
        "--visemes", metavar="JSON", help="cues to write; a folder when AUDIO is one"
    )
    lipsync.add_argument(
        "--set", dest="names", choices=SETS, default="ovr", help="names of the cues (%(default)s)"
    )
    lipsync.add_argument(
        "--nla",
        action="store_true",
        help="for a folder: make each line a track of the NLA besides an action",
    )
    lipsync.add_argument(
        "--speaker",
        action="append",
        default=[],
        type=_speaker,
        metavar="NAME=OBJECT",
        help="this character speaks from timeline markers of this name on; may be repeated",
    )
    add_lipsync_options(lipsync)
    lipsync.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    sound = Path(options.sound)
    if sound.is_dir():
        return run_folder(options, sound)
    if options.nla:
        sys.stderr.write("usage: --nla is for a folder of lines\n")
        return EXIT_USAGE
    _check_outputs(options, sound)
    report = {"sound": str(sound), "state": "failed"}
    try:
        report.update(_run_one(options, sound))
    except FacewrightError as error:
        report.update(message=error.message, hint=error.hint, code=error.code)
        raise
    finally:
        finish(options, report)
    return EXIT_DONE


def _run_one(options: argparse.Namespace, sound: Path) -> dict:
    """One recording onto the character, or onto its speakers."""
    check_writable(options.out, options.take, options.visemes, options.render, options.json)
    _check_sound(sound)
    open_character(options)
    if options.speaker:
        _speaking_objects(options)
        check_speakers(bpy.context.scene, [name for name, _ in options.speaker])
    with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
        take = Path(options.take or Path(scratch, f"{sound.stem}.fwtake")).absolute()
        request = lipsync_request_from(
            options, sound.absolute(), take, text_of(sound, options.text_file)
        )
        heard = run_job(f"Hearing {sound.name}", request)
        if not options.blend:
            new_stage(bpy.context, Fraction(STAGE_FPS))
        scene = bpy.context.scene
        source = SpeechSource(sound.absolute(), options.start_frame)
        place_take(take, source)
        written, notes = [], []
        for name, own in _takes(options, scene, take, source, notes).items():
            objects = [_speaking_objects(options)[name]] if name else character(options)
            settings = apply_settings(options, objects)
            done = apply_take(scene, own, objects, settings, extend_scene=not options.keep_range)
            notes += [f"{name}: {text}" if name else text for text in done.warnings]
            written.append(done)
        if options.visemes:
            write_cues(options.visemes, read_cues(cues_path(take)), options.names)
    for sentence in notes:
        print_warning(sentence)
    if not options.blend:
        fit_range(scene, written)
    save_file(Path(options.out))
    if options.render:
        render_result(scene, Path(options.render), options)
    say(f"{told(heard, written)} -> {options.out}")
    return heard | {
        "take": options.take,
        "cues_file": str(cues_path(options.take)) if options.take else "",
        "visemes": options.visemes or "",
        "blend": options.out,
        "movie": options.render,
        "notes": [*heard["notes"], *notes],
        "keyframes": [done.to_wire() for done in written],
    }


def _takes(
    options: argparse.Namespace,
    scene: bpy.types.Scene,
    take: Path,
    source: SpeechSource,
    notes: list[str],
) -> dict[str, Path]:
    """The take itself, or one for each speaker."""
    if not options.speaker:
        return {"": take}
    takes, sentences = split_take(scene, take, source, [name for name, _ in options.speaker])
    notes += sentences
    return takes


def _speaking_objects(options: argparse.Namespace) -> dict[str, bpy.types.Object]:
    """Characters by speaker.

    Raises:
        FacewrightError: ``object-missing``.
    """
    found = {}
    for name, target in options.speaker:
        chosen = argparse.Namespace(object=[target])
        found[name] = chosen_objects(chosen, bpy.context.scene)[0]
    return found


def _check_outputs(options: argparse.Namespace, sound: Path) -> None:
    """Refuse to write over what is read, or over the cues of a take."""
    text_file = text_of(sound, options.text_file)
    others = [options.take, options.visemes, options.render, options.json]
    if options.take:
        others.append(cues_path(options.take))
    check_apart((sound, text_file, options.profile), (options.out, *others))
    check_apart((options.blend,), others)  # the result may replace the file
    if options.visemes:
        refuse_take(options.visemes)
        refuse_cues(options.visemes)


def _check_sound(sound: Path) -> None:
    if not sound.is_file():
        raise FacewrightError(f"There is no file {sound}.", "Check the path.", "file-missing")


def _speaker(text: str) -> tuple[str, str]:
    name, found, character = text.partition("=")
    if not (found and name.strip() and character.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=OBJECT")
    return name.strip(), character.strip()

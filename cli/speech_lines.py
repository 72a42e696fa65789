# SPDX-License-Identifier: GPL-3.0-or-later
"""The verb ``lipsync`` for a folder: hundreds of lines, each an action on one character."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy

from ..engine.console import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    check_writable,
    make_folder,
    result_names,
    say,
)
from ..engine.core.cues import read_cues, write_cues
from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Progress
from ..engine.core.requests import LipsyncRequest
from ..engine.lipsync_options import (
    is_text_folder,
    lipsync_request_from,
    sounds_in,
    text_of,
)
from ..engine.takes.speech import cues_path
from ..scene.apply import ApplyReport
from ..scene.capture import apply_take
from ..scene.jobs import Job
from ..scene.line_actions import LineActions
from ..scene.speech import place_take
from ..scene.speech_source import SpeechSource
from ..scene.stage import new_stage
from .capture import open_character, render_result
from .options import apply_settings, chosen_objects, finish, give_mapping, save_file

# The shipped head, where no character is given, speaks at this rate.
STAGE_FPS = 30
# Workers that listen while keys are written.
_AHEAD = 2


def run_folder(options: argparse.Namespace, folder: Path) -> int:
    """Every line as an action; one that fails does not stop the others."""
    if usage := _usage(options):
        sys.stderr.write(f"usage: {usage}\n")
        return EXIT_USAGE
    sounds = sounds_in(folder)
    if not sounds:
        raise FacewrightError(f"There is no recording in {folder}.", "", "folder-empty")
    check_writable(options.out, options.render, options.json)
    open_character(options)
    if not options.blend:
        new_stage(bpy.context, Fraction(STAGE_FPS))
    reports: list[dict] = [{"sound": str(sound), "state": "failed"} for sound in sounds]
    written: list[ApplyReport] = []
    saved = False
    try:
        with tempfile.TemporaryDirectory(prefix="facewright-") as scratch:
            takes = make_folder(options.take) if options.take else Path(scratch)
            _write_lines(options, sounds, takes, reports, written)
        if written:
            if not options.blend:
                fit_range(bpy.context.scene, written)
            save_file(Path(options.out))
            saved = True
            if options.render:
                render_result(bpy.context.scene, Path(options.render), options)
    except KeyboardInterrupt:
        for report in reports:
            if report["state"] == "failed" and "code" not in report:
                report["state"] = "cancelled"
        raise
    finally:
        if not saved:
            for report in reports:
                report.setdefault("notes", []).append(f"{options.out} was not saved.")
        finish(options, reports)
    say(f"{len(written)} of {len(reports)} lines -> {options.out}")
    return EXIT_DONE if len(written) == len(reports) else EXIT_FAILED


def character(options: argparse.Namespace) -> list[bpy.types.Object]:
    """The objects of the character, with the mapping that was asked for."""
    objects = chosen_objects(options, bpy.context.scene)
    if not options.blend:
        give_mapping(options, objects)
    return objects


def fit_range(scene: bpy.types.Scene, written: Sequence[ApplyReport]) -> None:
    """Let the scene's range be that of the keys."""
    scene.frame_start = int(min(done.first_frame for done in written))
    scene.frame_end = int(max(done.last_frame for done in written))


def told(heard: dict, written: Sequence[ApplyReport]) -> str:
    """What was heard and written, for a line on the screen."""
    objects = ", ".join(name for done in written for name in done.objects)
    return (
        f"{heard['sound_s']:.2f} s, {heard['cues']} cues by the {heard['by']}, on {objects}, "
        f"frames {written[0].first_frame:g} to {max(d.last_frame for d in written):g}"
    )


def _usage(options: argparse.Namespace) -> str:
    if options.text:
        return "--text is for one recording, not for a folder"
    if options.speaker:
        return "--speaker is for one recording, not for a folder"
    if options.text_file and not is_text_folder(options.text_file):
        return "for a folder, --text-file is a folder with a text of each name"
    return ""


def _write_lines(
    options: argparse.Namespace,
    sounds: Sequence[Path],
    takes: Path,
    reports: list[dict],
    written: list[ApplyReport],
) -> None:
    scene, objects = bpy.context.scene, character(options)
    settings = replace(apply_settings(options, objects), place_sound=False)
    names = result_names(sounds)
    requests = [
        lipsync_request_from(
            options,
            sound.absolute(),
            (takes / f"{name}.fwtake").absolute(),
            text_of(sound, options.text_file),
        )
        for sound, name in zip(sounds, names, strict=True)
    ]
    lines = LineActions(scene, objects, settings.pose)

    def write(name: str, request: LipsyncRequest) -> tuple[ApplyReport, dict]:
        take = Path(request.take)
        place_take(take, SpeechSource(Path(request.sound), options.start_frame))
        lines.clear()
        extend = not options.keep_range
        done = apply_take(scene, take, objects, settings, extend_scene=extend)
        facts = {
            "take": request.take if options.take else None,
            "cues_file": str(cues_path(take)) if options.take else "",
            "actions": done.actions,
            "strips": lines.keep(name, options.nla),
            "first_frame": done.first_frame,
            "last_frame": done.last_frame,
        }
        if options.visemes:
            target = make_folder(options.visemes) / f"{name}.json"
            write_cues(target, read_cues(cues_path(take)), options.names)
            facts["visemes"] = str(target)
        return done, facts

    jobs = zip(names, requests, reports, _heard(requests), strict=True)
    for number, (name, request, report, heard) in enumerate(jobs, 1):
        label = f"{number}/{len(names)} {Path(request.sound).name}"
        try:
            if isinstance(heard, FacewrightError):
                raise heard
            done, facts = write(name, request)
        except FacewrightError as error:
            report.update(message=error.message, hint=error.hint, code=error.code)
            sys.stderr.write(f"error: {label}: {error}\n")
            continue
        except Exception as error:  # noqa: BLE001 - hundreds of others wait
            sentence = f"an unexpected error: {type(error).__name__}: {error}"
            report.update(message=sentence, hint="", code="unexpected")
            sys.stderr.write(f"error: {label}: {sentence}\n")
            continue
        written.append(done)
        report.update({**heard, **facts, "notes": [*heard["notes"], *done.warnings]})
        say(f"{label}: {told(heard, [done])}")
    lines.finish()


def _heard(requests: Sequence[LipsyncRequest]) -> Iterator[dict | FacewrightError]:
    """The worker's report of each, or what went wrong, in order.

    The next recordings are listened to while the keys of one are written.
    """
    waiting, running = deque(requests), deque()
    try:
        while waiting or running:
            while waiting and len(running) < _AHEAD:
                running.append(_started(waiting.popleft()))
            job = running.popleft()
            if isinstance(job, FacewrightError):
                yield job
                continue
            try:
                yield job.run(Progress())
            except FacewrightError as error:
                yield error
    finally:
        for job in running:
            if isinstance(job, Job):
                job.close()


def _started(request: LipsyncRequest) -> Job | FacewrightError:
    try:
        return Job(request)
    except FacewrightError as error:
        return error

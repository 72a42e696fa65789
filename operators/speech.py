# SPDX-License-Identifier: GPL-3.0-or-later
"""Lip-Sync: a recording becomes speech on the target, or on several speakers."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import GestureSettings, LipsyncRequest
from ..properties.capture import shot_of
from ..properties.preferences import chosen_take_folder
from ..properties.speech import FacewrightSpeech, mouth_style, named_speakers
from ..properties.why_not import lipsync_disabled_reason
from ..scene import cue_markers
from ..scene.apply import ApplyReport
from ..scene.blocks import by_uid
from ..scene.capture import take_folder
from ..scene.jobs import Job
from ..scene.speakers import check_speakers
from ..scene.speech import new_speech_path, place_take, split_take
from ..scene.speech_source import (
    SpeechSource,
    chosen_strip,
    file_source,
    mixed_source,
    needs_mixing,
    sound_length_s,
    strip_source,
)
from ..scene.takes import delete_take
from ..scene.transcript import subtitles_of_strips, text_file, text_of_block
from .keys import apply_settings, check_keys, show_keys, target_objects, write_keys
from .takes import refresh_takes
from .worker_operator import WorkerOperator


class FACEWRIGHT_OT_lipsync_audio(WorkerOperator, bpy.types.Operator):
    """Let the target speak the recording: listen to it in the background, then write keyframes. \
Esc cancels"""

    bl_idname = "facewright.lipsync_audio"
    bl_label = "Lip-Sync"
    # No REGISTER: adjusting it in the redo panel would listen again, at once, in the window.
    bl_options = {"UNDO"}

    doing = "Listening"
    did = "Heard the recording"

    why_not = staticmethod(lipsync_disabled_reason)

    def prepare(self, context: bpy.types.Context) -> LipsyncRequest:
        """The recording into a new take, after a check that what gets keys can be animated."""
        shot, scene = shot_of(context), context.scene
        speech = shot.speech
        self._mixed: Path | None = None
        self._kept, self._scratch = False, ""
        speakers = _speakers(speech)
        self._speakers = list(speakers)
        if speakers:
            for name, target in speakers.items():
                if target is None or target.name not in scene.objects:
                    raise FacewrightError(
                        f'The speaker "{name}" has no character in the scene.',
                        "Choose one, or remove the speaker.",
                        "target-missing",
                    )
                check_keys(scene, [target])
            check_speakers(scene, list(speakers))
            self._targets = {n: [target.session_uid] for n, target in speakers.items()}
        else:
            objects = target_objects(context, scene)
            check_keys(scene, objects)
            self._targets = {"": [ob.session_uid for ob in objects]}
        folder = take_folder(chosen_take_folder(context))
        self._source = self._find_source(scene, shot, folder)
        text, file = self._transcript(scene, speech)
        take = self._take or new_speech_path(folder, self._source.path.stem)
        return LipsyncRequest(
            sound=str(self._source.path),
            take=str(take),
            start_s=self._source.first_s,
            end_s=self._source.last_s,
            text=text,
            text_file=file,
            language=speech.language,
            profile=bpy.path.abspath(speech.profile) if speech.profile else "",
            method=speech.method,
            mouth=mouth_style(speech),
            emphasis=speech.emphasis,
            gestures=GestureSettings(
                on=speech.use_gestures,
                seed=speech.seed,
                brows=speech.brows,
                blinks=speech.blinks,
                gaze=speech.gaze,
                head=speech.head,
            ),
            offset_s=speech.offset,
        )

    def conclude(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        request: LipsyncRequest,
        report: dict,
    ) -> None:
        """Write the keys that are wanted and tell the panel."""
        self._kept = True
        take, shot = Path(request.take), scene.facewright
        place_take(take, self._source)
        takes, notes = {"": take}, []
        if self._speakers:
            takes, notes = split_take(scene, take, self._source, self._speakers)
        else:
            shot.take = str(take)
            # Write Keys puts it there again; under a strip the exact place is in the take.
            shot.start_frame = round(self._source.start_frame)
        try:
            # One speaker's keys are written with all others' or not at all.
            with ExitStack() as together:
                for own in filter(None, map(takes.get, self._speakers)):
                    together.callback(delete_take, own)
                for name, own in takes.items():
                    keys = self._write(scene, name, own, together)
                    notes += [f"{name}: {text}" if name else text for text in keys.warnings]
                    keys.warnings.clear()
                together.pop_all()
        finally:
            refresh_takes(context, select=take)
        # The cues on the timeline were those of the keys that are replaced now.
        cue_markers.hide(scene)
        for speaker in shot.speech.speakers:
            if speaker.name in self._speakers and speaker.name in takes:
                speaker.take = str(takes[speaker.name])
        show_keys(context, keys, [_summary(report), *report["notes"], *notes])

    def _write(
        self, scene: bpy.types.Scene, name: str, take: Path, together: ExitStack
    ) -> ApplyReport:
        """The keys of one speaker; the name is empty where there is but one."""
        found = [by_uid(scene.objects, uid) for uid in self._targets[name]]
        objects = [ob for ob in found if ob is not None]
        settings = None
        if objects:
            settings = apply_settings(scene.facewright, objects)
            settings = replace(settings, start_frame=self._source.start_frame)
        return write_keys(scene, objects, take, settings, together=together)

    def cancelled(self, _context: bpy.types.Context, _request: LipsyncRequest) -> str:
        """Nothing has been made yet."""
        return "the character is as it was"

    def remains(self, request: LipsyncRequest) -> str:
        """The take, once it is there."""
        take = Path(request.take)
        return f"The take is safe: {take}" if self._kept and take.is_file() else ""

    def status(self, job: Job) -> str:
        """Seconds of sound."""
        return f"{job.done} of {job.total} s heard" if job.total else "Listening"

    def clean_up(self) -> None:
        """Subtitles, and a mix that no take came of, are of no more use."""
        if scratch := getattr(self, "_scratch", ""):
            shutil.rmtree(scratch, ignore_errors=True)
        mixed = getattr(self, "_mixed", None)
        if mixed is not None and not self._kept:
            mixed.unlink(missing_ok=True)

    def _transcript(self, scene: bpy.types.Scene, speech: FacewrightSpeech) -> tuple[str, str]:
        """Text and text file of the request, at most one of them."""
        if speech.transcript == "TYPED":
            return speech.text.strip(), ""
        if speech.transcript == "BLOCK":
            return text_of_block(speech.text_block), ""
        if speech.transcript == "FILE":
            return "", text_file(speech.text_file)
        if speech.transcript == "STRIPS":
            subtitles = subtitles_of_strips(scene, self._source)
            self._scratch = tempfile.mkdtemp(prefix="facewright-")
            file = Path(self._scratch, "strips.srt")
            file.write_text(subtitles, encoding="utf-8")
            return "", str(file)
        return "", ""

    def _find_source(self, scene: bpy.types.Scene, shot, folder: Path) -> SpeechSource:
        speech = shot.speech
        self._take: Path | None = None
        if speech.source == "FILE":
            return file_source(speech.sound, shot.start_frame)
        strip = chosen_strip(scene, speech.strip)
        if not needs_mixing(strip):
            return strip_source(scene, strip, sound_length_s(strip))
        # The mix is all that the take has for a recording: it is kept beside it.
        stem = bpy.path.clean_name(strip.name)
        self._take = new_speech_path(folder, stem)
        while self._take.with_suffix(".wav").exists():
            stem += "_"
            self._take = new_speech_path(folder, stem)
        self._mixed = self._take.with_suffix(".wav")
        return mixed_source(scene, strip, self._mixed)


class FACEWRIGHT_OT_use_active_strip(bpy.types.Operator):
    """Choose the active strip of the Sequencer as the recording"""

    bl_idname = "facewright.use_active_strip"
    bl_label = "Use Active Strip"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy its name."""
        speech = shot_of(context).speech
        try:
            speech.strip = chosen_strip(context.scene, "").name
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        speech.source = "STRIP"
        return {"FINISHED"}


class FACEWRIGHT_OT_add_speaker(bpy.types.Operator):
    """Add a speaker: timeline markers with this name begin what this character says"""

    bl_idname = "facewright.add_speaker"
    bl_label = "Add Speaker"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add one with a free name."""
        speech = shot_of(context).speech
        names = {speaker.name for speaker in speech.speakers}
        number = next(n for n in range(1, len(names) + 2) if f"Speaker {n}" not in names)
        speech.speakers.add().name = f"Speaker {number}"
        speech.speaker = len(speech.speakers) - 1
        return {"FINISHED"}


class FACEWRIGHT_OT_remove_speaker(bpy.types.Operator):
    """Remove the speaker from the list; takes and keys stay"""

    bl_idname = "facewright.remove_speaker"
    bl_label = "Remove Speaker"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(
        name="Speaker", description="Number in the list", min=0, options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        shot_of(context).speech.speakers.remove(self.index)
        return {"FINISHED"}


def _speakers(speech: FacewrightSpeech) -> dict[str, bpy.types.Object | None]:
    """Characters by the names of their speakers.

    Raises:
        FacewrightError: ``speaker-twice``.
    """
    found: dict[str, bpy.types.Object | None] = {}
    for speaker in named_speakers(speech):
        if speaker.name in found:
            raise FacewrightError(
                f'Two speakers are called "{speaker.name}".',
                "Give each a name of its own.",
                "speaker-twice",
            )
        found[speaker.name] = speaker.target
    return found


def _summary(report: dict) -> str:
    by = "the text" if report["by"] == "text" else "the sound alone"
    return (
        f"{report['spoken_s']:.1f} of {report['sound_s']:.1f} s are speech, told by {by}, "
        f"{report['cues']} cues, {report['times_real_time']:.0f} times real time"
    )


CLASSES = (
    FACEWRIGHT_OT_lipsync_audio,
    FACEWRIGHT_OT_use_active_strip,
    FACEWRIGHT_OT_add_speaker,
    FACEWRIGHT_OT_remove_speaker,
)

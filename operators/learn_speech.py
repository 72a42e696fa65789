# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn This Performer: takes or videos become a voice profile, where that is better."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.requests import LearnSpeechRequest
from ..properties.capture import shot_of
from ..properties.learn_speech import FacewrightLearnSpeech, clear_learned, show_learned
from ..properties.preferences import chosen_take_folder
from ..properties.run import run_of
from ..properties.takes import selected_take
from ..properties.why_not import learn_speech_disabled_reason
from ..scene.capture import take_folder
from ..scene.jobs import Job
from ..scene.takes import find_takes
from ..scene.voice_sources import sources_of_path, sources_of_takes, voice_path
from .keys import show_result
from .worker_operator import WorkerOperator

# What the worker does while it counts these.
_DOING = {"frames": "tracking", "s": "hearing", "steps": "training", "sounds": "measuring"}


class FACEWRIGHT_OT_learn_speech(WorkerOperator, bpy.types.Operator):
    """Learn how the performer speaks, in the background, and keep it as a profile where it is \
better than the general model. Esc cancels"""

    bl_idname = "facewright.learn_speech"
    bl_label = "Learn This Performer"
    # No REGISTER: adjusting it in the redo panel would learn again, at once, in the window.
    bl_options = {"UNDO"}

    doing = "Learning"
    did = "Learned"

    why_not = staticmethod(learn_speech_disabled_reason)

    def prepare(self, context: bpy.types.Context) -> LearnSpeechRequest:
        """What is chosen; it is found out first whether the profile can be written."""
        learn = shot_of(context).speech.learn
        folder = take_folder(chosen_take_folder(context))
        sources, self._left_out = _sources(context, learn, folder)
        name = learn.performer.strip()
        voice = voice_path(
            learn.voice, name or Path(sources[0]).stem, folder, replace=learn.replace
        )
        clear_learned(run_of(context).learned)
        return LearnSpeechRequest(
            sources=sources,
            voice=str(voice),
            name=name,
            keep_anyway=learn.keep_anyway,
            overwrite=bool(learn.voice) and learn.replace,
        )

    def conclude(
        self,
        context: bpy.types.Context,
        scene: bpy.types.Scene,
        request: LearnSpeechRequest,
        report: dict,
    ) -> None:
        """Show what was measured, and let the shot speak by the profile where there is one."""
        if report["state"] == "cancelled":
            raise FacewrightError(report["verdict"], "", "cancelled")
        show_learned(run_of(context).learned, report)
        if not report["voice"]:
            raise FacewrightError(
                report["verdict"],
                "Learn from more minutes of clear speech, or turn on Keep Anyway.",
                "voice-refused",
            )
        scene.facewright.speech.profile = report["voice"]
        lines = [report["verdict"], f"The profile is {report['voice']}", *_lines(report)]
        name = Path(report["voice"]).name
        show_result(context, f"{name} speaks from now on", [*lines, *self._left_out])

    def cancelled(self, _context: bpy.types.Context, _request: LearnSpeechRequest) -> str:
        """Learning writes at its very end."""
        return "no profile was written"

    def remains(self, request: LearnSpeechRequest) -> str:
        """The profile, where the scene is gone."""
        kept = self._job.report.get("voice")
        return f"The profile is safe: {request.voice}" if kept else ""

    def status(self, job: Job) -> str:
        """What is done now: each of them is counted from 0."""
        doing = _DOING.get(job.unit, "reading").capitalize()
        return f"{doing}: {100 * job.done / job.total:.0f} %" if job.total else doing

    def _show_progress(self, context: bpy.types.Context) -> None:
        super()._show_progress(context)
        if context.workspace:
            status = run_of(context).status.lower()
            context.workspace.status_text_set(f"Facewright: {status}, Esc cancels")


def _sources(
    context: bpy.types.Context, learn: FacewrightLearnSpeech, folder: Path
) -> tuple[tuple[str, ...], list[str]]:
    """Paths, and sentences on what was left out.

    Raises:
        FacewrightError: Nothing of what is chosen can be learned from.
    """
    if learn.source in ("VIDEO", "FOLDER"):
        return sources_of_path(learn.video if learn.source == "VIDEO" else learn.folder), []
    if learn.source == "SELECTED":
        return (selected_take(run_of(context)).path,), []
    shot = shot_of(context)
    used = Path(bpy.path.abspath(shot.take)).absolute() if shot.take else None
    return sources_of_takes(find_takes(folder.absolute(), used), starred=learn.source == "STARRED")


def _lines(report: dict) -> list[str]:
    lines = [
        f"Learned from {report['learn_s']:.0f} s in {report['rounds']} rounds, "
        f"{report['seconds']:.0f} s of work"
    ]
    if report["better"] and not report["retrieval_better"]:
        lines.append("The method Captured Motion is not better than the general model")
    return [*lines, *report["warnings"]]


CLASSES = (FACEWRIGHT_OT_learn_speech,)

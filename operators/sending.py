# SPDX-License-Identifier: GPL-3.0-or-later
"""Send the character's face to another program, live and while the timeline plays."""

from __future__ import annotations

import bpy

from ..engine.core.clock import now_s
from ..engine.core.errors import FacewrightError
from ..properties.run import run_of
from ..properties.why_not import send_disabled_reason
from ..scene.blocks import by_uid
from ..scene.face_reader import FaceReader
from ..scene.live import live_session
from ..scene.redraw import redraw_panels
from ..scene.stream_out import StreamOut, end_streams, start_stream
from .keys import apply_settings, target_objects
from .why_not import TellsWhyNot

_PANEL_EVERY_S = 1.0


class FACEWRIGHT_OT_start_sending(TellsWhyNot, bpy.types.Operator):
    """Send the target's face to another program: what is captured live, else what the character \
shows while the timeline plays, is scrubbed or stands still"""

    bl_idname = "facewright.start_sending"
    bl_label = "Start Sending"

    why_not = staticmethod(send_disabled_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start; the rest happens by itself."""
        scene = context.scene
        try:
            if session := live_session():
                # How the head stands at rest is read from the character without the preview.
                session.rig.end()
            objects = target_objects(context, scene)
            reader = FaceReader(scene, objects, apply_settings(scene.facewright, objects).pose)
            follow = _Follower()
            stream = StreamOut(reader, receiver_spec(scene.facewright), follow)
        except FacewrightError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        start_stream(stream)
        follow(stream)
        return {"FINISHED"}


class FACEWRIGHT_OT_stop_sending(TellsWhyNot, bpy.types.Operator):
    """Send nothing to the other program any more"""

    bl_idname = "facewright.stop_sending"
    bl_label = "Stop Sending"

    @classmethod
    def why_not(cls, context: bpy.types.Context) -> str:
        """Only while something is sent."""
        return "" if run_of(context).live.is_sending else "Nothing is being sent"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Stop."""
        end_streams()
        return {"FINISHED"}


def receiver_spec(shot) -> str:
    """The SPEC of whom the shot is sent to; see ``engine.formats.send``."""
    live = shot.live
    port = f":{live.send_port}" if live.send_port else ""
    return f"{live.send_dialect}:{live.send_address.strip()}{port}"


class _Follower:
    """Between a stream and the panel: settings from there, how it goes back."""

    def __init__(self) -> None:
        self._asked, self._problem, self._shown_s = "", "", float("-inf")

    def __call__(self, stream: StreamOut) -> None:
        scene = by_uid(bpy.data.scenes, stream.reader.scene_uid)
        spec = receiver_spec(scene.facewright) if scene else stream.spec
        changed = spec != self._asked
        if changed and not stream.ended:
            self._asked, self._problem = spec, _redirected(stream, spec)
        if changed or stream.ended or now_s() - self._shown_s > _PANEL_EVERY_S:
            self._shown_s = now_s()
            _show(stream, stream.problem or self._problem)


def _redirected(stream: StreamOut, spec: str) -> str:
    """Follow the panel; a sentence where it names nobody: then all goes on as before."""
    try:
        if spec != stream.spec:
            stream.redirect(spec)
    except FacewrightError as error:
        return str(error)
    return ""


def _show(stream: StreamOut, problem: str) -> None:
    """Put how it goes where the panel reads it."""
    sender = stream.sender
    run = run_of(bpy.context).live
    run.is_sending = not stream.ended
    failed = f", {sender.failed} could not leave" if sender.failed else ""
    run.send_status = f"{sender.name}\nSent {sender.sent} frames{failed}"
    run.send_problem = problem
    redraw_panels()


CLASSES = (FACEWRIGHT_OT_start_sending, FACEWRIGHT_OT_stop_sending)

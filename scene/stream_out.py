# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender drives another program: the face that is captured live, or that the character shows."""

from __future__ import annotations

import time
from collections.abc import Callable

import bpy

from ..engine.core.clock import now_s
from ..engine.core.errors import FacewrightError
from ..engine.core.play_clock import PlayClock
from ..engine.core.progress import Progress
from ..engine.core.types import FaceTrack
from ..engine.formats.send import Sender
from .blocks import by_uid
from .clock import scene_clock
from .face_reader import FaceReader
from .handlers import add_handlers, remove_handlers
from .live import live_session, row_listeners
from .playback import plays

# A receiver that hears nothing for a second or two lets go of the face.
KEEP_ALIVE_S = 0.1
_FOLLOW_S = 0.2


class StreamOut:
    """One running sender; see ``start_stream``.

    While live capture has a face it sends every row of it; else what the character shows, on
    every frame change and as often as ``KEEP_ALIVE_S`` says.

    Args:
        reader: The character.
        spec: See ``engine.formats.send.Sender``.
        follow: Called a few times a second, and once at the end: shows how it goes, and reads
            the settings.

    Attributes:
        spec: Where it sends.
        sender: Counts the frames.
        ended: Whether it has stopped.
        problem: Why, in a sentence; empty where it was asked to.

    Raises:
        FacewrightError: What ``Sender`` raises.
    """

    def __init__(
        self, reader: FaceReader, spec: str, follow: Callable[[StreamOut], None] | None = None
    ) -> None:
        self.reader, self.spec, self._follow = reader, spec, follow
        self.sender = Sender(spec)
        self.ended, self.problem = False, ""
        self._clock = PlayClock()
        self._sent_s = self._followed_s = float("-inf")

    def redirect(self, spec: str) -> None:
        """Send to somebody else from now on.

        Raises:
            FacewrightError: What ``Sender`` raises; then nothing has changed.
        """
        sender = Sender(spec)
        self.sender.close()
        self.spec, self.sender, self._clock = spec, sender, PlayClock()

    def heard(self, row: FaceTrack) -> None:
        """Live capture has filtered a row."""
        self._send(row)

    def frame_changed(self, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
        """A scene shows another frame."""
        if scene.session_uid == self.reader.scene_uid and not _is_live():
            self.show(scene, depsgraph, plays())

    def show(
        self, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, playing: bool = False
    ) -> None:
        """Send what the character shows, or stop where it is gone.

        Args:
            scene: The character's.
            depsgraph: Of the scene.
            playing: The timeline plays, so the frame's place on it is its time.
        """
        seconds = float(scene_clock(scene).seconds(scene.frame_current_final)) if playing else None
        try:
            row = self.reader.read(depsgraph, self._clock.stamp(now_s(), seconds))
        except FacewrightError as error:
            self.close(str(error))
        else:
            self._send(row)

    def tick(self) -> float:
        """Keep the receiver awake; returns when to call again, seconds."""
        if now_s() - self._followed_s > _FOLLOW_S and self._follow:
            self._followed_s = now_s()
            self._follow(self)
        if not _is_live() and not self.ended and now_s() - self._sent_s >= KEEP_ALIVE_S:
            self._show_again()
        return max(0.01, KEEP_ALIVE_S - (now_s() - self._sent_s))

    def close(self, problem: str = "") -> None:
        """Stop.

        Args:
            problem: Why, where nobody asked for it.
        """
        if self.ended:
            return
        self.ended, self.problem = True, problem
        self.sender.close()
        if self in _streams:
            _streams.remove(self)
            row_listeners.remove(self.heard)
        if self._follow:
            self._follow(self)

    def _show_again(self) -> None:
        scene = by_uid(bpy.data.scenes, self.reader.scene_uid)
        if scene is None:
            self.close("The scene of the character is gone.")
        elif depsgraph := _depsgraph_of(scene):
            self.show(scene, depsgraph)

    def _send(self, row: FaceTrack) -> None:
        self.sender.send(row)
        self._sent_s = now_s()


def start_stream(stream: StreamOut) -> None:
    """Let a stream send until it is closed; it takes the place of one that runs."""
    end_streams()
    _streams.append(stream)
    row_listeners.append(stream.heard)
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick)


def running_stream() -> StreamOut | None:
    """The stream that is sending now, if any."""
    return _streams[0] if _streams else None


def end_streams() -> None:
    """Stop sending."""
    while _streams:
        _streams[0].close()


def play_frames(
    scene: bpy.types.Scene,
    stream: StreamOut,
    first: int,
    last: int,
    repeat: bool = False,
    progress: Progress | None = None,
) -> int:
    """Show and send the frames of a scene in real time; frames that are late are left out.

    Args:
        scene: Of the window, or the only one.
        stream: That was not started.
        first, last: Frames, both included.
        repeat: Begin again at the end, until ``progress`` says stop.
        progress: Told of every frame.

    Returns:
        How many frames were sent.

    Raises:
        FacewrightError: The character is gone.
        Cancelled: When ``progress`` says so.
    """
    progress, clock = progress or Progress(), scene_clock(scene, first)
    while True:
        begin_s, frame = now_s(), first
        while frame <= last:
            time.sleep(max(0.0, begin_s + float(clock.seconds(frame)) - now_s()))
            scene.frame_set(frame)
            stream.show(scene, bpy.context.evaluated_depsgraph_get(), playing=True)
            if stream.ended:
                raise FacewrightError(stream.problem, "", "target-missing")
            progress.step(frame - first + 1, last - first + 1)
            frame = max(frame + 1, int(clock.frames(now_s() - begin_s)))
        if not repeat:
            return stream.sender.sent


def _is_live() -> bool:
    session = live_session()
    return session is not None and session.row is not None


def _depsgraph_of(scene: bpy.types.Scene) -> bpy.types.Depsgraph | None:
    """What was evaluated last of a scene; None where nothing was."""
    context = bpy.context
    layer = context.view_layer if context.scene == scene else scene.view_layers[0]
    return layer.depsgraph


_streams: list[StreamOut] = []


def _tick() -> float | None:
    stream = running_stream()
    wait_s = stream.tick() if stream else None
    return wait_s if running_stream() else None


@bpy.app.handlers.persistent
def _after_frame_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    # A render shows its frames to itself alone, often in a thread of its own.
    if depsgraph.mode != "RENDER" and (stream := running_stream()):
        stream.frame_changed(scene, depsgraph)


@bpy.app.handlers.persistent
def _after_undo(*_arguments: object) -> None:
    if stream := running_stream():
        stream.reader.forget_blocks()


@bpy.app.handlers.persistent
def _before_load(*_arguments: object) -> None:
    end_streams()


_HANDLERS = (
    ("frame_change_post", _after_frame_change),
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
    ("load_pre", _before_load),
)


def register() -> None:
    """Be told of frames, undo and files."""
    add_handlers(_HANDLERS)


def unregister() -> None:
    """End what is sent and be told no more."""
    end_streams()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    remove_handlers(_HANDLERS)

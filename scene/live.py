# SPDX-License-Identifier: GPL-3.0-or-later
"""A live capture seen from Blender: the worker's values onto the character, tick by tick."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import Enum

import bpy
import numpy as np

from ..engine.core.clock import now_s
from ..engine.core.errors import FacewrightError
from ..engine.core.live_source import is_live_sound
from ..engine.core.mouth_style import MouthStyle
from ..engine.core.requests import LiveRequest
from ..engine.core.types import FaceTrack
from ..engine.filters.live import LiveFilter, LiveFilterSettings
from ..engine.filters.live_centre import LiveHeadCentre
from ..engine.worker.live_wire import unpack_values
from ..engine.worker.protocol import Kind, Message
from .live_picture import LivePicture
from .live_rig import LiveRig
from .playback import plays
from .recording import Recording
from .worker_process import start_worker

_WINDOW_S = 2.0
# How long a render waits for the character to be as it is animated.
_RENDER_WAIT_S = 1.0
# After this long, whoever asks a second time to stop does not wait for the worker any more.
_STOP_WAIT_S = 3.0
# Ticks whose cost is remembered: ten minutes at 120 a second.
_COSTS = 72_000


class LiveState(Enum):
    """Where a live capture stands."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True)
class News:
    """What the worker has finished: a recording (RECORDED) or a calibration (CALIBRATED).

    Attributes:
        is_calibration: Which of the two.
        data: See ``engine.worker.protocol``.
        recording: What was recorded, where it was a recording.
    """

    is_calibration: bool
    data: dict
    recording: Recording | None = None


@dataclass
class LiveSession:
    """One live capture.

    Attributes:
        request: What is captured.
        rig: What follows the face.
        settings: How the values are calmed; see ``configure``.
        head_mode: What "straight ahead" is, one of ``filters.live_centre.MODES``.
        preview: Whether the character shows the values.
        while_playing: Whether it does so, too, while the timeline plays and nothing is recorded.
        recording: What is being recorded, or None.
        status: The worker's last ``LiveStatus``, as a dictionary.
        row: The last values shown, or None.
        warnings: Sentences.
        error: Why it failed.
        log: The worker's last words on stderr, once ended.
        at_end: Called once, however the session ends.
        counting_for: What the countdown is for.
        calibrating: Whether the face is being watched at rest.
        picture: The camera's picture, for the panel.
        tick_costs_s, delays_s: What ticks with a message or a picture cost, and from each
            picture's time to its values on the character, seconds; the last ten minutes.
    """

    request: LiveRequest
    rig: LiveRig
    settings: LiveFilterSettings
    head_mode: str = "AUTO"
    preview: bool = True
    while_playing: bool = False
    state: LiveState = LiveState.STARTING
    recording: Recording | None = None
    status: dict = field(default_factory=dict)
    row: FaceTrack | None = None
    warnings: list[str] = field(default_factory=list)
    error: FacewrightError | None = None
    log: str = ""
    at_end: Callable[[], None] | None = None
    counting_for: str = ""
    calibrating: bool = False

    def __post_init__(self) -> None:
        self.filter = LiveFilter(self.settings)
        self.centre = LiveHeadCentre(self.head_mode)
        self._client = start_worker()
        self._client.live(self.request)
        self.picture = LivePicture(lambda path: self._client.order(Kind.PICTURE, path=path))
        self._delays: deque[tuple[float, float]] = deque()
        self.tick_costs_s: deque[float] = deque(maxlen=_COSTS)
        self.delays_s: deque[float] = deque(maxlen=_COSTS)
        self._mouth = self.request.mouth, self.request.emphasis
        self._rendering = False
        # Set by a render's thread, answered by a tick.
        self._shall_pause, self._has_paused = False, threading.Event()
        self._stopped_s = 0.0
        self._news: list[News] = []
        self._told = 0
        self._countdown: tuple[float, Callable[[], None]] | None = None
        self._resting: list[FaceTrack] = []
        _sessions.append(self)

    @property
    def ended(self) -> bool:
        """Whether no more ticks are needed."""
        return self.state in (LiveState.ENDED, LiveState.FAILED)

    @property
    def speaks(self) -> bool:
        """Whether sound moves the mouth, and no face is seen."""
        return is_live_sound(self.request.source)

    @property
    def delay_ms(self) -> float:
        """From a picture's time to its values on the character: median of the last seconds."""
        return 1e3 * float(np.median([delay for _, delay in self._delays])) if self._delays else 0.0

    @property
    def counting(self) -> bool:
        """Whether a countdown is running."""
        return self._countdown is not None

    @property
    def countdown_left_s(self) -> float:
        """Seconds until it ends."""
        return max(0.0, self._countdown[0] - now_s()) if self._countdown else 0.0

    def count_down(self, seconds: float, what: str, then: Callable[[], None]) -> None:
        """Do something in some seconds."""
        self.counting_for = what
        self._countdown = now_s() + seconds, then

    def stop_counting(self) -> None:
        """Forget the countdown and what it was for."""
        self._countdown = None

    def take_news(self) -> list[News]:
        """What the worker has finished since the last call."""
        news, self._news = self._news, []
        return news

    def take_warnings(self) -> list[str]:
        """What the worker has warned of since the last call."""
        told, self._told = self._told, len(self.warnings)
        return self.warnings[told:]

    def tick(self) -> bool:
        """Hear the worker and show the newest values; never waits.

        Returns:
            Whether the worker said anything.
        """
        if self.ended:
            return False
        started = time.perf_counter()
        if self._shall_pause:
            self._shall_pause = False
            self.rig.end()
            self._has_paused.set()
        messages = self._client.poll()
        if messages:  # a worker that still completes a take is waited for
            self._stopped_s = now_s()
        fresh = [self._hear(message) for message in messages]
        if self._countdown and now_s() >= self._countdown[0]:
            then, self._countdown = self._countdown[1], None
            try:
                then()
            except FacewrightError as error:  # the capture goes on
                self._news.append(News(False, {"message": error.message, "hint": error.hint}))
        if messages and not self.ended:  # a silent worker still tells its status
            self._show(any(fresh))
        pictured = self.picture.update()
        if messages or pictured:
            self.tick_costs_s.append(time.perf_counter() - started)
        if self.ended:
            self._leave()
        return bool(messages)

    def stop(self) -> None:
        """Ask the worker to end; a recording is completed first. ``tick`` goes on until it has.

        A worker that does not answer is not waited for when this is called again.
        """
        if self.state in (LiveState.STARTING, LiveState.RUNNING):
            self.stop_counting()
            self.keep()
            self.state, self._stopped_s = LiveState.STOPPING, now_s()
            self.rig.end()
            self._client.cancel()
        elif self.state is LiveState.STOPPING and now_s() - self._stopped_s > _STOP_WAIT_S:
            self.close()

    def close(self) -> None:
        """End at once: the file, the add-on or Blender goes."""
        if not self.ended:
            self.state = LiveState.ENDED
            self._leave()

    def record(self, recording: Recording) -> None:
        """Begin to write a take, from now on; ``News`` of it follow its end."""
        self.recording = recording
        self._client.order(Kind.RECORD, **recording.order())

    def keep(self) -> None:
        """Complete the take that is being recorded, if one is."""
        if self.recording and not self.recording.kept:
            self.recording.end()
            self._client.order(Kind.KEEP, shift_s=self.recording.shift_s())

    def calibrate(self, performer: str, seconds: float) -> None:
        """Make a profile of the face, which rests from now on; ``News`` of it follow."""
        self.calibrating, self._resting = True, []
        self._client.order(
            Kind.CALIBRATE, performer=performer, begin_s=now_s(), seconds=float(seconds)
        )

    def use_performer(self, performer: str) -> None:
        """Go by another profile; an empty path learns the face at rest anew."""
        self._client.order(Kind.PERFORMER, performer=performer)

    def use_mouth(self, style: MouthStyle, emphasis: float) -> None:
        """How far the mouth goes from now on, where sound moves it."""
        if (style, emphasis) != self._mouth:
            self._mouth = style, emphasis
            self._client.order(Kind.MOUTH, style=asdict(style), emphasis=emphasis)

    def configure(self, settings: LiveFilterSettings, head_mode: str) -> None:
        """Change how values are calmed and what "straight ahead" is."""
        self.settings, self.head_mode = settings, head_mode
        self.filter.settings, self.centre.mode = settings, head_mode

    def pause_for_render(self) -> None:
        """Show the character as it is animated until no render job runs any more.

        Blender may call this in the render's thread while the main thread evaluates the scene;
        then the next tick puts the values back.
        """
        self._rendering = True
        if threading.current_thread() is not threading.main_thread():
            self._has_paused.clear()
            self._shall_pause = True
            if self._has_paused.wait(_RENDER_WAIT_S):
                return
            self._shall_pause = False  # the interface is locked: nobody else evaluates the scene
        self.rig.end()

    def frame_changed(self, scene: bpy.types.Scene) -> None:
        """A scene shows another frame: its animation has set other values."""
        if self._rendering:
            return
        if self.recording and scene.session_uid == self.rig.scene_uid:
            self.recording.frame_shown(scene.frame_current_final)
        if self.rig.showing and self.row is not None:
            try:
                if self._may_show():
                    self.rig.show(self.row)
                else:
                    self.rig.end()
            except FacewrightError:
                return  # the character is gone, as the next tick will find and tell

    def _hear(self, message: Message) -> bool:
        """Take in a message; whether it brought values."""
        kind, data = message.kind, message.data
        if kind is Kind.VALUES:
            self._see(unpack_values(data))
            return True
        if kind is Kind.STATUS:
            self.status = data
        elif kind is Kind.WARNING:
            self.warnings.append(data["text"])
        elif kind is Kind.RECORDED:
            recording, self.recording = self.recording, None
            if recording:
                recording.end()
            self._news.append(News(False, data, recording))
        elif kind is Kind.CALIBRATED:
            self._end_calibration(data)
        elif kind is Kind.DONE:
            self.state = LiveState.ENDED
            self.warnings += [text for text in data["warnings"] if text not in self.warnings]
        elif kind is Kind.FAILED:
            self.state = LiveState.FAILED
            self.error = FacewrightError(data["message"], data["hint"], data["code"])
            self.log = data.get("detail", "")
        return False

    def _see(self, row: FaceTrack) -> None:
        if self.state is LiveState.STARTING:
            self.state = LiveState.RUNNING
        if self.calibrating:
            self._resting.append(row)
        self.row = self.filter.filter(self.centre.centre(row))
        for listener in row_listeners:
            listener(self.row)

    def _end_calibration(self, data: dict) -> None:
        self.calibrating = False
        rows = [row for row in self._resting if row.valid[0]]
        if rows and "performer" in data:  # how the head was held at rest is straight ahead
            self.centre.take_neutral(FaceTrack.concatenate(rows))
        self._news.append(News(True, data))

    def _show(self, fresh: bool) -> None:
        try:
            if not self._may_show():
                self.rig.end()
                return
            if not fresh or self.row is None or not self.row.valid[0]:
                return
            if not self.rig.showing:
                self.rig.begin()
            self.rig.show(self.row)
        except FacewrightError as error:  # the character is gone
            self.state = LiveState.FAILED
            self.error = error
            return
        self._measure(now_s() - float(self.row.time_s[0]))

    def _measure(self, delay_s: float) -> None:
        now = time.perf_counter()
        self.delays_s.append(delay_s)
        self._delays.append((now, delay_s))
        while self._delays[0][0] < now - _WINDOW_S:
            self._delays.popleft()

    def _may_show(self) -> bool:
        if self._rendering:
            self._rendering = bpy.app.is_job_running("RENDER")
        if self.state is not LiveState.RUNNING or not self.preview:
            return False
        if self._rendering or _renders_viewport():
            return False
        if plays() and not self.while_playing and not self.recording:
            return False
        return not self.rig.in_the_way

    def _leave(self) -> None:
        if self in _sessions:
            _sessions.remove(self)
        self.rig.end()
        if self.recording:
            self.recording.end()
        self.log = self.log or self._client.log
        self.picture.close()
        # The process takes a tenth of a second to leave; the window shall not wait for it.
        threading.Thread(target=self._see_off).start()
        if self.at_end:
            self.at_end()

    def _see_off(self) -> None:
        self._client.close()
        self.picture.remove_file()


def _renders_viewport() -> bool:
    """Whether the viewport is being rendered into pictures ("Viewport Render Animation").

    Its operator may outlive its job: it waits for an event in its window.
    """
    windows = bpy.context.window_manager.windows
    return bpy.app.is_job_running("RENDER") and any(
        "RENDER_OT_opengl" in window.modal_operators for window in windows
    )


_sessions: list[LiveSession] = []
# Told of every row that live capture has filtered, shown or not.
row_listeners: list[Callable[[FaceTrack], None]] = []


def live_session() -> LiveSession | None:
    """The live capture that is running now, if any."""
    return _sessions[0] if _sessions else None


def end_live(*_arguments: object) -> None:
    """End the live capture at once."""
    while _sessions:
        _sessions[0].close()

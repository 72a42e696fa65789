# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a live capture from inside Blender: when each picture's values come where.

Imported by scripts that run in Blender, so it needs nothing but bpy.
"""

import queue
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

# The clock of engine.core.clock.now_s.
now_s = time.perf_counter
# A shape key that every clip moves.
_WATCHED = "jawOpen"
_SAME = 1e-6


class Meter:
    """Times of one stretch of live capture, seconds on the clock of all processes.

    Args:
        mesh: The object whose shape keys follow the face.

    Attributes:
        frames: Six numbers for each picture shown: when it was due, when its values were heard,
            when the turn of the main thread began that set them, when they were set, evaluated by
            the dependency graph, and drawn (0 where they were not).
        turns: Two numbers for each turn of the main thread: its cost in seconds, and whether it
            brought values.
        ticks: The same of ``LiveSession.tick`` alone.
        wrong: Evaluations in which the watched shape key had another value than was set.
    """

    def __init__(self, mesh: bpy.types.Object) -> None:
        self._keys = mesh.data.shape_keys
        self._waiting: list[float] | None = None
        self._undrawn: int | None = None
        self.forget()

    def forget(self) -> None:
        """Begin a new stretch."""
        # Plain numbers: Blender's memory is watched, too.
        self.frames, self.turns, self.ticks = array("d"), array("d"), array("d")
        self.draws = self.wrong = 0
        self._undrawn = None
        self.begun_s, self._busy = now_s(), busy_cores()

    def shown(self, due_s: float, heard_s: float, turn_s: float) -> None:
        """A picture's values have just been set."""
        self._waiting = [due_s, heard_s, turn_s, now_s()]

    def found(self) -> dict:
        """Everything, as JSON."""
        seconds = now_s() - self.begun_s
        busy_all, busy_own = (
            (after - before) / seconds
            for before, after in zip(self._busy, busy_cores(), strict=True)
        )
        return {
            "frames": _rows(self.frames, 6),
            "turns": _rows(self.turns, 2),
            "ticks": _rows(self.ticks, 2),
            "wrong": self.wrong,
            "draws": self.draws,
            "seconds": seconds,
            "busy_all": busy_all,
            "busy_own": busy_own,
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be told of evaluations and of drawing."""
        evaluated = bpy.app.handlers.depsgraph_update_post
        evaluated.append(self._evaluated)
        drawn = None
        if not bpy.app.background:
            space = bpy.types.SpaceView3D
            drawn = space.draw_handler_add(self._drawn, (), "WINDOW", "POST_PIXEL")
        try:
            yield
        finally:
            evaluated.remove(self._evaluated)
            if drawn:
                space.draw_handler_remove(drawn, "WINDOW")

    def _evaluated(self, _scene, depsgraph) -> None:
        if self._waiting is None:
            return
        row, self._waiting = (*self._waiting, now_s(), 0.0), None
        evaluated = self._keys.evaluated_get(depsgraph).key_blocks[_WATCHED].value
        self.wrong += abs(evaluated - self._keys.key_blocks[_WATCHED].value) > _SAME
        self.frames.extend(row)
        self._undrawn = len(self.frames) - 1

    def _drawn(self) -> None:
        if self._undrawn is not None:
            self.frames[self._undrawn] = now_s()
            self.draws += 1
        self._undrawn = None


def _rows(numbers: array, width: int) -> list[list[float]]:
    return [list(numbers[i : i + width]) for i in range(0, len(numbers), width)]


class _Stamped(queue.SimpleQueue):
    """The client's queue, which notes when each picture's values were put in."""

    def __init__(self, heard: dict[float, float]) -> None:
        super().__init__()
        self._heard = heard

    def put(self, message) -> None:
        if message.kind == "VALUES":
            self._heard[message.data["time_s"]] = now_s()
        super().put(message)


def watch_session(meter: Meter, session) -> None:
    """Have a ``LiveSession`` tell the meter of its ticks and of what it shows."""
    heard: dict[float, float] = {}
    tick, show, client = session.tick, session.rig.show, session._client
    before, client._messages = client._messages, _Stamped(heard)
    while not before.empty():
        client._messages.put(before.get())
    begun = 0.0

    def timed_tick() -> bool:
        nonlocal begun
        begun = now_s()
        said = tick()
        meter.ticks.extend((now_s() - begun, said))
        return said

    def timed_show(row) -> bool:
        changed = show(row)
        due_s = float(row.time_s[0])
        if changed:
            meter.shown(due_s, heard.get(due_s, begun), begun)
        for old in [time_s for time_s in heard if time_s <= due_s]:
            del heard[old]
        return changed

    session.tick, session.rig.show = timed_tick, timed_show


def watch_operator(meter: Meter, operator: type) -> None:
    """Time every turn that a timer gives an operator."""
    modal = operator.modal

    def timed_modal(self, context, event):
        if event.type != "TIMER":
            return modal(self, context, event)
        ticks, begun = len(meter.ticks), now_s()
        answer = modal(self, context, event)
        said = len(meter.ticks) > ticks and meter.ticks[-1]
        meter.turns.extend((now_s() - begun, said))
        return answer

    operator.modal = timed_modal


@contextmanager
def busy_core(wanted: bool) -> Iterator[None]:
    """Another program that keeps one core busy, or none."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if wanted else None
    try:
        yield
    finally:
        if process:
            process.kill()
            process.wait()


def stretches(
    meter: Meter,
    plan: list[dict],
    status: Callable[[], dict],
    wait: Callable,
    show_view: Callable[[bool], None] = lambda _shown: None,
) -> Iterator[None]:
    """Measure each stretch of a plan; every yield gives Blender a turn.

    Args:
        meter: What measures.
        plan: ``name``, ``seconds``, ``busy`` and ``drawn`` of each stretch.
        status: Frames received and dropped so far, and the worker's delay.
        wait: Makes a generator that yields for some seconds.
        show_view: Opens or closes the 3D view.

    Returns:
        What was found, by name.
    """
    found = {}
    for stretch in plan:
        show_view(stretch["drawn"])
        with busy_core(stretch["busy"]):
            yield from wait(3.0)
            meter.forget()
            before, delays, memory = status(), [], [memory_mib()]
            for _ in range(max(1, round(stretch["seconds"]))):
                yield from wait(1.0)
                delays.append(status().get("delay_ms", 0.0))
            after = status()
            memory.append(memory_mib())
            measured = meter.found()
        counts = {name: after[name] - before[name] for name in ("received", "dropped")}
        found[stretch["name"]] = (
            measured
            | counts
            | {
                "worker_ms": delays,
                "memory_mib": memory,
            }
        )
    return found


def memory_mib() -> float:
    """What this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def busy_cores() -> tuple[float, float]:
    """Processor seconds so far, of all programs and of those of this process namespace."""
    ticks_per_s = 100.0
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, interrupt, soft = map(int, words[:7])
    own = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        own += int(after_name[11]) + int(after_name[12])
    return (user + nice + system + interrupt + soft) / ticks_per_s, own / ticks_per_s

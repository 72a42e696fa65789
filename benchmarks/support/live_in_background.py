# SPDX-License-Identifier: GPL-3.0-or-later
"""The same measurement in the bpy module, where there is no window: nothing is drawn.

python benchmarks/support/live_in_background.py OPTIONS.json RESULT.json
"""

import json
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from live_meter import Meter, now_s, stretches, watch_session
from live_rival import Rival

from tools.extension import load_extension

TICK_S = 1 / 120


def main(options: dict) -> dict:
    """Measure ours or the rival in an empty scene with the head that ships."""
    load_extension()
    from facewright.scene.head import create_head

    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = create_head(bpy.context)
    meter = Meter(mesh)
    with meter.watching():
        found = (_rival if options["rival"] else _ours)(meter, mesh, options)
    return {"blender": bpy.app.version_string, "window": None, "found": found}


def _ours(meter: Meter, mesh, options: dict) -> dict:
    from facewright.engine.core.requests import LiveRequest
    from facewright.engine.filters.live import LiveFilterSettings
    from facewright.scene.live import LiveSession
    from facewright.scene.live_rig import LiveRig
    from facewright.scene.pose_channels import PoseSettings

    rig = LiveRig(bpy.context.scene, [mesh], PoseSettings())
    request = LiveRequest(f"file:{options['clip']}", repeat=True)
    session = LiveSession(request, rig, LiveFilterSettings())
    watch_session(meter, session)
    while not meter.frames:
        _turn(session.tick)
    measured = stretches(meter, options["plan"], lambda: session.status, _wait)
    found = _run(_after(_wait(options["settle_s"]), measured), session.tick)
    session.close()
    return found


def _rival(meter: Meter, mesh, options: dict) -> dict:
    rival = Rival(meter, mesh, options["clip"], "facewright.engine")
    measured = stretches(meter, options["plan"], rival.status, _wait)
    found = _run(_after(_wait(options["settle_s"]), measured), rival.turn)
    rival.close()
    return found


def _turn(tick) -> None:
    """What the window's event loop does: the timer, the evaluation, and a wait."""
    begun = now_s()
    tick()
    bpy.context.view_layer.update()
    time.sleep(max(0.0, begun + TICK_S - now_s()))


def _run(steps, tick) -> dict:
    try:
        while True:
            next(steps)
            _turn(tick)
    except StopIteration as stop:
        return stop.value


def _wait(seconds: float):
    end = now_s() + seconds
    while now_s() < end:
        yield


def _after(first, second):
    yield from first
    return (yield from second)


if __name__ == "__main__":
    options_path, result_path = map(Path, sys.argv[1:])
    result = main(json.loads(options_path.read_text(encoding="utf-8")))
    result_path.write_text(json.dumps(result), encoding="utf-8")

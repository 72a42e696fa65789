# SPDX-License-Identifier: GPL-3.0-or-later
"""From a picture's time to the evaluated shape key, in a real Blender window.

A clip at 30 frames a second is paced as a camera. Live capture runs as the artist starts it, on the
head that ships; then, in its place, Google's package in Blender's main thread. Where there is no
window, or the package does not load in that Blender's Python, the bpy module measures the same
in the background.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.support.clips import at_rate
from benchmarks.support.live_profile import print_worker_costs
from benchmarks.support.live_rival_packages import link_packages
from engine.tracking.mediapipe_tasks import is_installed
from tools import build_extension
from tools.run_in_window import GuiError, run_in_window, why_no_window

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RATE = 30
# Before the first stretch: the face at rest is learned, and the software screen warms up.
_SETTLE_S = 10.0
# Beyond the stretches: to start, install, settle and end.
_EXTRA_S = 180.0
_RIVAL_S = 30.0
# The stretches after the first.
_OTHERS_S = 60.0
# Small: here the processor draws, which is a card's work, and the values wait for it.
_WINDOW = (640, 480)
# Google's package asks there how many cores there are.
_CORES = Path("/sys/devices/system/cpu")


def run(minutes: float) -> None:
    """Measure and print.

    Args:
        minutes: Length of the first stretch, with the cores idle and nothing drawn. Those with
            one core busy, and with a 3D view that is drawn, last at most one minute, the rival's
            half a minute.
    """
    clip = at_rate(RATE)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        stage = _Background(Path(scratch), clip)
        if reason := why_no_window():
            print(f"\nNo window here ({reason}): measured in the background, nothing is drawn")
        else:
            stage = _Window(Path(scratch), clip)
        ours = stage.measure(60 * minutes, rival=False)
        rival = _rival(stage, min(_RIVAL_S, 60 * minutes))
    size = "x".join(map(str, ours["window"])) if ours["window"] else "none"
    print(
        f"\nLatency: {clip.name}, first stretch {minutes:g} min; Blender {ours['blender']}, ",
        end="",
    )
    print(f"window {size}; load average before: {load:.2f}")
    contestants = {f"facewright, {name}": one for name, one in ours["found"].items()}
    for name, one in rival.get("found", {}).items():
        contestants[f"mediapipe in the main thread, {name}"] = one
    _print_latency(contestants)
    _print_stations(contestants)
    _print_turns(contestants)
    if rival:
        _print_ratio(rival["found"], ours["found"])
    _print_growth(ours["found"])
    print_worker_costs(clip)


def _rival(stage: _Background, seconds: float) -> dict:
    """In the same place, else in the background; nothing where Google's package is not."""
    if not is_installed():
        print("\nGoogle's package is not installed: no comparison")
        return {}
    try:
        return stage.measure(seconds, rival=True)
    except GuiError as error:
        reason = str(error).strip().splitlines()[-1]
        print(f"\nGoogle's package does not run in this window's Blender ({reason}); its figures")
        print("are from the bpy module in the background, where nothing is drawn")
        return _Background(stage.scratch, stage.clip).measure(seconds, rival=True)


class _Background:
    """The bpy module of this Python, without a window."""

    def __init__(self, scratch: Path, clip: Path) -> None:
        self.scratch, self.clip = scratch, clip

    def measure(self, seconds: float, rival: bool) -> dict:
        """What one contestant showed, with the cores idle and with one of them busy."""
        asked, answer = self.scratch / "options.json", self.scratch / "answer.json"
        asked.write_text(
            json.dumps(_options(self.clip, seconds, rival, (False,))), encoding="utf-8"
        )
        command = [sys.executable, str(HERE / "live_in_background.py"), str(asked), str(answer)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=seconds + _OTHERS_S + _EXTRA_S)
        return json.loads(answer.read_text(encoding="utf-8"))


class _Window(_Background):
    """The prepared Blender with a window, and the extension from its zip."""

    def __init__(self, scratch: Path, clip: Path) -> None:
        super().__init__(scratch, clip)
        self._workdir, self._packages = scratch / "run", scratch / "packages"
        for folder in (self._workdir, self._packages):
            folder.mkdir()
        build_extension.fetch_wheels.fetch(["linux-x64"])
        (self._zip,) = build_extension.build(scratch / "dist", ["linux-x64"])
        self._inside = self._workdir / "clip.mp4"
        shutil.copyfile(clip, self._inside)
        self._binds = [self._packages, *link_packages(self._packages), _CORES]

    def measure(self, seconds: float, rival: bool) -> dict:
        """See ``_Background.measure``."""
        options = _options(self._inside, seconds, rival, (False, True))
        options["packages"] = str(self._packages)
        (self._workdir / "options.json").write_text(json.dumps(options), encoding="utf-8")
        (self._workdir / "result.json").unlink(missing_ok=True)
        done = run_in_window(
            HERE / "live_in_window.py",
            zip_path=self._zip,
            workdir=self._workdir,
            timeout_s=seconds + 3 * _OTHERS_S + _EXTRA_S,
            binds=self._binds,
            arguments=["--window-geometry", "0", "0", *map(str, _WINDOW)],
        )
        return done.result


def _options(clip: Path, seconds: float, rival: bool, views: tuple[bool, ...]) -> dict:
    plan = [
        {
            "name": ("one core busy" if busy else "cores idle") + (", drawn" if drawn else ""),
            "seconds": seconds if not (busy or drawn) else min(seconds, _OTHERS_S),
            "busy": busy,
            "drawn": drawn,
        }
        for drawn in views
        for busy in (False, True)
    ]
    return {"clip": str(clip), "rival": rival, "settle_s": _SETTLE_S, "plan": plan}


def _print_latency(contestants: dict[str, dict]) -> None:
    print("\nPicture's time to evaluated shape key, ms; frames due and shown a second")
    heads = ("median", "p95", "p99", "most", "due/s", "shown/s", "dropped", "drawn/s", "others")
    print(f"{'':46}" + "".join(f"{head:>8}" for head in heads))
    for name, one in contestants.items():
        rows = np.array(one["frames"])
        late = 1e3 * (rows[:, 4] - rows[:, 0])
        seconds = one["seconds"]
        cells = [
            *np.percentile(late, [50, 95, 99, 100]),
            one["received"] / seconds,
            len(rows) / seconds,
            one["dropped"],
            one["draws"] / seconds,
            max(0.0, one["busy_all"] - one["busy_own"]),
        ]
        print(f"{name:46}" + "".join(f"{cell:8.2f}" for cell in cells))
        if one["wrong"]:
            print(f"  {one['wrong']} evaluations had another value than was set")
    print("(others: cores that programs outside of this measurement kept busy;")
    print("drawn: with a 3D view, which the processor draws here)")


def _print_stations(contestants: dict[str, dict]) -> None:
    print("\nWhere the time goes, ms, median / p95")
    heads = ("worker + wire", "wait for turn", "set", "evaluate", "draw")
    print(f"{'':46}" + "".join(f"{head:>16}" for head in heads))
    for name, one in contestants.items():
        rows = np.array(one["frames"])
        if not name.startswith("facewright"):
            rows = rows[:, [0, 1, 1, 3, 4, 5]]
        steps = 1e3 * np.diff(rows, axis=1)
        drawn = rows[:, 5] > 0
        cells = [_both(steps[:, i]) for i in range(4)]
        cells.append(_both(steps[drawn, 4]) if drawn.any() else "-")
        print(f"{name:46}" + "".join(f"{cell:>16}" for cell in cells))
        if one["worker_ms"] and max(one["worker_ms"]):
            solved = np.median(one["worker_ms"])
            print(f"{'  of which until solved in the worker':46}{solved:>16.1f}")
    print(
        "(mediapipe: worker + wire is the wait for the main thread; set is detection and setting)"
    )


def _both(values: np.ndarray) -> str:
    return f"{np.median(values):.1f} / {np.percentile(values, 95):.1f}"


def _print_turns(contestants: dict[str, dict]) -> None:
    print("\nMain thread, ms a turn: with values, and without")
    heads = ("median", "p99", "most", "median", "p99")
    print(f"{'':46}" + "".join(f"{head:>10}" for head in heads))
    for name, one in contestants.items():
        kinds = {"": one["turns"] or one["ticks"]}
        if one["turns"] and one["ticks"]:
            kinds = {"": one["turns"], "  LiveSession.tick alone": one["ticks"]}
        for what, turns in kinds.items():
            costs, said = np.array(turns)[:, 0] * 1e3, np.array(turns)[:, 1] > 0
            cells = [
                *np.percentile(costs[said], [50, 99, 100]),
                *(np.percentile(costs[~said], [50, 99]) if not said.all() else (np.nan, np.nan)),
            ]
            print(f"{what or name:46}" + "".join(f"{cell:10.3f}" for cell in cells))


def _print_ratio(rival: dict[str, dict], ours: dict[str, dict]) -> None:
    for name in (name for name in ours if name in rival):
        turns, late = [], []
        for one in (rival[name], ours[name]):
            costs = np.array(one["turns"] or one["ticks"])
            turns.append(np.median(costs[costs[:, 1] > 0, 0]))
            rows = np.array(one["frames"])
            late.append(np.median(rows[:, 4] - rows[:, 0]))
        print(
            f"\n{name}: the rival holds the main thread {turns[0] / turns[1]:.1f} times as long ",
            end="",
        )
        print(
            f"for each picture, and shows it after {late[0] / late[1]:.2f} times the time", end=""
        )
    print()


def _print_growth(ours: dict[str, dict]) -> None:
    """Median latency of each minute, and Blender's memory."""
    print("\nGrowth: median latency of each minute, ms; Blender's memory, MiB")
    for name, one in ours.items():
        rows = np.array(one["frames"])
        minute = ((rows[:, 4] - rows[0, 4]) / 60).astype(int)
        late = 1e3 * (rows[:, 4] - rows[:, 0])
        whole = [i for i in range(minute[-1] + 1) if (minute == i).sum() > RATE]
        medians = [np.median(late[minute == i]) for i in whole]
        print(f"{name:46}" + " ".join(f"{value:.1f}" for value in medians), end="")
        if len(medians) > 2:
            print(f" ({10 * np.polyfit(whole, medians, 1)[0]:+.2f} in ten minutes)", end="")
        print("; {:.1f} to {:.1f}".format(*one["memory_mib"]))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders and receivers that others wrote, against ours: ``python tools/check_stream_clients.py``.

Each runs in a process of its own, over the loopback. Every weight and the head's direction are
held against absolute values: a head that looks down 12 degrees, turns to the actor's left by 20,
tilts its top to the image's right by 7. Recordings of the app Live Link Face are sent at their own
pace, too. The packages are installed under ``.cache/stream_clients`` and are no part of anything:
vmcp is AGPL, and is run here as a program of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.core.arkit import NAMES, live_link_name  # noqa: E402
from engine.core.types import FaceTrack, Observations  # noqa: E402
from engine.formats.live_link import decode, packets_of_recording  # noqa: E402
from engine.formats.sample import FaceSample, to_row  # noqa: E402
from engine.takes.take_file import TakeWriter, read_track  # noqa: E402

CLIENTS = ROOT / ".cache" / "stream_clients"
WORDS = Path(__file__).with_name("stream_clients")
RECORDED = ROOT.parent / "shared" / "data" / "arkit"
PYTHON_PACKAGES = (
    "pylivelinkface==0.1",
    "timecode==1.5.1",
    "python-osc==1.10.2",
    "vmcp==1.0.6",
    "osc4py3==1.0.8",
    "numpy==1.26.4",
)
NODE_PACKAGES = ("osc@2.4.5",)
_FRAMES, _HOLD = 180, 10
_SECONDS = 10.0
# Values that 32 bits hold exactly.
WEIGHTS = {name: (place + 1) / 64 for place, name in enumerate(NAMES)}
# Pitch, yaw and roll as in ``core.types.FaceTrack``.
POSES = ((12.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, -7.0))
# The same as the dialects say it: degrees here, radians and quaternions on the wire. Live Link
# Face: yaw to the actor's right, roll to the image's right. VMC: Unity's axes, left-handed.
PHASES = {
    "livelink": ({"HeadPitch": 12.0}, {"HeadYaw": -20.0}, {"HeadRoll": 7.0}),
    "vmc": ({"x": 12.0}, {"y": -20.0}, {"z": 7.0}),
}
_SAME_WEIGHT, _SAME_DEGREES = 1e-5, 1e-3


@dataclass(frozen=True)
class Client:
    """A program that others wrote, with a few lines of ours around it."""

    title: str
    dialect: str
    program: str

    @property
    def command(self) -> list[str]:
        if self.program.endswith(".js"):
            return ["node", str(WORDS / self.program)]
        return [str(_python()), str(WORDS / self.program)]


CLIENTS_OF_OTHERS = (
    Client("PyLiveLinkFace 0.1", "livelink", "live_link.py"),
    Client("python-osc 1.10.2", "vmc", "vmc_python_osc.py"),
    Client("vmcp 1.0.6 (osc4py3 1.0.8)", "vmc", "vmc_vmcp.py"),
    Client("osc.js 2.4.5 (node)", "vmc", "vmc_osc_js.js"),
)


def main() -> int:
    """Run all pairs and print a table; returns 1 where one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recordings", type=Path, default=RECORDED, help="folder of .gesichter")
    options = parser.parse_args()
    missing = install()
    failed = False
    print(f"{'who':30}{'dialect':10}{'direction':16}result")
    for client in CLIENTS_OF_OTHERS:
        for direction, check in (("theirs to ours", _to_us), ("ours to theirs", _from_us)):
            lack = missing.get(client.program.rpartition(".")[2])
            result = f"skipped: {lack}" if lack else _tried(lambda c=client, f=check: f(c))
            failed |= result.startswith("FAILED")
            print(f"{client.title:30}{client.dialect:10}{direction:16}{result}", flush=True)
    recordings = sorted(options.recordings.glob("*.gesichter"))
    for recording in recordings:
        result = _tried(lambda path=recording: _replay(path))
        failed |= result.startswith("FAILED")
        print(f"{recording.name[:29]:30}{'livelink':10}{'theirs to ours':16}{result}", flush=True)
    if not recordings:
        print(f"no recordings in {options.recordings}")
    return int(failed)


def installed_packages() -> Path | None:
    """Where the Python packages of others lie; None before ``install``."""
    found = sorted(CLIENTS.glob("python/lib*/python*/site-packages/pylivelinkface"))
    return found[0].parent if found else None


def install() -> dict[str, str]:
    """Install what is not there yet; returns why not, by the ending of a client's file."""
    missing = {}
    if installed_packages() is None:
        venv.create(CLIENTS / "python", with_pip=True)
        command = [str(_python()), "-m", "pip", "install", "-q", *PYTHON_PACKAGES]
        if subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
            missing["py"] = "the packages cannot be installed"
    if not shutil.which("npm"):
        missing["js"] = "there is no npm"
    elif not (CLIENTS / "node_modules" / "osc").exists():
        CLIENTS.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(CLIENTS), "--omit=optional"]
        if subprocess.run(
            [*command, "--ignore-scripts", *NODE_PACKAGES], stdout=subprocess.DEVNULL
        ).returncode:
            missing["js"] = "the package cannot be installed"
    return missing


def _python() -> Path:
    return CLIENTS / "python" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
        return f"FAILED: {error}"


def _to_us(client: Client) -> str:
    told = {
        "weights": {live_link_name(name): value for name, value in WEIGHTS.items()},
        "phases": PHASES[client.dialect],
        "frames": _FRAMES,
        "hold": _HOLD,
    }
    with tempfile.TemporaryDirectory() as scratch:
        port, take = _free_port(), Path(scratch, "heard.fwtake")
        hears = _hear(client.dialect, port, take, 2.5)
        says = _run([*client.command, "send", json.dumps(told | {"port": port})])
        _end(hears, "we")
        _end(says, client.title)
        track = read_track(take)
    seen = track[track.valid.argmax() :]
    off = np.abs(seen.weights[1:-1] - np.array(list(WEIGHTS.values()))).max()
    _hold(off < _SAME_WEIGHT, f"a weight is off by {off:g}")
    for pose in POSES:
        near = np.abs(seen.head_deg - pose).max(axis=1) < _SAME_DEGREES
        _hold(near.sum() >= _HOLD // 2, f"the head is never at {pose}")
    return f"{len(track)} frames, weights within {off:.0e}, 3 head directions"


def _from_us(client: Client) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        port, take = _free_port(), Path(scratch, "sent.fwtake")
        _write_take(take)
        told = {"port": port, "seconds": _SECONDS}
        # What it prints is more than a pipe holds.
        with Path(scratch, "heard.txt").open("w") as heard:
            hears = _run([*client.command, "receive", json.dumps(told)], heard)
        _wait_until_taken(port)
        address = f"{client.dialect}:127.0.0.1:{port}"
        says = _run([sys.executable, "-m", "engine", "send", str(take), "--to", address])
        _end(says, "we")
        _end(hears, client.title)
        frames = [json.loads(line) for line in Path(scratch, "heard.txt").read_text().splitlines()]
    _hold(len(frames) >= _FRAMES - 1, f"{len(frames)} of {_FRAMES} frames were heard")
    off = max(
        abs(frame["weights"][live_link_name(name)] - value)
        for frame in frames[1:]
        for name, value in WEIGHTS.items()
    )
    _hold(off < _SAME_WEIGHT, f"a weight is off by {off:g}")
    for phase in PHASES[client.dialect]:
        wanted = dict.fromkeys(frames[-1]["turn"], 0.0) | phase
        near = [
            max(abs(frame["turn"][axis] - degrees) for axis, degrees in wanted.items())
            < _SAME_DEGREES
            for frame in frames
        ]
        _hold(sum(near) >= _HOLD // 2, f"the head is never at {phase}")
    return f"{len(frames)} frames, weights within {off:.0e}, 3 head directions"


def _replay(path: Path) -> str:
    """A recording to our receiver at its own pace."""
    packets = list(packets_of_recording(path.read_bytes(), path.name))
    samples = [decode(packet) for packet in packets]
    step_s = float(np.median(np.diff([s.time_s for s in samples if s.valid])))
    with tempfile.TemporaryDirectory() as scratch:
        port, take = _free_port(), Path(scratch, "heard.fwtake")
        hears = _hear("livelink", port, take, len(packets) * step_s - 1.5 * step_s)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
            begin_s = time.perf_counter()
            for number, packet in enumerate(packets):
                time.sleep(max(0.0, begin_s + number * step_s - time.perf_counter()))
                speaker.sendto(packet, ("127.0.0.1", port))
            while hears.poll() is None and time.perf_counter() - begin_s < 600:
                speaker.sendto(packets[-1], ("127.0.0.1", port))
                time.sleep(0.5)
        _end(hears, "we")
        track = read_track(take)
    _hold(len(track) >= len(packets) - 3, f"{len(track)} of {len(packets)} frames in the take")
    rows = [to_row(sample, 0.0) for sample in samples[: len(track)]]
    wanted = FaceTrack.concatenate(rows)
    whole = track[: len(wanted)]
    _hold(np.array_equal(whole.valid, wanted.valid), "another face is seen than was sent")
    for name in ("weights", "head_deg", "gaze_deg"):
        same = np.array_equal(getattr(whole, name), getattr(wanted, name), equal_nan=True)
        _hold(same, f"{name} differ")
    return (
        f"{len(track)} of {len(packets)} frames, {len(packets) * step_s:.1f} s, every value equal"
    )


def _write_take(path: Path) -> None:
    """The poses in turn, each held, at 60 frames a second."""
    rows = []
    for number in range(_FRAMES):
        sample = FaceSample(
            None,
            weights=np.array(list(WEIGHTS.values())),
            head_deg=np.array(POSES[number // _HOLD % len(POSES)]),
        )
        rows.append(to_row(sample, number / 60))
    track = FaceTrack.concatenate(rows)
    seen = replace(Observations.empty(np.arange(_FRAMES), track.time_s), valid=track.valid)
    with TakeWriter(path, {"source": {"width": 1, "height": 1}, "state": "complete"}) as take:
        take.append(seen, track)


def _hear(dialect: str, port: int, take: Path, seconds: float) -> subprocess.Popen:
    """Our own command, listening."""
    source = f"udp:{dialect}:{port}"
    words = ("--source", source, "--seconds", f"{seconds:.3f}", "--take", str(take))
    process = _run([sys.executable, "-m", "engine", "live", *words])
    _wait_until_taken(port)
    return process


def _run(command: list[str], output: TextIO | int = subprocess.PIPE) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        cwd=CLIENTS if command[0] == "node" else ROOT,
        env=None if command[0] != "node" else _node_environment(),
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
    )


def _node_environment() -> dict[str, str]:
    return os.environ | {"NODE_PATH": str(CLIENTS / "node_modules")}


def _end(process: subprocess.Popen, who: str) -> None:
    said = process.communicate(timeout=60)[1]
    _hold(process.returncode == 0, f"{who} ended with {process.returncode}: {said[-300:]}")


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise AssertionError(sentence)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait_until_taken(port: int) -> None:
    end_s = time.perf_counter() + 30
    while _is_free(port) and time.perf_counter() < end_s:
        time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    raise SystemExit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""Who takes part in the speech benchmark, and what each makes of recordings.

Each runs in a process of its own over all recordings, one after another, and times itself from the
first to the last without its start: wall clock, and seconds of processor, which other work on the
machine does not change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.support.speech_packages import Environments
from benchmarks.support.speech_recordings import RATE_HZ, Recording

ROOT = Path(__file__).resolve().parents[2]
_HERE = "benchmarks.support"


@dataclass(frozen=True)
class Contestant:
    """One way from sound to cues.

    Attributes:
        name: As the tables show it.
        command: Program and its first words; the files of jobs and results follow, then ``mode``.
        mode: Further words.
        with_text: It is told what is said.
        ours: It is not a rival.
    """

    name: str
    command: tuple[str, ...]
    mode: tuple[str, ...] = ()
    with_text: bool = False
    ours: bool = False


@dataclass(frozen=True)
class Run:
    """What a contestant made of recordings.

    Attributes:
        cues: By the recording's name: dicts with ``start``, ``end`` and ``viseme``.
        failed: By name: why there are no cues.
        notes: By name: what is not as asked.
        seconds: Wall clock.
        cpu_seconds: Of processor, all threads together.
        peak_mib: Memory of its process at most; 0 where this system does not tell.
    """

    cues: dict[str, list[dict]]
    failed: dict[str, str]
    notes: dict[str, list[str]]
    seconds: float
    cpu_seconds: float
    peak_mib: float


def contestants(found: Environments, network: Path | None = None) -> list[Contestant]:
    """The rivals that are to be had, then ours.

    Args:
        found: Where rivals run.
        network: Another network than the shipped one, for ours but live.
    """
    support = ROOT / "benchmarks" / "support"
    those = []
    if found.node and found.modules:
        for name, program in (("HeadAudio 0.1.0", "headaudio"), ("Rhubarb, wasm 0.1.8", "rhubarb")):
            command = (found.node, str(support / f"speech_{program}.mjs"), str(found.modules))
            those.append(Contestant(name, command))
    if found.python:
        command = (str(found.python), "-m", f"{_HERE}.speech_sphinx")
        those.append(Contestant("PocketSphinx 5.1.1 phones", command, ("phones",)))
        those.append(Contestant("PocketSphinx aligned, true text", command, ("text",), True))
    ours = (sys.executable, "-m", f"{_HERE}.speech_ours")
    chosen = (str(network.absolute()),) if network else ()
    those.append(Contestant("Facewright, sound alone", ours, ("sound", *chosen), ours=True))
    those.append(Contestant("Facewright, live", ours, ("live",), ours=True))
    those.append(Contestant("Facewright with text", ours, ("text", *chosen), True, ours=True))
    return those


def run(contestant: Contestant, recordings: Sequence[Recording], threads: int) -> Run:
    """Let a contestant hear recordings.

    Raises:
        RuntimeError: Its process failed; the message is its last line.
    """
    jobs = [
        {
            "name": recording.name,
            "wav": str(recording.path.absolute()),
            "rate": RATE_HZ,
            "text": recording.text,
            "language": recording.language,
        }
        for recording in recordings
    ]
    with tempfile.TemporaryDirectory() as scratch:
        asked, told = Path(scratch, "jobs.json"), Path(scratch, "out.json")
        asked.write_text(json.dumps(jobs), encoding="utf-8")
        command = [*contestant.command, str(asked), str(told), *contestant.mode]
        peak = _measured(command, threads, Path(scratch, "log.txt"))
        result = json.loads(told.read_text(encoding="utf-8"))
    return Run(
        result["cues"],
        result["failed"],
        result.get("notes", {}),
        result["seconds"],
        result["cpu_seconds"],
        peak,
    )


def _measured(command: list[str], threads: int, log: Path) -> float:
    """Run a process to its end; the most memory that it had, MiB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUTF8": "1"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT, env=environment
        )
        peak = 0.0
        if hasattr(os, "wait4"):
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            # Kilobytes on Linux, bytes on macOS.
            peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        else:
            process.wait()
    if process.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"it ended with {process.returncode}")
    return peak

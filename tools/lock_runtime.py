# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the lock of the GPU runtimes: every wheel with its hash and size.

    python tools/lock_runtime.py

Everything goes through pip's own client: what an index offers comes from pip's report of an
install that is not made, sizes from the first line of a download that is stopped there. No wheel
is fetched whole that is larger than half a megabyte. Only the standard library (and pip) is used.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.runtime.lock import LOCK, Wheel

# Blender 4.2-5.0 run Python 3.11, the official 5.1 and 5.2 run 3.13, Debian's 5.2 runs 3.14.
PYTHONS = ("311", "313", "314")
# pip takes the tags by the letter: an older glibc's must be named, too.
PLATFORM_TAGS = {
    "linux-x64": tuple(f"manylinux_2_{glibc}_x86_64" for glibc in (28, 27, 17, 12, 5)),
    "windows-x64": ("win_amd64",),
}
# Runtime -> what it is made of. onnxruntime-gpu 1.26 is the last that is built for CUDA 12.
RUNTIMES = {
    "cuda12": ("onnxruntime-gpu[cuda,cudnn]==1.26.0", ("linux-x64", "windows-x64")),
    "cuda13": ("onnxruntime-gpu[cuda,cudnn]==1.31.1", ("linux-x64", "windows-x64")),
    "directml": ("onnxruntime-directml==1.24.4", ("windows-x64",)),
}
# Blender has numpy; importing onnxruntime and running a network needs none of the others.
LEFT_OUT = {"numpy", "flatbuffers", "packaging", "protobuf", "coloredlogs", "sympy", "mpmath"}
HEADER = """\
# Written by `python tools/lock_runtime.py`; do not edit by hand.
# Every wheel of the GPU runtimes. engine/runtime refuses any other content.
"""
# The first pip that tells progress in bytes.
PIP = "pip>=24.1"
_TOTAL = re.compile(r"Progress \d+ of (\d+)")


class LockError(Exception):
    """What is wrong, in one sentence."""


def resolve(pip: list[str], runtime: str, platform: str, python: str) -> list[Wheel]:
    """The wheels of a runtime for one platform and Python, as pip would choose them now.

    Their sizes are not known yet: 0.
    """
    requirement, _ = RUNTIMES[runtime]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        words = ["install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        words += ["--target", scratch, "--only-binary=:all:", "--implementation", "cp"]
        words += ["--python-version", python]
        for tag in PLATFORM_TAGS[platform]:
            words += ["--platform", tag]
        done = subprocess.run([*pip, *words, requirement], capture_output=True, text=True)
        if done.returncode:
            raise LockError(f"pip found no {requirement} for {platform}: {done.stderr[-600:]}")
        entries = json.loads(report.read_text("utf-8"))["install"]
    return [
        Wheel(
            runtime,
            platform,
            entry["metadata"]["name"],
            entry["metadata"]["version"],
            entry["download_info"]["url"].rpartition("/")[2],
            entry["download_info"]["archive_info"]["hashes"]["sha256"],
            size=0,
        )
        for entry in entries
        if entry["metadata"]["name"].replace("_", "-").lower() not in LEFT_OUT
    ]


def size_of(pip: list[str], wheel: Wheel) -> int:
    """Bytes of a wheel, from the beginning of its download."""
    _, _, python, abi, tags = wheel.file.removesuffix(".whl").split("-")
    with tempfile.TemporaryDirectory() as scratch:
        requirement = Path(scratch, "requirement.txt")
        requirement.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
        words = ["download", "--no-deps", "--no-cache-dir", "--progress-bar=raw", "--dest", scratch]
        words += ["--require-hashes", "--only-binary=:all:", "--implementation", "cp"]
        words += ["--python-version", python.removeprefix("cp") if "cp" in python else PYTHONS[0]]
        words += ["--abi", abi, "-r", str(requirement)]
        for tag in tags.split("."):
            words += ["--platform", tag]
        process = subprocess.Popen(
            [*pip, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said = []
        for line in process.stdout:
            said.append(line)
            if total := _TOTAL.match(line):
                process.kill()
                process.wait()
                return int(total[1])
        process.wait()
        whole = Path(scratch, wheel.file)
        if not whole.is_file():
            raise LockError(f"pip could not fetch {wheel.file}: {''.join(said)[-600:]}")
        return whole.stat().st_size


def lock_text(wheels: Iterable[Wheel]) -> str:
    """The lock, as it is written."""
    entries = [
        "\n[[wheel]]\n"
        + "".join(
            f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
            for key, value in asdict(wheel).items()
        )
        for wheel in sorted(wheels, key=astuple)
    ]
    return HEADER + "".join(entries)


def main() -> int:
    """Write the lock; returns the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        words = ["install", "--quiet", "--target", scratch, PIP]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True)
        pip = [sys.executable, "-u", str(Path(scratch, "pip")), "--disable-pip-version-check"]
        wheels = {
            wheel
            for runtime, (_, platforms) in RUNTIMES.items()
            for platform in platforms
            for python in PYTHONS
            for wheel in resolve(pip, runtime, platform, python)
        }
        with ThreadPoolExecutor(4) as pool:
            sized = list(pool.map(lambda wheel: replace(wheel, size=size_of(pip, wheel)), wheels))
    LOCK.write_text(lock_text(sized), "utf-8")
    print(f"lock_runtime: {len(wheels)} wheels")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LockError as error:
        sys.exit(f"lock_runtime: {error}")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch the wheels that travel with the extension, exactly those of ``wheels/wheels.lock.toml``.

    python tools/fetch_wheels.py [--platform linux-x64 ...]    fill wheels/ and verify every file
    python tools/fetch_wheels.py --check                       only verify what is there
    python tools/fetch_wheels.py --update                      make the lock and the manifest anew

Everything goes through pip's own client, so its index, proxy and cache settings hold. Only the
standard library (and pip) is used.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
WHEELS = REPO / "wheels"
LOCK = WHEELS / "wheels.lock.toml"
MANIFEST = REPO / "blender_manifest.toml"
REQUIREMENTS = WHEELS / "requirements.in"

# Blender 4.2-5.0 run Python 3.11, the official 5.1 and 5.2 run 3.13, Debian's 5.2 runs 3.14.
PYTHONS = ("311", "313", "314")
# What a line of requirements.in may end with: pip compares a marker with its own Python, never
# with the one that it downloads for.
MARKER = re.compile(r';\s*python_version\s*(<|>=)\s*"(\d+)\.(\d+)"$')
# Blender's name of a platform -> the newest pip tags accepted for it. glibc 2.28 is what Blender
# 4.2 itself needs on Linux; onnxruntime needs macOS 14.
PLATFORM_TAGS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_14_0_arm64",),
}
LOCK_HEADER = """\
# Written by `python tools/fetch_wheels.py --update`; do not edit by hand.
# Every wheel that travels with the extension. tools/fetch_wheels.py refuses any other content.
"""


class WheelError(Exception):
    """What is wrong with the wheels, in one sentence."""


@dataclass(frozen=True)
class Wheel:
    """One locked file.

    Attributes:
        file: file name, which says package, version, Python and platform (PEP 427).
        sha256: hexadecimal digest of the whole file.
        size: bytes.
        platform: Blender's name of the platform, such as "linux-x64".
    """

    file: str
    sha256: str
    size: int
    platform: str

    @property
    def path(self) -> Path:
        """Where the file lies once it is fetched."""
        return WHEELS / self.file


def read_lock() -> list[Wheel]:
    """The locked wheels, in the order of the lock file."""
    return [Wheel(**entry) for entry in tomllib.loads(LOCK.read_text("utf-8"))["wheel"]]


def select(platforms: Iterable[str] | None = None) -> list[Wheel]:
    """The locked wheels of some platforms; None means all of them."""
    wanted = set(PLATFORM_TAGS if platforms is None else platforms)
    if unknown := wanted - set(PLATFORM_TAGS):
        raise WheelError(f"unknown platform {sorted(unknown)}; known are {list(PLATFORM_TAGS)}")
    return [wheel for wheel in read_lock() if wheel.platform in wanted]


def problems(wheels: Iterable[Wheel]) -> list[str]:
    """One line for every wheel that is missing or differs from the lock."""
    found = []
    for wheel in wheels:
        if not wheel.path.is_file():
            found.append(f"{wheel.file} is missing; run `python tools/fetch_wheels.py`")
        elif _sha256(wheel.path) != wheel.sha256:
            found.append(f"{wheel.file} differs from wheels.lock.toml; remove it and fetch again")
    return found


def fetch(platforms: Iterable[str] | None = None) -> list[Path]:
    """Fetch the wheels of some platforms (None: all) into wheels/ and verify them.

    Files already there and intact are kept. Wheels that the lock does not name are removed, for
    they would be left over from an earlier lock.

    Returns:
        The wheel files, all verified.

    Raises:
        WheelError: unknown platform, no such file in pip's index, or a digest that differs.
    """
    wheels = select(platforms)
    known = {wheel.file for wheel in read_lock()}
    for path in WHEELS.glob("*.whl"):
        if path.name not in known:
            path.unlink()
    missing = [w for w in wheels if not w.path.is_file() or _sha256(w.path) != w.sha256]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_fetch_one, missing))
    if found := problems(wheels):
        raise WheelError("; ".join(found))
    return [wheel.path for wheel in wheels]


def _fetch_one(wheel: Wheel) -> None:
    name, version, python, abi, platform_tags = wheel.file.removesuffix(".whl").split("-")
    with tempfile.TemporaryDirectory(dir=WHEELS) as folder:
        requirement = Path(folder) / "requirement.txt"
        requirement.write_text(f"{name}=={version} --hash=sha256:{wheel.sha256}\n", "utf-8")
        # pip takes an ABI only together with a Python that can have it: abi3 of cp37 suits 3.11,
        # and so does "py3" of a wheel without Python's ABI.
        python = max(python.removeprefix("cp").removeprefix("py"), PYTHONS[0], key=int)
        arguments = ["--require-hashes", "-r", str(requirement), "--python-version", python]
        for tag in platform_tags.split("."):
            arguments += ["--platform", tag]
        _pip_download(arguments + ["--abi", abi], Path(folder))
        (Path(folder) / wheel.file).replace(wheel.path)


def update() -> None:
    """Resolve wheels/requirements.in for every platform and Python; write lock and manifest."""
    wheels: dict[str, Wheel] = {}
    with tempfile.TemporaryDirectory(dir=WHEELS) as scratch:
        for platform, tags in PLATFORM_TAGS.items():
            for python in PYTHONS:
                folder = Path(scratch) / platform / python
                arguments = [*requirements(python), "--python-version", python]
                for tag in tags:
                    arguments += ["--platform", tag]
                _pip_download(arguments, folder)
                for path in sorted(folder.glob("*.whl")):
                    size = path.stat().st_size
                    wheels[path.name] = Wheel(path.name, _sha256(path), size, platform)
                    path.replace(WHEELS / path.name)
    order = list(PLATFORM_TAGS)
    locked = sorted(wheels.values(), key=lambda w: (order.index(w.platform), w.file))
    entries = [
        f'\n[[wheel]]\nfile = "{w.file}"\nsha256 = "{w.sha256}"\nsize = {w.size}\n'
        f'platform = "{w.platform}"\n'
        for w in locked
    ]
    LOCK.write_text(LOCK_HEADER + "".join(entries), "utf-8")
    MANIFEST.write_text(manifest_with_wheels(MANIFEST.read_text("utf-8"), locked), "utf-8")


def requirements(python: str) -> list[str]:
    """What wheels/requirements.in asks of one Python, given as "311": ``["av==18.1.0", ...]``.

    Raises:
        WheelError: a marker other than ``python_version < "X.Y"`` or ``>=``.
    """
    version = (int(python[0]), int(python[1:]))
    wanted = []
    for line in REQUIREMENTS.read_text("utf-8").splitlines():
        line = line.partition("#")[0].strip()
        requirement = line.partition(";")[0].strip()
        if requirement != line:
            marker = MARKER.search(line)
            if marker is None:
                raise WheelError(f"requirements.in: unknown marker in `{line}`")
            limit = (int(marker[2]), int(marker[3]))
            if (version < limit) != (marker[1] == "<"):
                continue
        if requirement:
            wanted.append(requirement)
    return wanted


def manifest_with_wheels(manifest: str, wheels: Iterable[Wheel]) -> str:
    """The manifest's text with its ``wheels`` list replaced."""
    lines = "".join(f'  "./wheels/{wheel.file}",\n' for wheel in wheels)
    text, count = re.subn(r"^wheels = \[[^\]]*\]", f"wheels = [\n{lines}]", manifest, flags=re.M)
    if count != 1:
        raise WheelError("blender_manifest.toml has no `wheels = [...]` to fill")
    return text


def _pip_download(arguments: list[str], folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    fixed = ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--dest", str(folder)]
    done = subprocess.run([*pip, *fixed, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise WheelError(f"pip could not fetch a wheel: {done.stderr.strip()[-600:]}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--platform", action="append", choices=list(PLATFORM_TAGS))
    parser.add_argument("--check", action="store_true", help="verify, fetch nothing")
    parser.add_argument("--update", action="store_true", help="make the lock and manifest anew")
    arguments = parser.parse_args(argv)
    try:
        if arguments.update:
            update()
        if arguments.check:
            if found := problems(select(arguments.platform)):
                raise WheelError("; ".join(found))
            return 0
        paths = fetch(arguments.platform)
    except WheelError as error:
        print(f"fetch_wheels: {error}", file=sys.stderr)
        return 1
    total = sum(path.stat().st_size for path in paths)
    print(f"fetch_wheels: {len(paths)} wheels, {total / 1e6:.0f} MB, all as locked")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

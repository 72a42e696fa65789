# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a developer does, on any system, with Python 3.11 alone: ``python3 dev.py VERB``.

setup   make .venv with what the other verbs need
demo    track a real clip onto a 3D head and film both side by side, in demo/
test    run all tests that this machine can run (further words go to pytest)
lint    check style
build   make the extension zips in dist/
bench   run the benchmarks and print their tables: bench accuracy --solvers raw
run     run a Facewright command on the bpy module: run capture clip.mp4 --out out.blend
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEEDED = (3, 11)
# bpy wheels that the Blender tests run on besides the one in requirements.txt.
OTHER_BPY = ("4.2.23", "4.5.15")
# Google's own package wants a desktop OpenCV and a sound library that nothing here uses, and
# its OpenCV would overwrite ours; it runs without both.
MEDIAPIPE = "mediapipe==1.2.2"


def main(argv: list[str]) -> int:
    """Run one verb; returns the exit code."""
    verbs = {name: value for name, value in globals().items() if name.startswith("verb_")}
    verb = verbs.get(f"verb_{argv[0]}") if argv else None
    if verb is None:
        print(__doc__.strip())
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    if sys.version_info[:2] != NEEDED:
        return _run_with_needed_python(argv)
    try:
        return verb(argv[1:]) or 0
    except subprocess.CalledProcessError as error:
        print(
            f"error: {' '.join(map(str, error.cmd[:6]))} … ended with exit code {error.returncode}"
        )
        return 1
    except KeyboardInterrupt:
        return 1


def verb_setup(arguments: list[str]) -> None:
    """Make the virtual environment; with --gpu onnxruntime runs on CUDA."""
    _ensure_venv(test=True)
    if "--gpu" in arguments:
        _pip("uninstall", "--yes", "onnxruntime")
        _pip("install", "onnxruntime-gpu[cuda,cudnn]==1.31.1", "-c", "requirements.txt")
    print(f"ready: {PYTHON}")


def verb_demo(arguments: list[str]) -> int:
    """Track a clip onto the head and film both."""
    _ensure_venv(test=False)
    return _python(str(ROOT / "tools/demo.py"), *arguments, cwd=None)


def verb_test(arguments: list[str]) -> int:
    """Run the tests; without arguments all of them, on every bpy and several cores."""
    _ensure_venv(test=True)
    _python("tools/fetch_clips.py", check=True, stdout=subprocess.DEVNULL)
    for version in OTHER_BPY:
        _ensure_bpy(version)
    # How they are shared out: tests/side_by_side.py.
    return _python("-m", "pytest", *(arguments or ["-n", str(min(os.cpu_count() or 1, 4))]))


def verb_lint(_arguments: list[str]) -> int:
    """Check style and formatting."""
    _ensure_venv(test=True)
    return _python("-m", "ruff", "check", ".") or _python("-m", "ruff", "format", "--check", ".")


def verb_build(arguments: list[str]) -> int:
    """Make one extension zip a platform."""
    _ensure_venv(test=False)
    return _python("tools/build_extension.py", *arguments)


def verb_bench(arguments: list[str]) -> int:
    """Run the benchmarks named, or all; from the first option on, words go to each of them."""
    _ensure_venv(test=True)
    _python("tools/fetch_clips.py", check=True, stdout=subprocess.DEVNULL)
    named = list(itertools.takewhile(lambda word: not word.startswith("-"), arguments))
    names = named or sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    options = arguments[len(named) :]
    return max([_python("-m", f"benchmarks.{name}", *options) for name in names], default=0)


def verb_run(arguments: list[str]) -> int:
    """Run a Facewright command on the bpy module."""
    _ensure_venv(test=False)
    return _python(str(ROOT / "tools/run_in_bpy.py"), *arguments, cwd=None)


def _run_with_needed_python(argv: list[str]) -> int:
    name = "python" + ".".join(map(str, NEEDED))
    launcher = shutil.which("py") if os.name == "nt" else None
    python = [launcher, f"-{name.removeprefix('python')}"] if launcher else [shutil.which(name)]
    if not python[0] or subprocess.run([*python, "-V"], capture_output=True).returncode:
        print(
            f"error: Facewright's Blender module (bpy) needs CPython 3.11, this is "
            f"{sys.version.split()[0]}; install it (python.org, `apt install python3.11`, "
            "`brew install python@3.11` or `uv python install 3.11`) and run this again with it."
        )
        return 1
    return subprocess.run([*python, str(ROOT / "dev.py"), *argv]).returncode


def _ensure_venv(*, test: bool) -> None:
    """Install what is missing; a stamp beside the environment tells what was installed."""
    wanted = ["requirements.txt", *(["requirements-test.txt"] if test else [])]
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in wanted)).hexdigest()
    stamp = VENV / ("facewright-test" if test else "facewright")
    if stamp.exists() and stamp.read_text() == digest:
        return
    if not PYTHON.exists():
        print("Making .venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    print("Installing packages (bpy alone is 350 MB the first time) …", flush=True)
    _pip("install", *(item for name in wanted for item in ("-r", name)))
    if test:
        _pip("install", "--no-deps", MEDIAPIPE, check=False)
    stamp.write_text(digest)
    if test:  # what the tests need contains the rest
        plain = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()
        (VENV / "facewright").write_text(plain)


def _ensure_bpy(version: str) -> None:
    target = ROOT / ".cache" / "bpy" / version
    if not (target / "bpy").exists():
        print(f"Fetching bpy {version} for its tests …", flush=True)
        partial = target.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        _pip("install", "--no-deps", "--target", str(partial), f"bpy=={version}")
        partial.rename(target)


def _pip(*arguments: str, check: bool = True) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]
    quiet = [] if sys.stdout.isatty() else ["-q"]
    subprocess.run([*command, *quiet], check=check, cwd=ROOT)


def _python(*arguments: str, check: bool = False, cwd: Path | None = ROOT, **options) -> int:
    return subprocess.run([str(PYTHON), *arguments], check=check, cwd=cwd, **options).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

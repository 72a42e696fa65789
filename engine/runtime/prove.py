# SPDX-License-Identifier: GPL-3.0-or-later
"""A new runtime proves itself in a process of its own: it loads, and it computes what ours does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError
from .own_process import run_module

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
    try:
        done = run_module("runtime.prove_process", order, _PATIENCE_S)
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise _broken("it did not answer in time") from error
    except OSError as error:
        raise _broken(f"no process could be started ({error})") from error
    except (ValueError, IndexError) as error:
        last = done.stderr.strip().splitlines()[-1:]
        raise _broken(" ".join([*last, f"(exit code {done.returncode})"])) from error


def _broken(why: str) -> FacewrightError:
    return FacewrightError(
        f"The new GPU runtime does not work here: {why}.",
        "It was thrown away; what was there before is still used.",
        "runtime-broken",
    )

# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of ``prove``: an order on stdin, one line of JSON on stdout."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError
from ..core.inference import onnx_session
from .activate import activation_note, use

_CROP = 256


def main() -> int:
    """Returns the exit code."""
    order = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):
        answer = _answer(order)
    sys.stdout.write(f"{json.dumps(answer)}\n")
    return 0


def _answer(order: dict) -> dict:
    if order["packages"]:
        use(Path(order["packages"]))
    # A picture with structure; what is on it does not matter for a comparison.
    rows, columns = np.mgrid[0:_CROP, 0:_CROP] / _CROP
    picture = np.stack([rows, columns, rows * columns])[None].astype(np.float32)
    model = onnx_session.open_model(Path(order["model"]), "cpu")
    values = model.run(picture)[0].ravel().tolist()
    device_note = ""
    if order["device"]:
        try:
            device_note = onnx_session.open_model(Path(order["model"]), order["device"]).note
        except FacewrightError as error:
            device_note = str(error)
    return {
        "values": values,
        "note": activation_note(),
        "device_note": device_note,
        "version": sys.modules["onnxruntime"].__version__,
        "providers": onnx_session.available_providers(),
    }


if __name__ == "__main__":
    sys.exit(main())

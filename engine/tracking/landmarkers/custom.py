# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring your own: any ONNX model of faces that a short TOML describes (docs/custom_engine.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ...core.arkit import INDEX
from ...core.engines import DETECTORS
from ...core.file_hash import sha256_of_file
from ...core.toml_reader import TomlFile, TomlTable
from ..base import TrackerOptions
from ..parts import FaceDetector
from .described import DescribedLandmarker, open_described
from .description import (
    ANGLES,
    CHANCE_UNITS,
    LANDMARK_COUNTS,
    MEANINGS,
    NAMED_LISTS,
    PLACE_UNITS,
    ROTATION,
    ROTATION_UNITS,
    WEIGHTS,
    Description,
    InputPicture,
    Output,
)

CODE = "engine-file-wrong"
_HINT = "docs/custom_engine.md in Facewright's source explains every key, with a whole example."


class CustomModel(NamedTuple):
    """What a TOML says.

    Attributes:
        description: What the model takes and gives.
        file: The ONNX file.
        sha256: Its hash, lower-case hexadecimal; empty where it was not told.
        licence: The model's licence, as the person wrote it.
        about_input: How errors about the input begin.
        about_output: How errors about each output begin.
    """

    description: Description
    file: Path
    sha256: str
    licence: str
    about_input: str
    about_output: Callable[[Output], str]


def read_custom_model(path: Path) -> CustomModel:
    """Reads a description.

    Args:
        path: The .toml file; the model's file is found from its folder.

    Raises:
        FacewrightError: ``engine-file-wrong``, naming the line and the key.
    """
    toml = TomlFile(path, CODE, _HINT)
    toml.check_tables(("model", "input", "output"))
    model, picture = toml.table("model"), toml.table("input")
    tables = toml.tables("output")
    outputs = [_output(table) for table in tables]
    landmarks = [output for output in outputs if output.meaning in LANDMARK_COUNTS]
    if len(landmarks) != 1:
        raise toml.wrong(
            0,
            f"one [[output]] has to be landmarks ({', '.join(LANDMARK_COUNTS)}), "
            f"not {len(landmarks)}",
        )
    meanings = [output.meaning for output in outputs]
    for table, meaning in zip(tables, meanings, strict=True):
        if meanings.count(meaning) > 1:
            raise table.wrong("meaning", f"{meaning} is there twice")
    description = Description(
        model.text("name"),
        _picture(picture),
        tuple(outputs),
        model.choice("detector", [info.id for info in DETECTORS], "blazeface"),
    )
    file = path.parent / model.text("file")
    sha256, licence = model.text("sha256", "").lower(), model.text("licence")
    model.done()
    if not file.is_file():
        raise model.wrong("file", f"there is no file {file}")
    if sha256 and sha256_of_file(file) != sha256:
        raise model.wrong("sha256", f"the file {file} has another hash")
    return CustomModel(
        description,
        file,
        sha256,
        licence,
        picture.place("size"),
        lambda output: tables[outputs.index(output)].place("name" if output.name else "meaning"),
    )


def custom_landmarker(
    custom: CustomModel, detector: FaceDetector, options: TrackerOptions
) -> DescribedLandmarker:
    """Opens the model that was described.

    Args:
        custom: What the TOML says.
        detector: Finds faces, and says whether one is still there where the model does not.
        options: How to track.

    Raises:
        FacewrightError: ``model-layout`` where the model is not as described; what keeps it from
            being opened.
    """
    return open_described(
        custom.description,
        custom.file,
        detector,
        options,
        custom.about_input,
        custom.about_output,
    )


def _picture(table: TomlTable) -> InputPicture:
    usual = InputPicture(0)
    picture = InputPicture(
        table.whole("size", 16, 2048),
        table.text("name", ""),
        table.choice("layout", ("NCHW", "NHWC"), "NCHW") == "NHWC",
        table.choice("colour", ("RGB", "BGR"), "RGB"),
        table.number("scale", 1e-6, 1e6, usual.scale),
        table.numbers("mean", 3, usual.mean),
        table.numbers("std", 3, usual.std),
        table.number("margin", 0.5, 5.0, usual.margin),
        table.numbers("shift", 2, usual.shift),
        table.flag("rotated", True),
        table.choice("border", ("repeat", "black"), "repeat") == "black",
    )
    if not all(picture.std):
        raise table.wrong("std", "0 cannot be divided by")
    table.done()
    return picture


def _output(table: TomlTable) -> Output:
    meaning = table.choice("meaning", MEANINGS)
    name = table.text("name", "")
    number = table.whole("index", 0, 999, 0)
    index = number if table.has("index") else None
    axes, weights, angles, signs = "xyz", (), ANGLES, (1.0, 1.0, 1.0)
    if meaning in LANDMARK_COUNTS:
        units = table.choice("units", PLACE_UNITS, PLACE_UNITS[0])
        axes = table.choice("axes", ("xyz", "xy"), "xy" if units == "heatmaps" else "xyz")
    elif meaning == ROTATION:
        units = table.choice("units", ROTATION_UNITS, ROTATION_UNITS[0])
        angles, signs = table.texts("angles", angles), table.numbers("signs", 3, signs)
        if sorted(angles) != sorted(ANGLES):
            raise table.wrong("angles", f"each of {', '.join(ANGLES)} is needed once")
    else:
        units = table.choice("units", CHANCE_UNITS, CHANCE_UNITS[0])
    if meaning == WEIGHTS:
        weights = _weights(table)
    # Keys that belong to another kind of output are told as such, not ignored.
    table.done()
    return Output(meaning, name, index, units, axes, weights, angles, signs)


def _weights(table: TomlTable) -> tuple[str, ...]:
    if table.has("list"):
        return NAMED_LISTS[table.choice("list", tuple(NAMED_LISTS))]
    names = table.texts("names")
    for name in names:
        if name and name not in INDEX:
            raise table.wrong("names", f"{name!r} is not an ARKit name (leave it empty to skip it)")
    return names

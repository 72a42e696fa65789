# SPDX-License-Identifier: GPL-3.0-or-later
"""A voice profile as a file that is data and nothing else.

The file is NumPy's .npz. It is read without pickle, and every array is checked, so that a file
from anywhere can do no more than be refused.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ...core.errors import FacewrightError
from ...core.requests import VOICE_SUFFIX
from . import inputs, net, retrieval
from .inputs import Normal
from .lips import CHANNELS, EigenLips
from .profile import Profile
from .sound_keys import key_length

SCHEMA = "FacewrightVoice.1"
# An honest profile of two hours takes 60 MB.
_LARGEST = 512 << 20


def write_voice(path: Path | str, profile: Profile) -> None:
    """Write a voice profile, replacing a file only when the new one is complete.

    Raises:
        FacewrightError: ``voice-unwritable``.
    """
    path = Path(path)
    partial = path.with_name(f"{path.name}.part")
    about = json.dumps({"schema": SCHEMA, **profile.about}).encode()
    arrays = {f"net.{name}": value for name, value in profile.parameters.items()}
    arrays |= {f"lips.{name}": value for name, value in vars(profile.lips).items()}
    arrays |= {f"normal.{name}": value for name, value in vars(profile.normal).items()}
    arrays |= {
        "rest": profile.rest,
        # Half the size, and far finer than either is measured.
        "stock.keys": profile.stock.keys.astype(np.float16),
        "stock.weights": profile.stock.weights.astype(np.float16),
        "stock.units": profile.stock.units.astype(np.int32),
        "stock.bounds": profile.stock.bounds.astype(np.int32),
        "about": np.frombuffer(about, np.uint8),
    }
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, **arrays)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise FacewrightError(
            f"The voice profile {path} cannot be written ({error.strerror or error}).",
            "Choose a folder that exists and may be written to.",
            "voice-unwritable",
        ) from error


def read_voice(path: Path | str) -> Profile:
    """Read a voice profile. Nothing in the file is ever run.

    Raises:
        FacewrightError: ``voice-missing``, ``voice-newer`` or ``voice-unreadable``.
    """
    path = Path(path)
    try:
        return _checked(_arrays(path))
    except FileNotFoundError:
        raise FacewrightError(
            f"There is no voice profile {path}.", "Check the path.", "voice-missing"
        ) from None
    except _Newer as error:
        raise FacewrightError(
            f"{path} was made by a newer Facewright ({error}).",
            "Update Facewright, or learn the performer again.",
            "voice-newer",
        ) from error
    except (
        *(OSError, EOFError, zipfile.BadZipFile, ValueError, KeyError, TypeError),
        *(NotImplementedError, RuntimeError, zlib.error),
    ) as error:
        raise FacewrightError(
            f"{path} is not a voice profile that can be read ({error}).",
            f"Choose a {VOICE_SUFFIX} file that Facewright wrote.",
            "voice-unreadable",
        ) from error


class _Newer(Exception):  # noqa: N818 - told as an error by ``read_voice``
    pass


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise ValueError("it is too large")
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _checked(arrays: dict[str, np.ndarray]) -> Profile:
    about = json.loads(bytes(arrays["about"].astype(np.uint8)))
    schema = about.pop("schema")
    if schema != SCHEMA:
        name, _, number = str(schema).partition(".")
        if name == SCHEMA.partition(".")[0] and number.isdigit():
            raise _Newer(schema)
        raise ValueError(f"schema {schema!r}")
    numbers = {
        name: np.asarray(value, np.float32)
        for name, value in arrays.items()
        if name not in ("about", "stock.units", "stock.bounds")
    }
    for name, value in numbers.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds what is no number")
    parameters = {
        name.removeprefix("net."): value
        for name, value in numbers.items()
        if name.startswith("net.")
    }
    size = net.size_of(parameters)
    channels, movements = len(CHANNELS), size.outputs
    lips = EigenLips(*(numbers[f"lips.{name}"] for name in ("mean", "scale", "basis", "reach")))
    normal = Normal(numbers["normal.mean"], numbers["normal.deviation"])
    stock = retrieval.Stock(
        numbers["stock.keys"],
        numbers["stock.weights"],
        arrays["stock.units"].astype(np.int32),
        arrays["stock.bounds"].astype(np.int32),
    )
    steps, units = len(stock.keys), len(stock.units)
    for name, value, shape in (
        ("mean", lips.mean, (channels,)),
        ("scale", lips.scale, (channels,)),
        ("basis", lips.basis, (movements, channels)),
        ("reach", lips.reach, (2, channels)),
        ("normal mean", normal.mean, (inputs.COUNT,)),
        ("normal deviation", normal.deviation, (inputs.COUNT,)),
        ("rest", numbers["rest"], (channels,)),
        ("keys", stock.keys, (steps, key_length(movements))),
        ("weights", stock.weights, (steps, channels)),
        ("units", stock.units, (units, 2)),
        ("bounds", stock.bounds, (units, 2)),
    ):
        if value.shape != shape:
            raise ValueError(f"{name} has the shape {value.shape}, not {shape}")
    if size.inputs != inputs.COUNT or not (normal.deviation > 0).all():
        raise ValueError("its features are not those of this version")
    low, high = stock.bounds.T
    inside = (low >= 0) & (low <= stock.units[:, 0]) & (stock.units[:, 1] <= high) & (high <= steps)
    if not (inside & (stock.units[:, 0] < stock.units[:, 1])).all():
        raise ValueError("its captured motion has units outside of it")
    return Profile(lips, normal, parameters, numbers["rest"], stock, about)

# SPDX-License-Identifier: GPL-3.0-or-later
"""A performer's voice profile: what was learned, in one file that is data and nothing else.

The file is NumPy's .npz. It is read without pickle, and every array is checked, so that a file
from anywhere can do no more than be refused.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.arkit import COUNT, INDEX
from ...core.cues import Cue
from ...core.errors import FacewrightError
from ...core.mouth_style import MouthStyle
from ...core.phones import PHONES
from ...core.progress import Progress
from ...core.requests import VOICE_SUFFIX
from ..decode import decode
from ..hearing import Heard
from ..mouth import curves
from . import inputs, net, retrieval
from .closures import close_lips
from .inputs import Normal, features_of
from .lips import CHANNEL_NAMES, CHANNELS, EigenLips
from .recording import STEP_S, sampled, step_times
from .training import run

SCHEMA = "FacewrightVoice.1"
METHODS = ("network", "retrieval")
# An honest profile of two hours takes 60 MB.
_LARGEST = 512 << 20
# After the end of the sound the mouth comes to rest in so long.
_REST_S = 0.3
# The general model needs room while it works.
_FRAMES_AT_ONCE = 20_000
_TONGUE = INDEX["tongueOut"]
_JAWS = [CHANNEL_NAMES.index("jawOpen"), CHANNEL_NAMES.index("jawForward")]


@dataclass(frozen=True)
class Profile:
    """How one performer speaks.

    Attributes:
        lips: Their movements.
        normal: Brings features to what the network learned from.
        parameters: Of the network.
        rest: float32 (27,), the mouth in silence.
        stock: Captured motion for the method "retrieval"; its weights are scaled by ``lips``.
        about: JSON values: name, created, recordings (name, sha256, seconds), hearing_model,
            seconds learned from and measured on, errors.
    """

    lips: EigenLips
    normal: Normal
    parameters: dict[str, np.ndarray]
    rest: np.ndarray
    stock: retrieval.Stock
    about: dict

    def curves(
        self,
        heard: Heard,
        mel: np.ndarray,
        times_s: np.ndarray,
        *,
        cues: Sequence[Cue] | None = None,
        method: str = "network",
        style: MouthStyle | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """The performer's mouth at each time.

        Args:
            heard: What the general network hears in the recording.
            mel: (T, 40), ``features.log_mel`` of the recording.
            times_s: (N,) seconds, ascending, on the recording's clock.
            cues: Where lips have to close, and what the tongue does; decoded where left out.
            method: "network", or "retrieval" for captured motion.
            style: How far jaw and lips move.
            progress: Told by "retrieval"; may cancel.

        Returns:
            float32 (N, 52) weights in ARKit order, 0..1; 0 for what is neither jaw, lips nor
            tongue.

        Raises:
            FacewrightError: ``voice-method`` for a method that does not exist or that the
                profile has nothing for.
        """
        times = np.asarray(times_s, np.float64).reshape(-1)
        style = style or MouthStyle()
        cues = decode(heard) if cues is None else list(cues)
        weights = np.zeros((len(times), COUNT), np.float32)
        for first in range(0, len(times) if len(cues) else 0, _FRAMES_AT_ONCE):
            rows = slice(first, first + _FRAMES_AT_ONCE)
            weights[rows, _TONGUE] = curves(cues, times[rows], style)[:, _TONGUE]
        weights[:, CHANNELS] = self._mouth(heard, mel, times, method, progress) * _factors(style)
        return close_lips(np.clip(weights, 0, 1), cues, times)

    def _mouth(self, heard, mel, times, method: str, progress) -> np.ndarray:
        """float32 (N, 27)."""
        features = self.normal(features_of(mel, heard.log_probs))
        movements = run(self.parameters, features)
        if not len(movements):
            return np.broadcast_to(self.rest, (len(times), len(self.rest)))
        if method == "retrieval":
            steps = self._retrieved(heard, features, movements, progress)
        elif method == "network":
            steps = self.lips.expand(movements)
        else:
            raise FacewrightError(
                f'There is no method "{method}" to speak by.',
                f"Choose one of: {', '.join(METHODS)}.",
                "voice-method",
            )
        spoken = sampled(step_times(len(steps)), steps, times)
        end_s = len(steps) * STEP_S
        outside = np.maximum(-times, times - end_s)
        share = np.clip(outside / _REST_S, 0, 1)[:, None].astype(np.float32)
        return spoken + (self.rest - spoken) * share * share * (3 - 2 * share)

    def _retrieved(self, heard, features, movements, progress) -> np.ndarray:
        if not len(self.stock.units):
            raise FacewrightError(
                "This voice profile holds no captured motion.",
                'Use the method "network", or learn the performer again.',
                "voice-method",
            )
        count = len(movements)
        edges = retrieval.unit_edges(decode(heard), count * STEP_S) / STEP_S
        if len(edges) < 2:
            edges = np.array([0.0, count])
        stock = replace(self.stock, keys=_weighted(self.stock.keys))
        wanted = _weighted(sound_keys(features, movements))
        chain = retrieval.choose(stock, wanted, edges, progress)
        motion = retrieval.render(self.stock, chain, edges, count)
        motion = motion * self.lips.scale + self.lips.mean
        return np.where(np.isfinite(motion), motion, self.lips.expand(movements))

    def save(self, path: Path | str) -> None:
        """Write the profile, replacing a file only when the new one is complete.

        Raises:
            FacewrightError: ``voice-unwritable``.
        """
        path = Path(path)
        partial = path.with_name(f"{path.name}.part")
        about = json.dumps({"schema": SCHEMA, **self.about}).encode()
        arrays = {f"net.{name}": value for name, value in self.parameters.items()}
        arrays |= {f"lips.{name}": value for name, value in vars(self.lips).items()}
        arrays |= {f"normal.{name}": value for name, value in vars(self.normal).items()}
        arrays |= {
            "rest": self.rest,
            # Half the size, and far finer than either is measured.
            "stock.keys": self.stock.keys.astype(np.float16),
            "stock.weights": self.stock.weights.astype(np.float16),
            "stock.units": self.stock.units.astype(np.int32),
            "stock.bounds": self.stock.bounds.astype(np.int32),
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

    @classmethod
    def load(cls, path: Path | str) -> Profile:
        """Read a profile. Nothing in the file is ever run.

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


class _Newer(Exception):  # noqa: N818 - told as an error by ``load``
    pass


def sound_keys(features: np.ndarray, movements: np.ndarray) -> np.ndarray:
    """What retrieval compares sounds by: phones, spectrum, and the movement they make likely.

    Args:
        features: (T, 65), normal.
        movements: (T / 2, P), the network's answer to them.

    Returns:
        float32 (T / 2, D).
    """
    count = len(movements)
    padded = np.pad(features, ((0, 2 * count - len(features)), (0, 0)), mode="edge")
    pairs = padded.reshape(count, 2, -1).mean(axis=1)
    spectrum, phones = pairs[:, : inputs.BANDS], pairs[:, inputs.BANDS :]
    smooth = spectrum.reshape(count, inputs.BANDS // 4, 4).mean(axis=2)
    return np.hstack([smooth, np.clip(phones, -3, 3), movements]).astype(np.float32)


# How much spectrum, phones and movement count; not in the file, so that they can be improved.
_KEY_WEIGHTS = (0.15, 0.3, 1.0)


def _weighted(keys: np.ndarray) -> np.ndarray:
    lengths = inputs.BANDS // 4, len(PHONES)
    lengths = (*lengths, keys.shape[1] - sum(lengths))
    return keys * np.repeat(np.array(_KEY_WEIGHTS, np.float32), lengths)


def _factors(style: MouthStyle) -> np.ndarray:
    factors = np.full(len(CHANNELS), style.strength * style.lips, np.float32)
    factors[_JAWS] = style.strength * style.jaw
    return factors


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
    key_length = inputs.BANDS // 4 + len(PHONES) + movements
    for name, value, shape in (
        ("mean", lips.mean, (channels,)),
        ("scale", lips.scale, (channels,)),
        ("basis", lips.basis, (movements, channels)),
        ("reach", lips.reach, (2, channels)),
        ("normal mean", normal.mean, (inputs.COUNT,)),
        ("normal deviation", normal.deviation, (inputs.COUNT,)),
        ("rest", numbers["rest"], (channels,)),
        ("keys", stock.keys, (steps, key_length)),
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

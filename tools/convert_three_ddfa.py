# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the engine ``3ddfa`` needs of 3DDFA_V2's two published pickles.

    python tools/convert_three_ddfa.py bfm_noneck_v3.pkl param_mean_std_62d_120x120.pkl OUT.npz

Both are in the folder ``configs`` of cleardusk/3DDFA_V2. Of the vertices of the Basel Face
Model only those of the 68 landmarks are kept. Nothing in the pickles is run. The Basel Face Model's
licence (academic use only) holds for the result, too: do not hand it on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.errors import FacewrightError  # noqa: E402
from engine.core.file_hash import sha256_of_file  # noqa: E402
from engine.core.restricted_pickle import as_array, read_tables  # noqa: E402
from engine.tracking.landmarkers.three_ddfa import (  # noqa: E402
    EXPRESSIONS,
    PARAMETERS,
    POINTS,
    SHAPES,
    read_basis,
)


def convert(bfm: Path, scaling: Path, out: Path) -> None:
    """Read both, check, write.

    Raises:
        FacewrightError: ``model-corrupt`` or ``model-layout``.
    """
    face, scale = read_tables(bfm), read_tables(scaling)
    mean = _array(face, "u", bfm, 1)
    shapes = _array(face, "w_shp", bfm, 2)
    expressions = _array(face, "w_exp", bfm, 2)
    kept = _array(face, "keypoints", bfm, 1).astype(np.int64)
    fits = (
        len(kept) == 3 * POINTS
        and len(mean) == len(shapes) == len(expressions)
        and 0 <= kept.min() <= kept.max() < len(mean)
        and shapes.shape[1] >= SHAPES
        and expressions.shape[1] >= EXPRESSIONS
    )
    if not fits:
        raise _layout(bfm, "its arrays do not fit together")
    middle, spread = (_array(scale, name, scaling, 1) for name in ("mean", "std"))
    if len(middle) != PARAMETERS or len(spread) != PARAMETERS:
        raise _layout(scaling, f"it scales {len(middle)} parameters, not {PARAMETERS}")
    np.savez_compressed(
        out,
        u_base=mean[kept].astype(np.float32),
        w_shp_base=shapes[kept, :SHAPES].astype(np.float32),
        w_exp_base=expressions[kept, :EXPRESSIONS].astype(np.float32),
        mean=middle.astype(np.float32),
        std=spread.astype(np.float32),
    )
    read_basis(out)


def _array(tables: dict, name: str, path: Path, dimensions: int) -> np.ndarray:
    found = as_array(tables.get(name))
    if found is None:
        raise _layout(path, f"{name} is not there")
    found = found.ravel() if dimensions == 1 else found
    if found.ndim != dimensions:
        raise _layout(path, f"{name} has {found.ndim} dimensions")
    return found


def _layout(path: Path, what: str) -> FacewrightError:
    return FacewrightError(f"{path} is not 3DDFA_V2's: {what}.", "", "model-layout")


def main() -> int:
    """Convert; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bfm", type=Path, help="bfm_noneck_v3.pkl")
    parser.add_argument("scaling", type=Path, help="param_mean_std_62d_120x120.pkl")
    parser.add_argument("out", type=Path, help="where to write, a .npz")
    options = parser.parse_args()
    try:
        convert(options.bfm, options.scaling, options.out)
    except FacewrightError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"sha256 {sha256_of_file(options.out)}")
    print(f"python -m engine models add three_ddfa_basis {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

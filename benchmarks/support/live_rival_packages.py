# SPDX-License-Identifier: GPL-3.0-or-later
"""Google's package for another Python than the one that it was installed for."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

# Its wheel fits every Python; what else it imports, the extension brings.
_PACKAGES = ("mediapipe", "absl", "flatbuffers")

# What it links to and the window's system has not; the rest of OpenGL is there.
_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
_LIBRARY_NAMES = ("libEGL.so.1", "libGLESv2.so.2")


def link_packages(folder: Path) -> list[Path]:
    """Put links to the package and copies of the libraries that it needs into a folder.

    Returns:
        The folders that the links lead to; none where it is not installed.
    """
    specs = [importlib.util.find_spec(name) for name in _PACKAGES]
    if None in specs:
        return []
    sources = [Path(next(iter(spec.submodule_search_locations))) for spec in specs]
    for source in sources:
        (folder / source.name).symlink_to(source)
    for name in _LIBRARY_NAMES:
        if (_LIBRARIES / name).exists():
            shutil.copyfile(_LIBRARIES / name, folder / name)
    return sorted({source.parent for source in sources})

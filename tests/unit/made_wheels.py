# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny wheels in a folder that pip takes for an index, and the lock that names them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from engine.runtime.lock import this_platform, this_python

# An onnxruntime that is the real one under another version number: it can prove itself.
HONEST = """
import importlib.machinery, importlib.util, os, sys
_here = os.path.dirname(os.path.dirname(__file__))
_folders = [folder for folder in sys.path if os.path.abspath(folder or ".") != _here]
_spec = importlib.machinery.PathFinder.find_spec("onnxruntime", _folders)
__path__ = _spec.submodule_search_locations
exec(compile(open(_spec.origin).read(), _spec.origin, "exec"))
__version__ = "9.9.9"
def preload_dlls(directory=None): pass
"""


class MadeIndex:
    """A folder of wheels.

    Args:
        folder: An empty folder.
        code: Python code of the package ``onnxruntime``.
        runtime: The runtime that the wheels are.
    """

    def __init__(self, folder: Path, code: str = HONEST, runtime: str = "cuda13") -> None:
        self.folder, self.lock = folder / "index", folder / "lock.toml"
        self.folder.mkdir(parents=True)
        self._runtime, self._entries = runtime, []
        self.add("onnxruntime-gpu", "9.9.9", {"onnxruntime/__init__.py": code})
        self.add("nvidia-made", "1.0", {"nvidia/made/lib/libmade.so.1": "not a library"}, "py3")

    @property
    def words(self) -> tuple[str, ...]:
        """What pip is told to look here and nowhere else."""
        return ("--no-index", "--find-links", str(self.folder))

    def add(self, name: str, version: str, files: dict[str, str], python: str = "") -> Path:
        """Make a wheel and lock it."""
        python = python or this_python()
        stem = f"{name.replace('-', '_')}-{version}"
        path = self.folder / f"{stem}-{python}-none-any.whl"
        about = f"{stem}.dist-info"
        files = files | {
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
            f"Tag: {python}-none-any\n",
        }
        record = f"{about}/RECORD"
        with zipfile.ZipFile(path, "w") as wheel:
            for inside, text in files.items():
                wheel.writestr(inside, text)
            wheel.writestr(record, "".join(f"{inside},,\n" for inside in [*files, record]))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._entries.append((name, version, path.name, digest, path.stat().st_size))
        self.write_lock()
        return path

    def write_lock(self, sha256: str = "", size: int = 0, platform: str = "") -> None:
        """Write the lock anew, with what is given in place of what is true."""
        platform = platform or this_platform()
        self.lock.write_text(
            "".join(
                f'[[wheel]]\nruntime = "{self._runtime}"\nplatform = "{platform}"\n'
                f'name = "{name}"\nversion = "{version}"\nfile = "{file}"\n'
                f'sha256 = "{sha256 or digest}"\nsize = {size or bytes_}\n'
                for name, version, file, digest, bytes_ in self._entries
            ),
            "utf-8",
        )

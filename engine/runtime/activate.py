# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets ``import onnxruntime`` find the installed runtime, and the shipped one where that fails.

Nothing is loaded before somebody imports onnxruntime, and the runtime's folder is never on
``sys.path``: of all that is in it only onnxruntime is found. Blender's process never calls this.
"""

from __future__ import annotations

import contextlib
import io
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from .folder import find_runtimes, runtime_root

_PACKAGE = "onnxruntime"
# What this process uses, and why it does not where it does not.
_active: Path | None = None
_note = ""


def activate(root: Path | None = None) -> None:
    """Use the newest runtime that suits this Python and is whole; without one change nothing.

    Args:
        root: Folder of the runtimes; without it that of ``home()``.
    """
    global _note
    _note = ""
    try:
        runtimes = [
            (runtime, runtime.problem()) for runtime in find_runtimes(root or runtime_root())
        ]
    except OSError as error:
        _note = f"The folder of the GPU runtime cannot be read: {error}"
        return
    usable = [runtime for runtime, problem in runtimes if not problem]
    if usable:
        use(usable[0].packages)
    elif runtimes:
        runtime, problem = runtimes[0]
        _note = f"The GPU runtime {runtime.folder.name} is not used: {problem}"


def use(packages: Path) -> None:
    """Import onnxruntime from a folder from now on."""
    global _active
    deactivate()
    _active = packages
    sys.meta_path.insert(0, _Finder(packages))


def deactivate() -> None:
    """Take back ``activate`` for imports to come."""
    global _active
    _active = None
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


def active_packages() -> Path | None:
    """The folder that onnxruntime comes from, if it is a runtime's."""
    return _active


def activation_note() -> str:
    """Why an installed runtime is not used, or what is wrong with the one in use; or nothing."""
    return _note


def _fail(error: Exception) -> None:
    global _note
    deactivate()
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _note = f"The GPU runtime cannot be loaded and the shipped one is used: {what}"
    sys.stderr.write(f"{_note}\n")


class _Finder(MetaPathFinder):
    """Finds onnxruntime, and nothing else, in one folder."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages

    def find_spec(self, name: str, _path=None, _target=None) -> ModuleSpec | None:
        if name != _PACKAGE:
            return None
        spec = PathFinder.find_spec(name, [str(self._packages)])
        if spec is None or spec.loader is None:
            _fail(ImportError(f"there is no {_PACKAGE} in {self._packages}"))
            return None
        spec.loader = _Guard(spec.loader)
        return spec


class _Guard(Loader):
    """Loads a runtime's onnxruntime; where that fails, the shipped one in its place."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._loader.exec_module(module)
        except Exception as error:  # noqa: BLE001 - whatever it is, the shipped one runs
            _fail(error)
            _load_shipped(module)
            return
        _preload(module)


def _load_shipped(module: ModuleType) -> None:
    for name in [name for name in sys.modules if name.startswith(f"{_PACKAGE}.")]:
        del sys.modules[name]
    spec = PathFinder.find_spec(_PACKAGE)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    module.__spec__, module.__loader__ = spec, spec.loader
    module.__file__, module.__path__ = spec.origin, spec.submodule_search_locations
    spec.loader.exec_module(module)


def _preload(module: ModuleType) -> None:
    """Load NVIDIA's libraries from beside onnxruntime: no system path leads to them."""
    global _note
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            # An empty directory: the packages beside this one before the system's.
            if preload := getattr(module, "preload_dlls", None):
                preload(directory="")
    except Exception as error:  # noqa: BLE001 - the processor still runs
        said.write(f"{type(error).__name__}: {error}")
    if text := " ".join(said.getvalue().split()):
        _note = f"The GPU runtime's libraries cannot all be loaded: {text}"
        sys.stderr.write(f"{_note}\n")

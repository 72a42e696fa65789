# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets ``import onnxruntime`` find the installed runtime, and the shipped one where that fails.

Nothing is loaded before somebody imports onnxruntime, and the runtime's folder is never on
``sys.path``: of all that is in it only onnxruntime is found. Blender's process never calls this.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from ..core.runtime_note import runtime_note, tell_runtime
from .folder import Runtime, find_runtimes, runtime_root

_PACKAGE = "onnxruntime"
# What every onnxruntime has that Facewright can use.
_NEEDED = ("InferenceSession", "SessionOptions", "OrtValue", "get_available_providers")
# What this process uses.
_active: Path | None = None


def activate(root: Path | None = None) -> None:
    """Use the newest runtime that suits this Python and is whole; without one change nothing.

    Args:
        root: Folder of the runtimes; without it that of ``home()``.
    """
    tell_runtime("")
    try:
        runtimes = [
            (runtime, runtime.problem()) for runtime in find_runtimes(root or runtime_root())
        ]
    except OSError as error:
        tell_runtime(f"The folder of the GPU runtime cannot be read: {error}")
        return
    usable = [runtime for runtime, problem in runtimes if not problem]
    if usable:
        _use_or_tell(usable[0])
    elif runtimes:
        runtime, problem = runtimes[0]
        tell_runtime(_unfit(runtime, problem))


def _use_or_tell(runtime: Runtime) -> None:
    from . import trial  # where there is no runtime, nobody waits for it

    known = trial.kept(runtime)
    if known:
        tell_runtime(_unfit(runtime, known))
        return

    def try_first() -> None:
        if problem := trial.attempt(runtime):
            raise _UnfitError(_unfit(runtime, problem))

    use(runtime.packages, try_first if known is None else None)


def _unfit(runtime: Runtime, problem: str) -> str:
    return f"The GPU runtime {runtime.folder.name} is not used: {problem}"


def use(packages: Path, before: Callable[[], None] | None = None) -> None:
    """Import onnxruntime from a folder from now on.

    Args:
        packages: The folder.
        before: Called before the import; where it raises, the shipped one is imported.
    """
    global _active
    deactivate()
    _active = packages
    sys.meta_path.insert(0, _Finder(packages, before))


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
    return runtime_note()


class _UnfitError(Exception):
    """A runtime is not even imported; the text is the whole note."""


def _fail(error: Exception) -> None:
    deactivate()
    if isinstance(error, _UnfitError):
        tell_runtime(str(error))
        return
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    tell_runtime(f"The GPU runtime cannot be loaded and the shipped one is used: {what}")


class _Finder(MetaPathFinder):
    """Finds onnxruntime, and nothing else, in one folder."""

    def __init__(self, packages: Path, before: Callable[[], None] | None) -> None:
        self._packages, self._before = packages, before

    def find_spec(self, name: str, _path=None, _target=None) -> ModuleSpec | None:
        if name != _PACKAGE:
            return None
        spec = PathFinder.find_spec(name, [str(self._packages)])
        if spec is None or spec.loader is None:
            _fail(ImportError(f"there is no {_PACKAGE} in {self._packages}"))
            return None
        spec.loader = _Guard(spec.loader, self._before)
        return spec


class _Guard(Loader):
    """Loads a runtime's onnxruntime; where that fails, the shipped one in its place."""

    def __init__(self, loader: Loader, before: Callable[[], None] | None) -> None:
        self._loader, self._before = loader, before

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        try:
            if self._before:
                self._before()
            self._loader.exec_module(module)
            if lacking := [name for name in _NEEDED if not hasattr(module, name)]:
                raise ImportError(f"it has no {', '.join(lacking)}")
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
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            # An empty directory: the packages beside this one before the system's.
            if preload := getattr(module, "preload_dlls", None):
                preload(directory="")
    except Exception as error:  # noqa: BLE001 - the processor still runs
        said.write(f"{type(error).__name__}: {error}")
    if text := " ".join(said.getvalue().split()):
        tell_runtime(f"The GPU runtime's libraries cannot all be loaded: {text}")

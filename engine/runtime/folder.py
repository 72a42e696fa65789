# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of the runtimes, and what a runtime in it says of itself.

``home()/runtime/NAME/packages`` holds the packages, ``home()/runtime/NAME/runtime.json`` what they
are. The list is written last and removed first: a folder without it counts for nothing.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import FacewrightError
from ..core.file_lock import lock
from ..core.home import home
from .lock import this_platform, this_python

LIST = "runtime.json"
PARTIAL = ".part"
_LIBRARIES = (".so", ".dll", ".pyd")


@dataclass(frozen=True)
class Runtime:
    """An installed runtime.

    Attributes:
        folder: Where it is.
        runtime: "cuda12", "cuda13" or "directml".
        platform: Such as "linux-x64".
        python: Such as "cp311".
        installed: When, seconds since 1970.
        bytes: On disk.
        versions: Package -> version.
        libraries: Path below ``packages`` -> bytes, of every shared library.
    """

    folder: Path
    runtime: str
    platform: str
    python: str
    installed: float
    bytes: int
    versions: dict[str, str]
    libraries: dict[str, int]

    @property
    def packages(self) -> Path:
        """The folder with its Python packages."""
        return self.folder / "packages"

    def write(self) -> None:
        """Write the list: from now on the folder counts."""
        data = asdict(self)
        del data["folder"]
        partial = self.folder / f"{LIST}.part"
        partial.write_text(json.dumps(data, indent=1), "utf-8")
        partial.replace(self.folder / LIST)

    def problem(self) -> str:
        """Why this Python cannot use it, a sentence; empty if it can.

        Sizes of the shared libraries are compared, not their contents: that takes milliseconds.
        """
        if self.platform != this_platform():
            return f"It is for {self.platform}."
        if self.python != this_python():
            return f"It is for Python {_readable(self.python)}, not {_readable(this_python())}."
        for name, size in self.libraries.items():
            path = self.packages / name
            if not path.is_file() or path.stat().st_size != size:
                return f"{name} is missing or damaged; remove the runtime and install it again."
        return ""


def runtime_root() -> Path:
    """The folder of all runtimes; it need not exist yet."""
    return home() / "runtime"


def find_runtimes(root: Path) -> list[Runtime]:
    """What is installed, usable or not, the newest first."""
    found = []
    for path in root.glob(f"*/{LIST}"):
        if path.parent.name.startswith("."):
            continue
        try:
            found.append(_read(path))
        except (OSError, ValueError):
            continue  # damaged or another version's: install and remove clean it away
    return sorted(found, key=lambda runtime: -runtime.installed)


def _read(path: Path) -> Runtime:
    """The runtime of a list.

    Raises:
        OSError: It cannot be read now.
        ValueError: It is none: every command reads it first, and none may end because of it.
    """
    try:
        runtime = Runtime(path.parent, **json.loads(path.read_text("utf-8")))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    texts = (runtime.runtime, runtime.platform, runtime.python)
    numbers = (runtime.installed, runtime.bytes)
    if not (
        all(isinstance(text, str) for text in texts)
        and re.fullmatch(r"cp\d{2,3}", runtime.python)
        and all(isinstance(number, int | float) for number in numbers)
        and isinstance(runtime.versions, dict)
        and isinstance(runtime.libraries, dict)
    ):
        raise ValueError(f"{path} is no list of a runtime")
    return runtime


def describe_packages(packages: Path) -> tuple[int, dict[str, int]]:
    """Bytes of all files below a folder, and of each shared library by its path there."""
    total, libraries = 0, {}
    for path in packages.rglob("*"):
        if not path.is_file():
            continue
        size = path.stat().st_size
        total += size
        if any(suffix in _LIBRARIES for suffix in path.suffixes):
            libraries[path.relative_to(packages).as_posix()] = size
    return total, libraries


def discard(folder: Path) -> bool:
    """Remove a runtime; False where files in use stay, which count for nothing from now on.

    Raises:
        OSError: It may not be removed; nothing has changed.
    """
    with contextlib.suppress(FileNotFoundError):
        (folder / LIST).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def clean(root: Path) -> None:
    """Remove what broken installs and files in use have left."""
    for folder in root.iterdir():
        if folder.is_dir() and (folder.name == PARTIAL or not _has_list(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _has_list(folder: Path) -> bool:
    try:
        _read(folder / LIST)
    except (FileNotFoundError, ValueError):
        return False
    except OSError:  # nobody knows what it is
        return True
    return True


def out_of_reach(root: Path, error: OSError) -> FacewrightError:
    """What is said where the folder of the runtimes cannot be used: ``folder-unwritable``."""
    return FacewrightError(
        f"The folder {root} cannot be written ({error.strerror}).",
        "Choose another place for Facewright's files.",
        "folder-unwritable",
    )


@contextlib.contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Let one process at a time change the folder; its death ends that.

    Raises:
        FacewrightError: ``runtime-busy`` where another does, ``folder-unwritable``.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / ".lock").open("a+b")
    except OSError as error:
        raise out_of_reach(root, error) from error
    with file:
        try:
            lock(file.fileno())
        except OSError as error:
            raise FacewrightError(
                "Another program is installing or removing a GPU runtime.",
                "Wait until it is done.",
                "runtime-busy",
            ) from error
        yield


def _readable(python: str) -> str:
    return f"{python[2]}.{python[3:]}"

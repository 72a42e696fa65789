# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole Blender 5.2 with windows, for tests, made from Debian's unstable suite.

``bpy`` from the Python registry has no windows and ends at 5.0. Debian's unstable suite carries a
complete Blender 5.2, so this tool builds a small Debian system in ``.cache/blender-5.2`` and starts
Blender inside it, drawing with software OpenGL on a virtual X server.

    python tools/blender_window.py prepare
    python tools/blender_window.py run        [--bind DIR] [--home DIR] -- [blender arguments]
    python tools/blender_window.py background [--bind DIR] [--home DIR] -- [blender arguments]
    python tools/blender_window.py exec       [--bind DIR] [--home DIR] -- PROGRAM [arguments]

``run --screenshots DIR`` photographs the whole virtual screen whenever ``DIR/NAME.request``
appears; ``DIR/NAME.png`` then takes its place. (Blender's own screenshot operator gives a black
picture on this software screen.) HOME is empty and vanishes at the end, unless ``--home`` names a
folder to use. However a start ends, SIGKILL included, no mount and no process is left behind.
Needs Linux, Debian and root. Only the standard library is used.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import debian_root
from debian_root import RootError, unavailable_reason

__all__ = ["ROOT", "RootError", "command", "prepare", "prepared_version", "unavailable_reason"]

REPO = Path(__file__).resolve().parents[1]
ROOT = REPO / ".cache" / "blender-5.2"
PACKAGES = (
    "blender",
    "python3-numpy",
    "python3-cattr",
    "python3-requests",
    "xvfb",
    "libgl1-mesa-dri",
    "imagemagick",
)
MARKER = "etc/facewright-ready"
SCREEN = "1600x900x24"


def prepared_version() -> str:
    """First line of ``blender --version`` of the prepared system; empty when there is none."""
    marker = ROOT / MARKER
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


def prepare() -> None:
    """Make the system under ``.cache/blender-5.2``; does nothing when it is there.

    Raises:
        RootError: this machine cannot have it, or a package could not be fetched.
    """
    if version := prepared_version():
        debian_root.say(f"{version} is ready in {ROOT}")
        return
    started = time.monotonic()
    # Built beside its place and renamed at the end: a half-made system is never taken for whole.
    partial = ROOT.with_name(ROOT.name + ".partial")
    debian_root.make(partial, PACKAGES)
    version = subprocess.run(
        _namespaced("background", "--root", str(partial), "--", "--version"),
        capture_output=True,
        text=True,
        check=False,
    ).stdout.partition("\n")[0]
    if not version.startswith("Blender"):
        raise RootError(f"Blender in {partial} does not start; remove the folder and try again")
    (partial / MARKER).write_text(version + "\n", encoding="utf-8")
    debian_root.remove(ROOT)
    partial.rename(ROOT)
    debian_root.say(f"{version} ready in {ROOT} after {time.monotonic() - started:.0f} s")


def command(
    verb: str,
    arguments: list[str],
    *,
    binds: tuple[Path, ...] = (),
    home: Path | None = None,
    screenshots: Path | None = None,
    environment: dict[str, str] | None = None,
) -> list[str]:
    """The command line that starts something inside the prepared system.

    Args:
        verb: "run" (Blender with a window), "background" (without), or "exec" (any program).
        arguments: Blender's arguments; for "exec" the program and its arguments.
        binds: folders of this machine that appear inside under the same path.
        home: folder to use as HOME; None is an empty one that vanishes at the end.
        screenshots: "run" only: folder watched for ``NAME.request``.
        environment: variables to set inside, besides the few that are always set.

    Returns:
        Command line for ``subprocess``. Killing that process (SIGKILL; unshare holds SIGTERM back)
        ends everything inside.

    Raises:
        RootError: nothing is prepared, or this machine cannot have it.
    """
    if reason := unavailable_reason():
        raise RootError(reason)
    if not prepared_version():
        raise RootError("no test Blender yet: run `python tools/blender_window.py prepare`")
    options = ["--root", str(ROOT)]
    for folder in binds:
        options += ["--bind", str(Path(folder).resolve())]
    if home is not None:
        options += ["--home", str(Path(home).resolve())]
    if screenshots is not None:
        options += ["--screenshots", str(Path(screenshots).resolve())]
    for name, value in (environment or {}).items():
        options += ["--env", f"{name}={value}"]
    return _namespaced(verb, *options, "--", *arguments)


def _namespaced(verb: str, *options: str) -> list[str]:
    """This same file, as the first process of new mount and process namespaces."""
    this_file = str(Path(__file__).resolve())
    return [*debian_root.NAMESPACES, sys.executable, this_file, "--inside", verb, *options]


def _start(arguments: argparse.Namespace) -> int:
    """Mount, start the program and wait for it; the first process of the namespace."""
    root: Path = arguments.root
    debian_root.mount(root, arguments.bind, arguments.home)
    environment = (
        debian_root.environment()
        | {"LIBGL_ALWAYS_SOFTWARE": "1"}
        | dict(item.split("=", 1) for item in arguments.env)
    )
    chroot = ["chroot", str(root)]
    rest = arguments.rest[1:] if arguments.rest[:1] == ["--"] else arguments.rest
    if arguments.verb == "exec":
        return subprocess.run([*chroot, *rest], env=environment, check=False).returncode
    if arguments.verb == "background":
        blender = [*chroot, "blender", "--background", *rest]
        return subprocess.run(blender, env=environment, check=False).returncode
    environment["DISPLAY"] = _virtual_screen(chroot, environment)
    blender = [*chroot, "blender", "--gpu-backend", "opengl", *rest]
    process = subprocess.Popen(blender, env=environment)
    while process.poll() is None:
        if arguments.screenshots:
            _answer_requests(arguments.screenshots, lambda: _photograph(chroot, environment))
        time.sleep(0.05)
    return process.returncode


def _virtual_screen(chroot: list[str], environment: dict[str, str]) -> str:
    """Start Xvfb on a display number of its own choosing and return that display."""
    server = subprocess.Popen(
        [*chroot, "Xvfb", "-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    number = server.stdout.readline().decode().strip()
    if not number:
        raise RootError("the virtual X server did not start")
    return f":{number}"


def _photograph(chroot: list[str], environment: dict[str, str]) -> bytes:
    """The whole virtual screen as a PNG file's bytes."""
    picture = [*chroot, "import", "-window", "root", "png:-"]
    return subprocess.run(picture, env=environment, stdout=subprocess.PIPE, check=True).stdout


def _answer_requests(folder: Path, photograph: Callable[[], bytes]) -> None:
    for request in sorted(folder.glob("*.request")):
        partial = request.with_suffix(".partial")
        partial.write_bytes(photograph())
        request.unlink()
        # Renamed into place: whoever waits for the picture never reads half of it.
        partial.rename(request.with_suffix(".png"))


# --- command line -------------------------------------------------------------------------------


def _wait(line: list[str]) -> int:
    """Run the namespace's command line; whatever ends this process ends that one too."""
    process = subprocess.Popen(line)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        process.kill()


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("prepare", help="make the system (once; 1-3 minutes)")
    for name in ("run", "background", "exec"):
        verb = verbs.add_parser(name)
        verb.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
        verb.add_argument("--bind", type=Path, action="append", default=[], metavar="DIR")
        verb.add_argument("--home", type=Path, metavar="DIR")
        verb.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
        verb.add_argument("--screenshots", type=Path, metavar="DIR")
        verb.add_argument("rest", nargs=argparse.REMAINDER)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run one verb; returns the exit code."""
    arguments = _parse(argv)
    try:
        if arguments.verb == "prepare":
            prepare()
            return 0
        if not arguments.inside:
            line = command(
                arguments.verb,
                [word for i, word in enumerate(arguments.rest) if i or word != "--"],
                binds=tuple(arguments.bind),
                home=arguments.home,
                screenshots=arguments.screenshots,
                environment=dict(item.split("=", 1) for item in arguments.env),
            )
            return _wait(line)
        return _start(arguments)
    except RootError as error:
        debian_root.say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

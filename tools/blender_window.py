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
picture on this software screen.)

Every start lives in a mount and process namespace of its own. The kernel takes the mounts and the
processes away together with the namespace, however this tool ends, a SIGKILL included.
Needs Linux, Debian and root. Only the standard library is used.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
ROOT = REPO / ".cache" / "blender-5.2"
SUITE = "unstable"
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
HOME_INSIDE = "/tmp/home"
PATH_INSIDE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# setpriv ends unshare when the starter dies, unshare then ends everything that runs inside.
_NAMESPACES = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--propagation=private"]
_NAMESPACES += ["--pid", "--fork", "--kill-child"]
# A suite that is frozen in a mirror's snapshot is past its date, which does not matter here.
APT_OPTIONS = (
    "-qq",
    "-o=Acquire::Check-Valid-Until=false",
    "-o=Acquire::Check-Date=false",
    "-o=Acquire::Languages=none",
    "-o=Dpkg::Use-Pty=false",
    # The system is thrown away when anything goes wrong: no need to wait for the disk.
    "-o=Dpkg::Options::=--force-unsafe-io",
    "-o=Dpkg::Options::=--path-exclude=/usr/share/doc/*",
    "-o=Dpkg::Options::=--path-exclude=/usr/share/man/*",
    "-o=Dpkg::Options::=--path-exclude=/usr/share/locale/*",
)


class WindowError(Exception):
    """What stands in the way, in one sentence for the person at the terminal."""


def unavailable_reason() -> str:
    """Why this machine cannot have the test Blender at all; empty when it can."""
    if sys.platform != "linux":
        return "the test Blender with windows needs Linux (it is a Debian chroot)"
    if os.geteuid() != 0:
        return "the test Blender with windows needs root (chroot, mount)"
    if shutil.which("unshare") is None or shutil.which("apt-get") is None:
        return "the test Blender with windows needs a Debian system (apt-get and unshare)"
    trial = subprocess.run(_NAMESPACES + ["true"], capture_output=True, check=False)
    if trial.returncode:
        return "the test Blender with windows needs the right to mount (a container may lack it)"
    return ""


def prepared_version() -> str:
    """First line of ``blender --version`` of the prepared system; empty when there is none."""
    marker = ROOT / MARKER
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


# --- prepare ------------------------------------------------------------------------------------


def prepare() -> None:
    """Make the Debian system under ``.cache/blender-5.2``; does nothing when it is there.

    Raises:
        WindowError: this machine cannot have it, or a package could not be fetched.
    """
    if reason := unavailable_reason():
        raise WindowError(reason)
    if version := prepared_version():
        _say(f"{ROOT}: {version} is ready")
        return
    started = time.monotonic()
    if shutil.which("debootstrap") is None:
        _say("installing debootstrap on this machine")
        _quiet(["apt-get", *APT_OPTIONS, "update"])
        _quiet(["apt-get", *APT_OPTIONS, "install", "-y", "--no-install-recommends", "debootstrap"])
    mirror = _debian_mirror()
    # Built beside its place and renamed at the end: a half-made system is never taken for whole.
    partial = ROOT.with_name(ROOT.name + ".partial")
    _remove_tree(partial)
    _remove_tree(ROOT)
    partial.mkdir(parents=True)
    _say(f"base system of Debian {SUITE}")
    _quiet(_namespaced("_base", "--root", str(partial), "--mirror", mirror))
    _say("Blender and a virtual screen (about 1.3 GB)")
    _quiet(_namespaced("_install", "--root", str(partial), "--mirror", mirror))
    version = subprocess.run(
        _namespaced("background", "--root", str(partial), "--", "--version"),
        capture_output=True,
        text=True,
        check=False,
    ).stdout.partition("\n")[0]
    if not version.startswith("Blender"):
        raise WindowError(f"Blender in {partial} does not start; remove the folder and try again")
    (partial / MARKER).write_text(version + "\n", encoding="utf-8")
    partial.rename(ROOT)
    _say(f"{version} ready in {ROOT} after {time.monotonic() - started:.0f} s")


def _debian_mirror() -> str:
    """The mirror that this machine's own apt uses, so that no host name is written down here."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    values = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    codename = values.get("VERSION_CODENAME", "").strip('"')
    uris = _mirrors(codename)
    if not uris:  # a fresh container image has no package lists yet
        _quiet(["apt-get", *APT_OPTIONS, "update"])
        uris = _mirrors(codename)
    # Third parties name their suites after Debian's too, but their paths do not end in /debian.
    uris.sort(key=lambda uri: not uri.rstrip("/").endswith("/debian"))
    if values.get("ID") != "debian" or not uris:
        raise WindowError("found no Debian mirror in this machine's apt sources")
    return uris[0]


def _mirrors(codename: str) -> list[str]:
    query = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"]
    listing = subprocess.run(
        [*query, "Created-By: Packages"], capture_output=True, text=True, check=False
    ).stdout
    targets = [line.split(" ", 1) for line in listing.splitlines()]
    return [uri for suite, uri in targets if suite == codename]


def _install(root: Path, mirror: str) -> None:
    """Install the packages in the fresh system; runs inside the namespace."""
    (root / "etc/apt/sources.list").write_text(f"deb {mirror} {SUITE} main\n", encoding="utf-8")
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    # The machine's way out (resolver, proxy, certificates) is also the new system's.
    for name in ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"):
        if (source := Path("/") / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / name)
    proxies = subprocess.run(
        ["apt-config", "dump", "Acquire::http::Proxy", "Acquire::https::Proxy"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (root / "etc/apt/apt.conf.d/90proxy").write_text(proxies, encoding="utf-8")
    environment = _environment() | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", *APT_OPTIONS, "install", "-y", "--no-install-recommends", *PACKAGES]
    for command in (["apt-get", *APT_OPTIONS, "update"], install):
        subprocess.run(["chroot", str(root), *command], env=environment, check=True)
    shutil.rmtree(root / "var/cache/apt/archives")


def _remove_tree(folder: Path) -> None:
    """Remove a system, but never through something that another hand mounted inside it."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    inside = [m.split()[4] for m in mounts if m.split()[4].startswith(f"{folder}/")]
    for mount in sorted(inside, key=len, reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=True)
    if folder.exists():
        shutil.rmtree(folder)


def _quiet(command: list[str]) -> None:
    """Run a command whose output matters only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise WindowError(f"{Path(command[0]).name} failed ({done.returncode}):\n{tail}")


# --- start --------------------------------------------------------------------------------------


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
        WindowError: nothing is prepared, or this machine cannot have it.
    """
    if reason := unavailable_reason():
        raise WindowError(reason)
    if not prepared_version():
        raise WindowError("no test Blender yet: run `python tools/blender_window.py prepare`")
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
    return [*_NAMESPACES, sys.executable, this_file, "--inside", verb, *options]


def _environment() -> dict[str, str]:
    return {
        "PATH": PATH_INSIDE,
        "HOME": HOME_INSIDE,
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }


def _mount(root: Path, binds: list[Path], home: Path | None) -> None:
    """Mount what the system needs; the namespace's end is what unmounts it."""
    _do("mount", "-t", "proc", "proc", root / "proc")
    _do("mount", "--rbind", "/dev", root / "dev")
    _do("mount", "-t", "tmpfs", "tmpfs", root / "tmp")
    targets = [(folder, root / str(folder).lstrip("/")) for folder in binds]
    inside_home = root / HOME_INSIDE.lstrip("/")
    inside_home.mkdir()
    if home is not None:
        targets.append((home, inside_home))
    for folder, target in targets:
        target.mkdir(parents=True, exist_ok=True)
        _do("mount", "--rbind", folder, target)


def _do(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True)


def _start(arguments: argparse.Namespace) -> int:
    """Mount, start the program and wait for it; the first process of the namespace."""
    root: Path = arguments.root
    _mount(root, arguments.bind, arguments.home)
    environment = _environment() | dict(item.split("=", 1) for item in arguments.env)
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
        raise WindowError("the virtual X server did not start")
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


def _say(text: str) -> None:
    print(f"blender_window: {text}", file=sys.stderr, flush=True)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("prepare", help="make the system (once; 1-3 minutes)")
    for name in ("run", "background", "exec", "_base", "_install"):
        verb = verbs.add_parser(name)
        verb.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
        verb.add_argument("--mirror", help=argparse.SUPPRESS)
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
        if arguments.verb == "_base":
            # In the namespace too: what debootstrap mounts must not outlive it either.
            _do("mount", "-t", "proc", "proc", "/proc")
            _do("debootstrap", "--variant=minbase", SUITE, arguments.root, arguments.mirror)
            return 0
        if arguments.verb == "_install":
            _mount(arguments.root, [], None)
            _install(arguments.root, arguments.mirror)
            return 0
        return _start(arguments)
    except WindowError as error:
        _say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

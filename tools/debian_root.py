# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Debian system in a folder, for ``blender_window.py``: how it is made and entered.

It is made with debootstrap from the mirror that this machine's own apt uses. Every entry has a
mount and a process namespace of its own, which the kernel takes away together with all mounts and
processes in it, however the entry ends. Linux, Debian and root only; standard library only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

SUITE = "unstable"
HOME_INSIDE = "/tmp/home"
PATH_INSIDE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# setpriv ends unshare when the starter dies, unshare then ends everything that runs inside.
NAMESPACES = ("setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--propagation=private")
NAMESPACES += ("--pid", "--fork", "--kill-child")
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
APT_INSTALL = ("apt-get", *APT_OPTIONS, "install", "-y", "--no-install-recommends")
APT_UPDATE = ("apt-get", *APT_OPTIONS, "update")


class RootError(Exception):
    """What stands in the way, in one sentence for the person at the terminal."""


def unavailable_reason() -> str:
    """Why this machine cannot have such a system; empty when it can."""
    if sys.platform != "linux":
        return "the test Blender with windows needs Linux (it is a Debian chroot)"
    if os.geteuid() != 0:
        return "the test Blender with windows needs root (chroot, mount)"
    if not all(map(shutil.which, ("unshare", "setpriv", "apt-get"))):
        return "the test Blender with windows needs a Debian system (apt-get, unshare, setpriv)"
    if subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode:
        return "the test Blender with windows needs the right to mount (a container may lack it)"
    return ""


# --- entering -----------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    """The variables that programs inside get; nothing of this machine's own leaks in."""
    return {"PATH": PATH_INSIDE, "HOME": HOME_INSIDE, "LANG": "C.UTF-8", "TMPDIR": "/tmp"}


def mount(root: Path, binds: Sequence[Path] = (), home: Path | None = None) -> None:
    """Mount what programs inside need; call it in a fresh namespace, whose end unmounts it.

    Args:
        root: the system.
        binds: folders of this machine that appear inside under the same path.
        home: folder that becomes HOME inside; None is an empty one in memory.
    """
    _do("mount", "-t", "proc", "proc", root / "proc")
    _do("mount", "--rbind", "/dev", root / "dev")
    _do("mount", "-t", "tmpfs", "tmpfs", root / "tmp")
    inside_home = root / HOME_INSIDE.lstrip("/")
    inside_home.mkdir()
    targets = [(folder, root / str(folder).lstrip("/")) for folder in binds]
    if home is not None:
        targets.append((home, inside_home))
    for folder, target in targets:
        target.mkdir(parents=True, exist_ok=True)
        _do("mount", "--rbind", folder, target)


def _do(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True)


# --- making -------------------------------------------------------------------------------------


def make(root: Path, packages: Iterable[str]) -> None:
    """Make a system with some packages in a folder; whatever was in the folder is removed.

    Args:
        root: the folder.
        packages: Debian packages to install, without what they merely recommend.

    Raises:
        RootError: this machine cannot have it, or something could not be fetched.
    """
    if reason := unavailable_reason():
        raise RootError(reason)
    if shutil.which("debootstrap") is None:
        say("installing debootstrap on this machine")
        _quiet(APT_UPDATE)
        _quiet([*APT_INSTALL, "debootstrap"])
    mirror = _debian_mirror()
    remove(root)
    root.mkdir(parents=True)
    inside = [sys.executable, str(Path(__file__).resolve()), str(root), mirror, *packages]
    if subprocess.run([*NAMESPACES, *inside], check=False).returncode:
        raise RootError(f"the system in {root} could not be made; see above")


def remove(root: Path) -> None:
    """Remove a system, but never through something that another hand mounted inside it."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    inside = [line.split()[4] for line in mounts if line.split()[4].startswith(f"{root}/")]
    for point in sorted(inside, key=len, reverse=True):
        _do("umount", "--lazy", point)
    if root.exists():
        shutil.rmtree(root)


def _debian_mirror() -> str:
    """The mirror that this machine's own apt uses, so that no host name is written down here."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    values = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    codename = values.get("VERSION_CODENAME", "").strip('"')
    uris = _mirrors(codename)
    if not uris:  # a fresh container image has no package lists yet
        _quiet(APT_UPDATE)
        uris = _mirrors(codename)
    # Third parties name their suites after Debian's too, but their paths do not end in /debian.
    uris.sort(key=lambda uri: not uri.rstrip("/").endswith("/debian"))
    if values.get("ID") != "debian" or not uris:
        raise RootError("found no Debian mirror in this machine's apt sources")
    return uris[0]


def _mirrors(codename: str) -> list[str]:
    query = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"]
    listing = subprocess.run(
        [*query, "Created-By: Packages"], capture_output=True, text=True, check=False
    ).stdout
    targets = [line.split(" ", 1) for line in listing.splitlines()]
    return [uri for suite, uri in targets if suite == codename]


def _make_inside(root: Path, mirror: str, packages: Sequence[str]) -> None:
    """The part of ``make`` that mounts, in a namespace of its own."""
    say(f"base system of Debian {SUITE}")
    _do("mount", "-t", "proc", "proc", "/proc")
    _quiet(["debootstrap", "--variant=minbase", SUITE, str(root), mirror])
    say("packages")
    mount(root)
    (root / "etc/apt/sources.list").write_text(f"deb {mirror} {SUITE} main\n", encoding="utf-8")
    # No service is to be started in here.
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
    variables = [f"{k}={v}" for k, v in environment().items()]
    chroot = ["chroot", str(root), "env", "-i", *variables, "DEBIAN_FRONTEND=noninteractive"]
    _quiet([*chroot, *APT_UPDATE])
    _quiet([*chroot, *APT_INSTALL, *packages])
    shutil.rmtree(root / "var/cache/apt/archives")


def _quiet(command: Sequence[str]) -> None:
    """Run a command whose output matters only when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise RootError(f"{' '.join(command[:4])} … failed ({done.returncode}):\n{tail}")


def say(text: str) -> None:
    """One line of progress or complaint."""
    print(f"blender_window: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        _make_inside(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except RootError as error:
        say(str(error))
        sys.exit(1)

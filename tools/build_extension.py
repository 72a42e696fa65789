# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zips with Blender's own builder: one zip for each platform.

    python tools/build_extension.py [--dist DIR] [--platform linux-x64 ...]

The builder is ``blender_ext.py``, a stand-alone program inside Blender's scripts. The ``bpy`` wheel
carries it too, so no Blender has to be installed. Missing wheels are fetched first. Only the
standard library is used.
"""

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import fetch_wheels

REPO = fetch_wheels.REPO
BUILDER = "scripts/addons_core/bl_pkg/cli/blender_ext.py"
# Large folders of the root that are not even copied to the place where the zip is made. What is
# packed is decided by the manifest alone.
NOT_COPIED = {"benchmarks", "demo", "dist", "docs", "tests", "tools"}


class BuildError(Exception):
    """Why there is no zip, in one sentence."""


def find_builder() -> list[str]:
    """The command that starts Blender's extension builder.

    The ``bpy`` wheel of this Python is preferred (always the same version, no start of Blender);
    a ``blender`` on the PATH is the second choice.

    Raises:
        BuildError: neither is here.
    """
    spec = importlib.util.find_spec("bpy")
    found = sorted(Path(spec.origin).parent.glob(f"*/{BUILDER}")) if spec else []
    if found:
        return [sys.executable, str(found[-1])]
    if blender := shutil.which("blender"):
        return [blender, "--factory-startup", "--command", "extension"]
    raise BuildError("no extension builder: install the bpy wheel (dev.py setup) or Blender")


def build(dist_dir: Path, platforms: Iterable[str] | None = None) -> list[Path]:
    """Build and validate the zips.

    Args:
        dist_dir: where the zips go; made when missing.
        platforms: Blender's names of platforms, such as "linux-x64"; None means all.

    Returns:
        One ``facewright-<version>-<platform>.zip`` for each platform, in the manifest's order (the
        builder writes the platform with an underscore: ``linux_x64``).

    Raises:
        BuildError: no builder, or the builder refused the extension.
        fetch_wheels.WheelError: a wheel is missing or is not the locked one.
    """
    builder = find_builder()
    wheels = fetch_wheels.select(platforms)
    if found := fetch_wheels.problems(wheels):
        raise fetch_wheels.WheelError("; ".join(found))
    dist_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="facewright-build-") as scratch:
        source, output = Path(scratch) / "facewright", Path(scratch) / "zips"
        output.mkdir()
        shutil.copytree(REPO, source, ignore=_not_copied)
        for wheel in wheels:
            shutil.copyfile(wheel.path, source / "wheels" / wheel.file)
        chosen = {wheel.platform for wheel in wheels}
        names = [name for name in fetch_wheels.PLATFORM_TAGS if name in chosen]
        manifest = source / "blender_manifest.toml"
        manifest.write_text(_manifest_for(manifest.read_text("utf-8"), names, wheels), "utf-8")
        folders = ["--source-dir", str(source), "--output-dir", str(output)]
        _run([*builder, "build", *folders, "--split-platforms"])
        zips = []
        for made in sorted(output.glob("*.zip"), key=lambda path: _place(path, names)):
            _run([*builder, "validate", str(made)])
            zips.append(Path(shutil.move(made, dist_dir / made.name)))
    return zips


def version() -> str:
    """The extension's version, from the manifest."""
    return tomllib.loads((REPO / "blender_manifest.toml").read_text("utf-8"))["version"]


def _manifest_for(manifest: str, platforms: list[str], wheels: Iterable[fetch_wheels.Wheel]) -> str:
    """The manifest narrowed to some platforms; unchanged in meaning when these are all."""
    text = fetch_wheels.manifest_with_wheels(manifest, wheels)
    line = f"platforms = {json.dumps(platforms)}"
    return re.sub(r"^platforms = \[[^\]]*\]", line, text, flags=re.M)


def _not_copied(folder: str, names: list[str]) -> set[str]:
    """For ``shutil.copytree``: what stays behind of one folder."""
    rest = {name for name in names if name.startswith(".") or name.endswith(".whl")}
    return rest | NOT_COPIED if Path(folder) == REPO else rest


def _place(path: Path, platforms: list[str]) -> int:
    return next(i for i, name in enumerate(platforms) if name.replace("-", "_") in path.name)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-1500:]
        raise BuildError(f"Blender's extension builder failed:\n{said}")


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dist", type=Path, default=REPO / "dist")
    parser.add_argument("--platform", action="append", choices=list(fetch_wheels.PLATFORM_TAGS))
    arguments = parser.parse_args(argv)
    try:
        fetch_wheels.fetch(arguments.platform)
        for path in build(arguments.dist, arguments.platform):
            print(f"{path.stat().st_size / 1e6:6.1f} MB  {path}")
    except (BuildError, fetch_wheels.WheelError) as error:
        print(f"build_extension: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

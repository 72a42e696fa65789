# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: the table of docs/architecture.md, held."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

STAGES = ("sources", "tracking", "solve", "speech", "filters", "retarget")
# What a file may import of ours; a prefix matches everything below it. Its own folder always.
ALLOWED: dict[str, tuple[str, ...]] = {
    "engine": (),
    "engine.core": (),
    **{f"engine.{stage}": ("engine.core",) for stage in STAGES},
    "engine.formats": ("engine.core",),
    "engine.takes": ("engine.core",),
    "engine.models": ("engine.core",),
    "engine.pipeline": (
        "engine.core",
        "engine.formats",
        "engine.takes",
        "engine.models",
        "engine.runtime",
        *(f"engine.{stage}" for stage in STAGES),
    ),
    "engine.runtime": ("engine.core", "engine.models"),
    "engine.worker": ("engine.core", "engine.pipeline", "engine.runtime"),
    "engine.worker.client": ("engine.core", "engine.worker.protocol"),
    "engine.worker.protocol": ("engine.core",),
    "engine.worker.live_wire": ("engine.core",),
    "engine.worker.picture_file": ("engine.core",),
    "engine.console": ("engine.core", "engine.takes.protect"),
    "engine.options": ("engine.core",),
    "engine.convert_command": ("engine",),
    "engine.lipsync_command": ("engine",),
    "engine.learn_speech_command": ("engine",),
    "engine.lipsync_options": ("engine",),
    "engine.live_command": ("engine",),
    "engine.doctor_command": ("engine",),
    "engine.engines_command": ("engine",),
    "engine.models_command": ("engine",),
    "engine.runtime_command": ("engine",),
    "engine.forget_command": ("engine",),
    "engine.send_command": ("engine",),
    "engine.listen_command": ("engine",),
    "engine.__main__": ("engine",),
    "scene": (
        "engine.core",
        "engine.filters",
        "engine.formats",
        "engine.retarget",
        # An artist moves a cue and the curves follow: no network, no library but NumPy.
        "engine.speech.mouth",
        "engine.takes",
        "engine.models",
        # Installing is files and pip; what is installed is never loaded there.
        "engine.runtime.install",
        "engine.runtime.status",
        "engine.worker.client",
        "engine.worker.live_wire",
        "engine.worker.picture_file",
        "engine.worker.protocol",
    ),
    "properties": ("engine.core",),
    # Of the filters their settings alone.
    "operators": (
        "scene",
        "properties",
        "engine.core",
        "engine.filters.chain",
        "engine.filters.live",
    ),
    "panels": ("properties",),
    "cli": ("scene", "engine"),
    "registration": ("operators", "panels", "properties", "scene", "cli"),
    "__init__": ("registration",),
}
# Each heavy library has one door, a file or a folder.
DOORS = {
    "onnxruntime": "engine/core/inference/onnx_session.py",
    "cv2": "engine/tracking/crop.py",
    "av": "engine/sources",
    "mediapipe": "engine/tracking/mediapipe_tasks.py",
    "espeakng_loader": "engine/speech/espeak.py",
}
BLENDER_FOLDERS = ("scene", "properties", "operators", "panels", "cli", "registration")


def product_files() -> list[Path]:
    folders = ("cli", "engine", "scene", "properties", "operators", "panels")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*files, ROOT / "__init__.py", ROOT / "registration.py"]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """Modules of ours, and top-level names of others', that a file imports anywhere."""
    package = list(path.relative_to(ROOT).parts[:-1])
    ours, others = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                others.add(node.module.split(".")[0])
                continue
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            if (ROOT / target.replace(".", "/")).is_dir():
                ours |= {f"{target}.{alias.name}".strip(".") for alias in node.names}
            else:
                ours.add(target)
    return ours, others


def within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def broken_rules(path: Path) -> list[str]:
    name = module_name(path)
    owner = max((key for key in ALLOWED if within(name, key)), key=len)
    ours, others = imports_of(path)
    allowed = (*ALLOWED[owner], owner)
    broken = [f"{name} imports {m}" for m in ours if not any(within(m, a) for a in allowed)]
    if name.split(".")[0] not in BLENDER_FOLDERS:
        broken += [f"{name} imports {m}" for m in others & {"bpy", "mathutils", "bpy_extras"}]
    relative = path.relative_to(ROOT).as_posix()
    broken += [
        f"{name} imports {library}, whose door is {door}"
        for library, door in DOORS.items()
        if library in others and not f"{relative}/".startswith(f"{door}/")
    ]
    if "engine" in others and name != "engine.worker.launch":
        broken.append(f"{name} imports engine absolutely")
    return broken


@pytest.mark.parametrize("path", product_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_keep_to_the_table(path):
    assert broken_rules(path) == []


def test_the_root_imports_nothing_at_module_level():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def test_a_planted_violation_is_caught(tmp_path, monkeypatch):
    (tmp_path / "engine" / "filters").mkdir(parents=True)
    planted = tmp_path / "engine" / "filters" / "planted.py"
    planted.write_text("from ..tracking import crop\nimport bpy\nimport cv2\n")
    (tmp_path / "engine" / "tracking").mkdir()
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert len(broken_rules(planted)) == 3


def test_the_light_part_loads_without_heavy_libraries():
    """What Blender loads must work where the wheels are broken or absent."""
    blocked = (*DOORS, "bpy", "scipy", "librosa")
    modules = [
        module_name(path)
        for folder in ("core", "filters", "formats", "retarget", "takes", "models")
        for path in sorted((ROOT / "engine" / folder).rglob("*.py"))
    ]
    modules += [f"engine.worker.{name}" for name in ("client", "picture_file", "protocol")]
    code = (
        f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
        f"import importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

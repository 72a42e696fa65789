# SPDX-License-Identifier: GPL-3.0-or-later
"""Start of the worker process: run by path with Blender's own Python, never imported.

    python -I -u launch.py [--site-packages DIR ...] [--run MODULE]

It makes the folder above importable as the package ``engine``, whatever name the extension has
inside Blender. The folders given hold the unpacked wheels; an isolated Python does not know them.
An installed GPU runtime goes before the shipped onnxruntime. A module other than the worker, such
as ``runtime.prove_process``, is run as it stands, without one.
"""

import argparse
import importlib
import importlib.util
import site
import sys
from pathlib import Path

_WORKER = "worker.main"


def _import_engine() -> None:
    folder = Path(__file__).resolve().parent.parent
    spec = importlib.util.spec_from_file_location(
        "engine", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["engine"] = module
    spec.loader.exec_module(module)


def _main() -> int:
    parser = argparse.ArgumentParser(description="Facewright's worker process")
    parser.add_argument("--site-packages", action="append", default=[], metavar="DIR")
    parser.add_argument("--run", default=_WORKER, metavar="MODULE", help="below the engine")
    options = parser.parse_args()
    # In front of the system's own, as Blender has them: what the extension brought must win.
    known = list(sys.path)
    for folder in options.site_packages:
        site.addsitedir(folder)
    added = [folder for folder in sys.path if folder not in known]
    first = next((i for i, folder in enumerate(known) if "-packages" in folder), len(known))
    sys.path[:] = known[:first] + added + known[first:]
    _import_engine()
    importlib.import_module("engine.core.math_threads").one_math_thread()
    if options.run == _WORKER:
        importlib.import_module("engine.runtime.activate").activate()
    return importlib.import_module(f"engine.{options.run}").main()


if __name__ == "__main__":
    sys.exit(_main())

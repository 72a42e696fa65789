# SPDX-License-Identifier: GPL-3.0-or-later
"""How several processes share the tests: ``dev.py test`` gives each core one (pytest-xdist).

A file stays in one process, because its tests share fixtures. What uses the extension's zip stays
in one, too: the zip is built once, and one window of Blender is open at a time. The longest parts
are dealt first, so that no process is left alone with them at the end. All processes must find
the same tests, so nothing that changes, such as a time, may be part of a test's name.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WITH_ZIP = ("tests/gui/", "tests/package/")
WHOLE_RUNS = "tests/package/test_bpy_versions.py"


def part(nodeid: str) -> str:
    """The name of the part that a test belongs to; a part runs in one process."""
    file = nodeid.partition("::")[0]
    if file == WHOLE_RUNS:
        return nodeid
    return "the zip" if file.startswith(WITH_ZIP) else file


def place(nodeid: str) -> tuple[int, str]:
    """Sorts tests by the time that their parts take, the longest first."""
    name = part(nodeid)
    starts = ("the zip", WHOLE_RUNS, "tests/blender", "tests/worker", "tests/unit")
    return next((i for i, start in enumerate(starts) if name.startswith(start)), len(starts)), name


class Parts(LoadScopeScheduling):
    """Deals whole parts, in the order of the collection."""

    def __init__(self, config, log=None):
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return part(nodeid)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture: what it costs and how calm it is.

    python -m benchmarks.live [--only PART ...]

filter   jitter of a still face and lag of movements and blinks, by steadiness, beside others
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.support import live_filter

PARTS: dict[str, Callable[[], None]] = {"filter": live_filter.run}


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=tuple(PARTS), metavar="PART")
    for name in parser.parse_args().only:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

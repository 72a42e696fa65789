# SPDX-License-Identifier: GPL-3.0-or-later
"""Live capture: what it costs and how calm it is.

    python -m benchmarks.live [--only PART ...] [--minutes N] [--soak-minutes N]

filter   jitter of a still face and lag of movements and blinks, by steadiness, beside others
latency  from a picture's time to the evaluated shape key in a real window, what the main thread
         pays, and Google's package in Blender's main thread beside it
soak     an hour through the worker process, recorded: memory, and every frame in the take
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.support import live_filter, live_latency, live_soak

PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "filter": lambda _options: live_filter.run(),
    "latency": lambda options: live_latency.run(options.minutes),
    "soak": lambda options: live_soak.run(options.soak_minutes),
}


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=tuple(PARTS), metavar="PART")
    parser.add_argument("--minutes", type=float, default=1, help="latency: first stretch")
    parser.add_argument("--soak-minutes", type=float, default=60, help="soak: of source time")
    options = parser.parse_args()
    for name in options.only:
        PARTS[name](options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

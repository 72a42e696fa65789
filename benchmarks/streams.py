# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams of other programs: what receiving them costs, and what is lost.

    python -m benchmarks.streams [--only PART ...] [--minutes N]

load     ten streams of 120 packets a second into ten captures in one process on one core
decode   what a packet costs, by dialect, beside packages that others wrote
latency  from a packet sent to its values at the client, through the worker process

The packages of others are those of ``tools/check_stream_clients.py``, which installs them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.support import stream_decode, stream_latency, stream_load

PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "load": lambda options: stream_load.run(options.minutes),
    "decode": lambda _options: stream_decode.run(),
    "latency": lambda options: stream_latency.run(options.latency_seconds),
}


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=tuple(PARTS), metavar="PART")
    parser.add_argument("--minutes", type=float, default=1, help="load: how long")
    parser.add_argument("--latency-seconds", type=float, default=20, help="latency: each dialect")
    options = parser.parse_args()
    for name in options.only:
        PARTS[name](options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

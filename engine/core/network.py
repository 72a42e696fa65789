# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine is called on its network."""

from __future__ import annotations

import contextlib
import socket


def own_addresses() -> list[str]:
    """The addresses at which other machines reach this one; for a person to type into a phone."""
    found = []
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # No packet is sent: this asks which address a packet to the outside would come from.
        probe.connect(("192.0.2.1", 9))
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [
            info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        ]
    return sorted({address for address in found if not address.startswith("127.")})

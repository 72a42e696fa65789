# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording is heard piece by piece, so that an hour takes little more memory than a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..core.inference.onnx_session import OnnxModel
from ..speech.features import HOP, frame_count
from ..speech.hearing import Heard, hear
from ..speech.room import against_room

# Frames of the neighbours that a piece hears besides its own: 2 s.
_CONTEXT = 200
PIECE_S = 30.0


def hear_pieces(
    network: OnnxModel,
    blocks: Iterable[np.ndarray],
    on_seconds: Callable[[float], None] | None = None,
) -> Heard:
    """As ``speech.hearing.hear``, of a sound that comes in blocks.

    Args:
        network: The model ``speech``.
        blocks: float32 (n,), 16 kHz, in order.
        on_seconds: Called with the seconds that are heard; what it raises ends the hearing.
    """
    found = list(_pieces(network, blocks, on_seconds))
    if not found:
        return hear(network, np.empty(0, np.float32))
    columns = [[part.log_probs, part.level_db, part.mel] for part in found]
    del found
    joined = []
    for column in range(3):
        joined.append(np.concatenate([part[column] for part in columns]))
        for part in columns:
            part[column] = None
    log_probs, level_db, mel = joined
    return Heard(against_room(log_probs, level_db), level_db, mel)


def _pieces(network, blocks, on_seconds) -> Iterator[Heard]:
    sound, behind, done = np.empty(0, np.float32), 0, 0
    for block, is_last in _with_last(blocks):
        sound = np.concatenate([sound, block])
        ready = frame_count(len(sound)) - behind - (0 if is_last else _CONTEXT)
        if ready <= 0:
            continue
        heard = hear(network, sound)
        own = slice(behind, behind + ready)
        # Copies, so that what was heard of the neighbours is let go.
        yield Heard(*(c[own].copy() for c in (heard.log_probs, heard.level_db, heard.mel)))
        done += ready
        if on_seconds is not None:
            on_seconds(done / 100)
        kept = min(_CONTEXT, behind + ready)
        sound, behind = sound[(behind + ready - kept) * HOP :], kept


def _with_last(blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, bool]]:
    """Each block, and whether it is the last one."""
    waiting: np.ndarray | None = None
    for block in blocks:
        if waiting is not None:
            yield waiting, False
        waiting = block
    if waiting is not None:
        yield waiting, True

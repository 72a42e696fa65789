# SPDX-License-Identifier: GPL-3.0-or-later
"""The take: one file with all that was seen and solved, written as it grows.

A take is an SQLite database, so a block of frames is there whole or not at all whatever kills
the writer, and a reader fetches only what it wants: the small columns of an hour open in a
fraction of a second while the landmarks stay on disk. ``docs/take_format.md`` has the layout.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError
from ..core.types import FaceTrack, Observations
from .records import (
    FIRST_SCHEMA,
    FRAME,
    LARGE,
    SCHEMA,
    frame_records,
    large_records,
    pack_frames,
    pack_large,
    pack_track,
    pack_values,
    unpack_observations,
    unpack_track,
)

SUFFIX = ".fwtake"
_APPLICATION_ID = 0x46575431  # "FWT1"

_TABLES = """
CREATE TABLE header (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE frames (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE landmarks (first INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


class TakeWriter:
    """Writes a take block by block; every ``append`` is safe on disk when it returns.

    Args:
        path: The take; created, or continued with ``resume``.
        header: Settings and origin of the take, JSON values by name.
        resume: Continue an existing take instead of creating one.

    Attributes:
        frame_count, last_time_s: What is in the take so far.
        models: SHA-256 of each network that made it, by id.

    Raises:
        FacewrightError: ``take-exists``, ``take-unwritable``, ``disk-full``; with ``resume``
            also what ``read_header`` raises.
    """

    def __init__(self, path: Path | str, header: dict, *, resume: bool = False) -> None:
        self.path = Path(path)
        known = read_header(self.path) if resume else {"schema": SCHEMA}
        schema = known["schema"]
        self.models: dict[str, str] = header.get("models", known.get("models", {}))
        if not resume and self.path.exists():
            raise FacewrightError(
                f"The take {self.path} exists already.",
                "Choose another name, continue it with --resume or replace it with --overwrite.",
                "take-exists",
            )
        opened: sqlite3.Connection | None = None
        try:
            with self._explained():
                opened = self._database = sqlite3.connect(self.path, check_same_thread=False)
                # FULL would wait for the disk at every block; NORMAL survives any dying process
                # and can lose the last block only when the machine loses power.
                self._database.execute("PRAGMA synchronous = NORMAL")
                if not resume:
                    self._create()
                if schema != SCHEMA:
                    self._bring_up_to_date(schema)
            self.update_header(**header)
        except FacewrightError:
            if not resume:  # a take without a header would only be in the way
                if opened:  # Windows removes no open file
                    opened.close()
                self.path.unlink(missing_ok=True)
            raise
        self.frame_count, self.last_time_s = self._end()

    def __enter__(self) -> TakeWriter:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything appended is in it already."""
        self._database.close()

    def update_header(self, **values: object) -> None:
        """Set header entries, e.g. ``state="complete"``."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        with self._explained(), self._database:
            self._database.executemany("INSERT OR REPLACE INTO header VALUES (?, ?)", rows)

    def append(self, observations: Observations, track: FaceTrack) -> None:
        """Add the next frames, in order and without holes.

        Args:
            observations: T frames; the first has index ``frame_count``.
            track: The solved values of the same frames.
        """
        if not len(observations):
            return
        if observations.index[0] != self.frame_count:
            raise ValueError(f"frame {observations.index[0]} follows {self.frame_count - 1}")
        with self._explained(), self._database:
            self._write(self.frame_count, observations, track)
        self.frame_count += len(observations)
        self.last_time_s = float(observations.time_s[-1])

    def append_values(self, track: FaceTrack) -> None:
        """Add frames whose values come from elsewhere: nothing is kept that could be solved."""
        if not len(track):
            return
        records = pack_values(track)
        with self._explained(), self._database:
            self._database.execute(
                "INSERT INTO frames VALUES (?, ?, ?)",
                (self.frame_count, len(records), records.tobytes()),
            )
        self.frame_count += len(track)
        self.last_time_s = float(track.time_s[-1])

    def overwrite(self, observations: Observations, track: FaceTrack) -> None:
        """Replace frames that were written before (a second look found more).

        Args:
            observations: Any written frames, indices increasing.
            track: The solved values of the same frames.
        """
        wanted = {int(frame): row for row, frame in enumerate(observations.index)}
        lowest, highest = min(wanted), max(wanted)
        with self._explained(), self._database:
            blocks = self._database.execute(
                "SELECT first, count FROM frames WHERE first <= ? AND first + count > ?",
                (highest, lowest),
            ).fetchall()
            for first, count in blocks:
                rows = [wanted[f] for f in range(first, first + count) if f in wanted]
                inside = observations.index[rows] - first
                if rows:
                    self._patch(first, inside, observations[rows], track[rows])

    def overwrite_tracks(self, tracks: Iterable[tuple[int, FaceTrack]], **header: object) -> None:
        """Replace the solved values of written frames, all or none of them; what was seen stays.

        Args:
            tracks: Numbers of first frames, each with the new values of it and the frames after.
            header: Header entries that tell how these values came about.
        """
        rows = [(key, json.dumps(value)) for key, value in header.items()]
        with self._explained(), self._database:
            for first, track in tracks:
                self._replace_values(first, track)
            self._database.executemany("INSERT OR REPLACE INTO header VALUES (?, ?)", rows)

    def shift_times(self, seconds: float) -> None:
        """Move every frame in time, all of them or none."""
        with self._explained(), self._database:
            rows = self._database.execute("SELECT first, data FROM frames").fetchall()
            for first, data in rows:
                records = np.frombuffer(data, FRAME).copy()
                records["time_s"] += seconds
                self._database.execute(
                    "UPDATE frames SET data = ? WHERE first = ?", (records.tobytes(), first)
                )
        self.last_time_s += seconds

    def _bring_up_to_date(self, schema: str) -> None:
        """Rewrite a take of an older schema, all of it or nothing."""
        with self._database:
            for table, read in (("frames", frame_records), ("landmarks", large_records)):
                for (first,) in self._database.execute(f"SELECT first FROM {table}").fetchall():
                    (data,) = self._database.execute(
                        f"SELECT data FROM {table} WHERE first = ?", (first,)
                    ).fetchone()
                    self._database.execute(
                        f"UPDATE {table} SET data = ? WHERE first = ?",
                        (read(data, schema).tobytes(), first),
                    )
            self._database.execute(
                "INSERT OR REPLACE INTO header VALUES (?, ?)", ("schema", json.dumps(SCHEMA))
            )

    def _create(self) -> None:
        self._database.execute("PRAGMA page_size = 16384")
        self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._database.executescript(_TABLES)
        self.update_header(schema=SCHEMA)

    def _end(self) -> tuple[int, float]:
        last = self._database.execute(
            "SELECT first, count, data FROM frames ORDER BY first DESC LIMIT 1"
        ).fetchone()
        if last is None:
            return 0, 0.0
        return last[0] + last[1], float(np.frombuffer(last[2], FRAME)["time_s"][-1])

    def _write(self, first: int, observations: Observations, track: FaceTrack) -> None:
        records = pack_frames(observations, track)
        points = pack_large(observations)
        self._database.execute(
            "INSERT OR REPLACE INTO frames VALUES (?, ?, ?)",
            (first, len(records), records.tobytes()),
        )
        self._database.execute(
            "INSERT OR REPLACE INTO landmarks VALUES (?, ?)", (first, points.tobytes())
        )

    def _replace_values(self, first: int, track: FaceTrack) -> None:
        """Put new solved values of frames from ``first`` on into the blocks that hold them."""
        stop = first + len(track)
        blocks = self._database.execute(
            "SELECT first, data FROM frames WHERE first < ? AND first + count > ?",
            (stop, first),
        ).fetchall()
        for begin, data in blocks:
            records = np.frombuffer(data, FRAME).copy()
            low, high = max(first, begin), min(stop, begin + len(records))
            pack_track(records[low - begin : high - begin], track[low - first : high - first])
            self._database.execute(
                "UPDATE frames SET data = ? WHERE first = ?", (records.tobytes(), begin)
            )

    def _patch(
        self, first: int, inside: np.ndarray, observations: Observations, track: FaceTrack
    ) -> None:
        """Replace some rows of one block."""
        for table, dtype, fresh in (
            ("frames", FRAME, pack_frames(observations, track)),
            ("landmarks", LARGE, pack_large(observations)),
        ):
            (data,) = self._database.execute(
                f"SELECT data FROM {table} WHERE first = ?", (first,)
            ).fetchone()
            block = np.frombuffer(data, dtype).copy()
            block[inside] = fresh
            self._database.execute(
                f"UPDATE {table} SET data = ? WHERE first = ?", (block.tobytes(), first)
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise FacewrightError(
                    f"The disk is full: {self.path} could not be written on.",
                    "Free some space, then go on; all frames written so far are safe.",
                    "disk-full",
                ) from error
            raise FacewrightError(
                f"The take {self.path} cannot be written ({error}).",
                "Choose a folder that exists and may be written to.",
                "take-unwritable",
            ) from error


def read_header(path: Path | str) -> dict:
    """The header of a take: origin, settings, models, state.

    Raises:
        FacewrightError: ``take-missing``, ``not-a-take`` or ``take-newer``.
    """
    with closing(_open(Path(path))) as database:
        return _header(database, Path(path))


def read_track(path: Path | str) -> FaceTrack:
    """The solved values of a take, (T,) frames in order.

    Raises:
        FacewrightError: As ``read_header``.
    """
    with closing(_open(Path(path))) as database:
        schema = _header(database, Path(path))["schema"]
        rows = database.execute("SELECT data FROM frames ORDER BY first").fetchall()
    return unpack_track(frame_records(b"".join(row[0] for row in rows), schema))


def read_observations(path: Path | str, first: int = 0, count: int | None = None) -> Observations:
    """What the tracker saw, landmarks included.

    Args:
        path: The take.
        first: Number of the first frame wanted.
        count: How many frames, all by default. A frame takes 7 KB of memory.

    Raises:
        FacewrightError: As ``read_header``.
    """
    stop = 2**62 if count is None else first + count
    query = (
        "SELECT f.first, f.data, l.data FROM frames f JOIN landmarks l USING (first) "
        "WHERE f.first < ? AND f.first + f.count > ? ORDER BY f.first"
    )
    with closing(_open(Path(path))) as database:
        schema = _header(database, Path(path))["schema"]
        rows = database.execute(query, (stop, first)).fetchall()
    if not rows:
        return Observations.empty(np.empty(0), np.empty(0))
    records = frame_records(b"".join(row[1] for row in rows), schema)
    large = large_records(b"".join(row[2] for row in rows), schema)
    index = np.arange(rows[0][0], rows[0][0] + len(records))
    wanted = (index >= first) & (index < stop)
    return unpack_observations(index[wanted], records[wanted], large[wanted])


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise FacewrightError(f"There is no take {path}.", "Check the path.", "take-missing")
    # A writer that was killed leaves a journal; opening read-only would refuse to roll it back.
    return sqlite3.connect(path, timeout=10.0)


def _header(database: sqlite3.Connection, path: Path) -> dict:
    try:
        rows = database.execute("SELECT key, value FROM header").fetchall()
    except sqlite3.Error as error:
        raise FacewrightError(
            f"{path.name} is not a Facewright take ({error}).",
            "Choose a file that Facewright tracked.",
            "not-a-take",
        ) from error
    header = {key: json.loads(value) for key, value in rows}
    schema = str(header.get("schema", ""))
    if not schema.startswith("FacewrightTake."):
        raise FacewrightError(f"{path.name} is not a Facewright take.", "", "not-a-take")
    if schema not in (SCHEMA, FIRST_SCHEMA):
        raise FacewrightError(
            f"{path.name} is of a newer kind ({schema}) than this Facewright reads ({SCHEMA}).",
            "Update Facewright.",
            "take-newer",
        )
    return header

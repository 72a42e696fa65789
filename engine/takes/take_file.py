# SPDX-License-Identifier: GPL-3.0-or-later
"""The take: one file with all that was seen and solved, written as it grows.

A take is an SQLite database, so a block of frames is there whole or not at all whatever kills
the writer, and a reader fetches only what it wants: the small columns of an hour open in a
fraction of a second while the landmarks stay on disk. ``docs/take_format.md`` has the layout.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from ..core.arkit import COUNT
from ..core.errors import FacewrightError
from ..core.types import LANDMARKS, FaceTrack, Observations

SCHEMA = "FacewrightTake.1"
SUFFIX = ".fwtake"
_APPLICATION_ID = 0x46575431  # "FWT1"

_FRAME = np.dtype(
    [
        ("time_s", "<f8"),
        ("valid", "u1"),
        ("presence", "<f4"),
        ("scores", "<f4", (COUNT,)),
        ("head", "<f4", (4, 4)),
        ("confidence", "<f4"),
        ("weights", "<f4", (COUNT,)),
        ("head_deg", "<f4", (3,)),
        ("head_cm", "<f4", (3,)),
        ("gaze_deg", "<f4", (2, 2)),
    ]
)
_TRACK_COLUMNS = ("confidence", "weights", "head_deg", "head_cm", "gaze_deg")

# Landmarks as 16-bit steps of the face's own extent: 0.005 pixels on a face of 300 pixels,
# far below the networks' noise, at half the size of float32.
_LANDMARKS = np.dtype([("centre", "<f4", (3,)), ("step", "<f4"), ("offset", "<i2", (LANDMARKS, 3))])
_STEPS = 32767

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

    Raises:
        FacewrightError: ``take-exists``, ``take-unwritable``, ``disk-full``; with ``resume``
            also what ``read_header`` raises.
    """

    def __init__(self, path: Path | str, header: dict, *, resume: bool = False) -> None:
        self.path = Path(path)
        if resume:
            read_header(self.path)
        elif self.path.exists():
            raise FacewrightError(
                f"The take {self.path} exists already.",
                "Choose another name, continue it with --resume or replace it with --overwrite.",
                "take-exists",
            )
        try:
            with self._explained():
                self._database = sqlite3.connect(self.path, check_same_thread=False)
                # FULL would wait for the disk at every block; NORMAL survives any dying process
                # and can lose the last block only when the machine loses power.
                self._database.execute("PRAGMA synchronous = NORMAL")
                if not resume:
                    self._create()
            self.update_header(**header)
        except FacewrightError:
            if not resume:  # a take without a header would only be in the way
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
        return last[0] + last[1], float(np.frombuffer(last[2], _FRAME)["time_s"][-1])

    def _write(self, first: int, observations: Observations, track: FaceTrack) -> None:
        records = _pack(observations, track)
        points = _pack_landmarks(observations.landmarks)
        self._database.execute(
            "INSERT OR REPLACE INTO frames VALUES (?, ?, ?)",
            (first, len(records), records.tobytes()),
        )
        self._database.execute(
            "INSERT OR REPLACE INTO landmarks VALUES (?, ?)", (first, points.tobytes())
        )

    def _patch(
        self, first: int, inside: np.ndarray, observations: Observations, track: FaceTrack
    ) -> None:
        """Replace some rows of one block."""
        for table, dtype, fresh in (
            ("frames", _FRAME, _pack(observations, track)),
            ("landmarks", _LANDMARKS, _pack_landmarks(observations.landmarks)),
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
                    "Free some space, then resume; all frames written so far are safe.",
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
    records = _read_frames(Path(path))
    return FaceTrack(
        records["time_s"].astype(np.float64),
        records["valid"].astype(bool),
        *(records[name].astype(np.float32) for name in _TRACK_COLUMNS),
    )


def read_observations(path: Path | str, first: int = 0, count: int | None = None) -> Observations:
    """What the tracker saw, landmarks included.

    Args:
        path: The take.
        first: Number of the first frame wanted.
        count: How many frames, all by default. A frame takes 6 KB of memory.

    Raises:
        FacewrightError: As ``read_header``.
    """
    stop = 2**62 if count is None else first + count
    query = (
        "SELECT f.first, f.data, l.data FROM frames f JOIN landmarks l USING (first) "
        "WHERE f.first < ? AND f.first + f.count > ? ORDER BY f.first"
    )
    with closing(_open(Path(path))) as database:
        _header(database, Path(path))
        rows = database.execute(query, (stop, first)).fetchall()
    if not rows:
        return Observations.empty(np.empty(0), np.empty(0))
    records = np.concatenate([np.frombuffer(row[1], _FRAME) for row in rows])
    points = np.concatenate([np.frombuffer(row[2], _LANDMARKS) for row in rows])
    index = np.arange(rows[0][0], rows[0][0] + len(records))
    wanted = (index >= first) & (index < stop)
    records, points, index = records[wanted], points[wanted], index[wanted]
    return Observations(
        index,
        records["time_s"].astype(np.float64),
        records["valid"].astype(bool),
        records["presence"].astype(np.float32),
        _unpack_landmarks(points),
        records["scores"].astype(np.float32),
        records["head"].astype(np.float32),
    )


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
    if schema != SCHEMA:
        raise FacewrightError(
            f"{path.name} is of a newer kind ({schema}) than this Facewright reads ({SCHEMA}).",
            "Update Facewright.",
            "take-newer",
        )
    return header


def _read_frames(path: Path) -> np.ndarray:
    with closing(_open(path)) as database:
        _header(database, path)
        rows = database.execute("SELECT data FROM frames ORDER BY first").fetchall()
    return np.frombuffer(b"".join(row[0] for row in rows), _FRAME)


def _pack(observations: Observations, track: FaceTrack) -> np.ndarray:
    records = np.empty(len(observations), _FRAME)
    for name in ("time_s", "valid", "presence", "scores", "head"):
        records[name] = getattr(observations, name)
    for name in _TRACK_COLUMNS:
        records[name] = getattr(track, name)
    return records


def _pack_landmarks(landmarks: np.ndarray) -> np.ndarray:
    """float32 (T, 478, 3) -> packed records (T,); a frame without a face has step NaN."""
    records = np.zeros(len(landmarks), _LANDMARKS)
    lowest, highest = landmarks.min(axis=1), landmarks.max(axis=1)
    centre = (lowest + highest) / 2
    step = (highest - lowest).max(axis=1) / 2 / _STEPS
    records["centre"], records["step"] = centre, step
    scaled = (landmarks - centre[:, None]) / np.maximum(step, 1e-12)[:, None, None]
    records["offset"] = np.rint(np.nan_to_num(scaled)).astype("<i2")
    return records


def _unpack_landmarks(records: np.ndarray) -> np.ndarray:
    offset = records["offset"].astype(np.float32)
    return records["centre"][:, None] + offset * records["step"][:, None, None]

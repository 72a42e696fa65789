# SPDX-License-Identifier: GPL-3.0-or-later
"""Throws broken packets at every parser of streams, and tells the first that does harm.

    python tools/fuzz_formats.py [--packets N] [--seconds S] [--seed N] [--dialect NAME ...]

Packets are random, or valid ones (made here and, where ../shared has some, recorded ones) that are
cut, lengthened, spliced and overwritten with values that parsers stumble over. Harm is any
exception other than FacewrightError, a result that holds infinity or a wrong shape, more than 50 ms
of computing for one packet, and memory that grows. The packet is printed as base64 and the exit
code is 1; the same seed gives the same packets.
"""

from __future__ import annotations

import argparse
import base64
import gc
import gzip
import random
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.core.errors import FacewrightError  # noqa: E402
from engine.formats import osc  # noqa: E402
from engine.formats.dialects import DIALECTS, recognise  # noqa: E402
from engine.formats.live_link import decode, packets_of_recording  # noqa: E402
from engine.formats.sample import FaceSample, to_row  # noqa: E402

RECORDED = ROOT.parent / "shared" / "data" / "arkit"
SLOW_S = 0.05
# What may be added to the process between the first tenth of the packets and the last.
GROWTH_BYTES = 48 * 2**20
# A decoder hears so many packets before the next one begins anew.
_LONGEST_LIFE = 200
_LARGEST = 65_535
_NUMBERS = (
    *(struct.pack(">i", n) for n in (0, 1, -1, 4, -4, 2**31 - 1, -(2**31), 65_535, 1 << 24)),
    *(struct.pack(">f", f) for f in (float("nan"), float("inf"), float("-inf"), 3e38, -0.0, 1e-40)),
    *(struct.pack("<f", f) for f in (float("nan"), float("inf"), 3e38)),
    *(struct.pack("<d", f) for f in (float("nan"), float("inf"), 1e308, -1.0)),
)
_TEXTS = (
    *(b"NaN", b"inf", b"-Infinity", b"1e999", b"-", b"--5", b"&", b"|", b"||||", b"#", b"=", b","),
    *(b"\xff\xfe", b"\0", b"\0\0\0\0", b"___iFacialMocap", b"FMV3", b"#bundle\0", b"/VMC/Ext/"),
    *(
        b"{",
        b"}",
        b"[" * 64,
        b'"',
        b"null",
        b"true",
        b"-1e-999",
        "٣".encode(),
        b"1_000",
        b"9" * 5000,
    ),
)

Feed = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        new: Makes a parser with its state, for one sender.
        seeds: Valid packets.
    """

    new: Callable[[], Feed]
    seeds: tuple[bytes, ...]


@dataclass(frozen=True)
class Harm:
    """A packet that did what no packet may.

    Attributes:
        target: Whose parser.
        what: What happened.
        packet: The last packet that it heard.
    """

    target: str
    what: str
    packet: bytes

    def __str__(self) -> str:
        return f"{self.target}: {self.what}\n{base64.b64encode(self.packet).decode()}"


def targets() -> dict[str, Target]:
    """All parsers of packets: each dialect by each transport, the recogniser, recordings."""
    seeds = {name: _valid_packets(name) for name in DIALECTS}
    everything = tuple(packet for packets in seeds.values() for packet in packets)
    made = {
        f"{name}/{transport}": Target(
            lambda dialect=dialect, transport=transport: dialect.decoder(transport).feed,
            tuple(packet + b"___iFacialMocap" for packet in seeds[name])
            if transport == "tcp"
            else seeds[name],
        )
        for name, dialect in DIALECTS.items()
        for transport in dialect.transports
    }
    made["recognise"] = Target(lambda: recognise, everything)
    recording = struct.pack(">BI", 6, 2) + b"".join(
        struct.pack(">I", len(packet)) + packet for packet in seeds["livelink"][:2]
    )
    made["gesichter"] = Target(lambda: _hear_recording, (gzip.compress(recording),))
    made["gesichter/content"] = Target(
        lambda: lambda data: _hear_recording(gzip.compress(data, 1)), (recording,)
    )
    return made


def fuzz(
    parsers: Mapping[str, Target], packets: int, seconds: float, seed: int
) -> tuple[int, Harm | None]:
    """Feed broken packets to parsers in turn, until one does harm.

    Args:
        parsers: By name.
        packets, seconds: Whichever ends first.
        seed: Of everything random.

    Returns:
        How many packets were fed, and the harm if there was one.
    """
    chance = random.Random(seed)
    names = list(parsers)
    lives: dict[str, tuple[Feed, int]] = {name: (parsers[name].new(), 0) for name in names}
    end_s = time.monotonic() + seconds
    before_bytes = 0
    for number in range(packets):
        name = names[number % len(names)]
        feed, left = lives[name]
        if not left:
            feed, left = parsers[name].new(), chance.randrange(1, _LONGEST_LIFE)
        lives[name] = (feed, left - 1)
        packet = _broken(chance, parsers[name].seeds)
        if what := _harm_of(feed, packet):
            return number + 1, Harm(name, what, packet)
        if number == packets // 10:
            before_bytes = _memory()
        if number % 64 == 0 and time.monotonic() > end_s:
            return number + 1, None
    grown = _memory() - before_bytes
    if before_bytes and grown > GROWTH_BYTES:
        return packets, Harm("all", f"memory grew by {grown / 2**20:.0f} MiB", b"")
    return packets, None


def _harm_of(feed: Feed, packet: bytes) -> str:
    """What a packet did wrong; empty for nothing."""
    what, spent_s = _fed(feed, packet)
    if not what and spent_s > SLOW_S:  # once may be the collector's work
        what, spent_s = _fed(feed, packet)
        return what or (f"{spent_s * 1000:.0f} ms" if spent_s > SLOW_S else "")
    return what


def _fed(feed: Feed, packet: bytes) -> tuple[str, float]:
    """What a packet did wrong, and the seconds of computing that it took."""
    results: object = None
    begin_s = time.thread_time()
    try:
        with warnings.catch_warnings(action="error"):
            results = feed(packet)
    except FacewrightError as error:
        if len(str(error)) > 1000:
            return f"a message of {len(str(error))} characters", 0.0
    except Exception:  # noqa: BLE001 - any at all is what is looked for
        return traceback.format_exc(limit=-3), 0.0
    spent_s = time.thread_time() - begin_s
    faults = [_fault_of(result) for result in results] if isinstance(results, list) else []
    return next(filter(None, faults), ""), spent_s


def _fault_of(sample: FaceSample) -> str:
    shapes = {"weights": (52,), "head_deg": (3,), "head_cm": (3,), "gaze_deg": (2, 2)}
    for name, shape in shapes.items():
        values = getattr(sample, name)
        if values.shape != shape or values.dtype != np.float64:
            return f"{name} is {values.dtype} {values.shape}"
        if np.isinf(values).any() or np.nanmax(np.abs(values), initial=0.0) > 1e9:
            return f"{name} holds {values[~(np.abs(values) < 1e9)].tolist()}"
    if sample.time_s is not None and not -1e12 < sample.time_s < 1e12:
        return f"the time is {sample.time_s}"
    return ""


def _broken(chance: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    kind = chance.random()
    if kind < 0.04:
        return chance.randbytes(chance.randrange(0, 600))
    data = bytearray(chance.choice(seeds))
    if kind < 0.08:  # as it is: state must also be made, not only destroyed
        return bytes(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        what = chance.randrange(8)
        if what == 0:
            del data[at:]
        elif what == 1:
            del data[at : at + chance.randrange(1, 40)]
        elif what == 2:
            data[at:at] = chance.choice(_TEXTS)
        elif what == 3:
            value = chance.choice(_NUMBERS)
            at = at // 4 * 4 if chance.random() < 0.5 else at
            data[at : at + len(value)] = value
        elif what == 4 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif what == 5:
            other = chance.choice(seeds)
            data[at:] = other[chance.randrange(len(other) + 1) :]
        elif what == 6:
            length = chance.choice((4, 8, 16, 40))
            data[at:at] = data[at : at + length] * chance.randrange(1, 20)
        elif what == 7 and chance.random() < 0.02:
            data *= chance.randrange(2, 60)
    return bytes(data[: _LARGEST + 100])


def _valid_packets(name: str) -> tuple[bytes, ...]:
    generator = np.random.default_rng(1)
    dialect = DIALECTS[name]
    packets: list[bytes] = []
    if dialect.encoder:
        encoder = dialect.encoder()
        for number in range(8):
            sample = FaceSample(
                None,
                valid=number != 3,
                weights=generator.random(52),
                head_deg=generator.uniform(-80, 80, 3),
                head_cm=generator.uniform(-80, 80, 3),
                gaze_deg=generator.uniform(-30, 30, (2, 2)),
            )
            packets += encoder.encode(to_row(sample, number / 60))
    packets += _SPECIAL.get(name, ())
    if name == "livelink":
        for path in sorted(RECORDED.glob("*.gesichter")):
            packets += list(packets_of_recording(path.read_bytes(), path.name))[::90]
    return tuple(packets)


def _openseeface(number: int) -> bytes:
    head = struct.pack("<di2f2fBf", 1.7e9, number, 640, 480, 0.5, 0.5, 1, 3.0)
    pose = struct.pack("<4f3f3f", 0, 0, 0, 1, 170, 5, 95, 0.1, 0.2, -5)
    return head + pose + bytes(1785 - len(head) - len(pose))


_PRESETS = [
    osc.message("/VMC/Ext/Blend/Val", preset, 0.5)
    for preset in ("A", "I", "Blink_L", "happy", "lookLeft", "Neutral")
]
# Valid packets that no encoder of ours makes.
_SPECIAL: dict[str, tuple[bytes, ...]] = {
    "vmc": (*osc.bundles([*_PRESETS, osc.message("/VMC/Ext/Blend/Apply")]),),
    "openseeface": (_openseeface(0), _openseeface(0) + _openseeface(7)),
    "ifacialmocap": (
        b"mouthSmile_R-32|trackingStatus-1|=head#1,2,3,0,0,-0.5|rightEye#1,2,3|leftEye#1,2,3|",
        b"FMV3" + bytes(36),
    ),
    "facemotion3d": (b"mouthSmileLeft&4|FM_SAD&1|=head#1,2,3,0,0,0|",),
    "facecap": (osc.message("/W", 51, 1.0), osc.message("/HR", 1.0, 2.0, 3.0)),
    "vtube": (b'{"BlendShapes":[{"k":"JawOpen","v":1}],"FaceFound":false,"Timestamp":5}',),
}


def _hear_recording(data: bytes) -> list[FaceSample]:
    return [decode(packet) for packet in packets_of_recording(data, "broken.gesichter")]


def _memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def main(argv: list[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dialect", action="append", choices=list(DIALECTS))
    arguments = parser.parse_args(argv)
    chosen = {
        name: target
        for name, target in targets().items()
        if not arguments.dialect or name.partition("/")[0] in arguments.dialect
    }
    begin_s = time.monotonic()
    count, harm = fuzz(chosen, arguments.packets, arguments.seconds, arguments.seed)
    if harm:
        print(harm)
    result = "harm" if harm else "no harm"
    print(f"fuzz_formats: {count} packets in {time.monotonic() - begin_s:.0f} s, {result}")
    return 1 if harm else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

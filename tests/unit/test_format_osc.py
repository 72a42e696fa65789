# SPDX-License-Identifier: GPL-3.0-or-later
"""OSC: bytes from the specification, hostile packets, and python-osc as the other side."""

from __future__ import annotations

import struct

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from engine.core.errors import FacewrightError
from engine.formats import osc

# The two examples of the specification.
OSCILLATOR = b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"
FOO = (
    b"/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"
)
HEAD = b"#bundle\0\0\0\0\0\0\0\0\1"


def test_the_specifications_examples():
    assert osc.parse(OSCILLATOR) == [("/oscillator/4/frequency", [440.0])]
    ((address, arguments),) = osc.parse(FOO)
    assert (address, arguments[:3]) == ("/foo", [1000, -1, "hello"])
    assert arguments[3:] == pytest.approx([1.234, 5.678])


def test_what_we_send_are_the_specifications_bytes():
    assert osc.message("/oscillator/4/frequency", 440.0) == OSCILLATOR
    assert osc.message("/foo", 1000, -1, "hello", 1.234, 5.678) == FOO
    (bundle,) = osc.bundles([OSCILLATOR])
    assert bundle == HEAD + b"\0\0\0\x20" + OSCILLATOR


def test_bundles_keep_order_and_size():
    made = osc.bundles([osc.message("/n", number) for number in range(300)])
    assert len(made) > 1
    assert max(len(bundle) for bundle in made) <= 1500
    told = [arguments[0] for bundle in made for _, arguments in osc.parse(bundle)]
    assert told == list(range(300))


def test_every_type_and_none():
    tags = b"/a\0\0,hdtcrmTFNIb\0\0\0\0"
    body = struct.pack(">qdQIII", -5, 0.5, 1, 65, 2, 3) + b"\0\0\0\2xy\0\0"
    expected = [-5, 0.5, 1, 65, 2, 3, True, False, None, float("inf"), b"xy"]
    assert osc.parse(tags + body) == [("/a", expected)]
    assert osc.parse(b"/apply\0\0") == [("/apply", [])]


def nested(depth: int) -> bytes:
    made = OSCILLATOR
    for _ in range(depth):
        made = HEAD + struct.pack(">i", len(made)) + made
    return made


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"hello",
        b"/a",
        b"/a\0\0f\0\0\0",
        b"/a\0\0,f\0\0\0\0",
        b"/a\0\0,q\0\0",
        b"/a\0\0,s\0\0hell",
        b"/a\0\0,s\0\0\xff\xff\0\0",
        b"/a\0\0,b\0\0\x7f\xff\xff\xff",
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"#bundle\0",
        HEAD + b"\0\0",
        HEAD + struct.pack(">i", -4),
        HEAD + struct.pack(">i", 0),
        HEAD + struct.pack(">i", 2**31 - 1),
        HEAD + struct.pack(">i", 3) + b"/a\0",
        nested(2000),
        HEAD + (struct.pack(">i", 4) + b"/a\0\0") * 1025,
        b"/a\0\0," + b"T" * 300 + b"\0\0\0",
        b"/" * 70_000,
    ],
)
def test_what_is_no_packet_is_refused(broken):
    with pytest.raises(FacewrightError) as caught:
        osc.parse(broken)
    assert caught.value.code == "packet-unreadable"


def test_python_osc_understands_us():
    (bundle,) = osc.bundles([osc.message("/x", 7, 0.5, "häh"), osc.message("/y")])
    told = [(m.message.address, m.message.params) for m in OscPacket(bundle).messages]
    assert told == [("/x", [7, 0.5, "häh"]), ("/y", [])]


def test_we_understand_python_osc():
    outer, inner = OscBundleBuilder(IMMEDIATELY), OscBundleBuilder(IMMEDIATELY)
    said = OscMessageBuilder("/VMC/Ext/Blend/Val")
    said.add_arg("JawOpen")
    said.add_arg(0.25, "f")
    inner.add_content(said.build())
    outer.add_content(inner.build())
    outer.add_content(OscMessageBuilder("/VMC/Ext/Blend/Apply").build())
    assert osc.parse(outer.build().dgram) == [
        ("/VMC/Ext/Blend/Val", ["JawOpen", 0.25]),
        ("/VMC/Ext/Blend/Apply", []),
    ]

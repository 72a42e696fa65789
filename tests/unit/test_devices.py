# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras and microphones by name, from what each system reports."""

from __future__ import annotations

import json
import struct
import sys

import av
import pytest

from engine.__main__ import main
from engine.core.errors import FacewrightError
from engine.sources import devices, linux_devices
from engine.sources.devices import Device, find_camera, find_microphone, reported_by, same_again
from engine.sources.linux_devices import VideoNode, cameras_among, gives_pictures, microphones_in

CARDS = """\
 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xb1218000 irq 145
 1 [C920           ]: USB-Audio - HD Pro Webcam C920
                      HD Pro Webcam C920 at usb-0000:00:14.0-2, high speed
 2 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi
                      vc4-hdmi
"""
PCM = """\
00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
01-00: USB Audio : USB Audio : capture 1
02-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1
"""
C920 = Device("/dev/video2", "HD Pro Webcam C920", "video4linux2")
BUILT_IN = Device("/dev/video0", "Integrated Camera: Integrated C", "video4linux2")
WEBCAM = r"@device_pnp_\\?\usb#vid_046d&pid_082d&mi_00#7&2a#{65e8773d-8f56-11d0}\global"
VIRTUAL = r"@device_sw_{860BB310-5D01-11D0-BD3B-00A0C911CE86}\{A3FCE0F5-3493-419F-958A}"
SOUND = r"@device_cm_{33D9A762-90C8-11D0-BD43-00A0C911CE86}\wave_{3A5F}"


def capability(whole: int, node: int) -> bytes:
    return struct.pack(
        "16s32s32s6I", b"uvcvideo", b"HD Pro Webcam C920", b"usb-1", 0x60500, whole, node, 0, 0, 0
    )


def test_only_nodes_with_pictures_are_cameras():
    # A USB camera as kernel 6.5 describes it: the camera itself, then its metadata.
    assert gives_pictures(capability(0x84A00001, 0x04200001))
    assert not gives_pictures(capability(0x84A00001, 0x04A00000))
    assert gives_pictures(capability(0x04000001, 0))  # an old driver speaks of itself only
    assert not gives_pictures(capability(0x84008000, 0x04008000))  # a codec


def test_linux_cameras_come_by_number_and_without_metadata():
    nodes = [
        VideoNode("/dev/video10", "Capture Box", 0, True),
        VideoNode("/dev/video1", "Integrated Camera", 1, False),
        VideoNode("/dev/video0", "Integrated Camera", 0, True),
        VideoNode("/dev/video2", "Depth Camera", 2, True),
        VideoNode("/dev/video3", "Not Mine", 0, None),
        VideoNode("/dev/video4", "Not Mine", 1, None),
    ]
    assert cameras_among(nodes) == [
        ("/dev/video0", "Integrated Camera"),
        ("/dev/video2", "Depth Camera"),
        ("/dev/video3", "Not Mine"),
        ("/dev/video10", "Capture Box"),
    ]


def test_linux_microphones_are_the_devices_that_record():
    assert microphones_in(CARDS, PCM) == [
        ("plughw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC257 Analog"),
        ("plughw:CARD=C920,DEV=0", "HD Pro Webcam C920, USB Audio"),
    ]
    assert microphones_in("--- no soundcards ---\n", "") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_node_is_asked_without_being_trusted(tmp_path):
    """A file is no camera, a missing one cannot be asked."""
    path = tmp_path / "video0"
    assert linux_devices._captures(str(path)) is None
    path.touch()
    assert linux_devices._captures(str(path)) is False


def test_windows_cameras_have_unique_ids_and_readable_names():
    reported = [
        av.DeviceInfo(WEBCAM, "HD Pro Webcam C920", False, ["video"]),
        av.DeviceInfo(VIRTUAL, "OBS Virtual Camera", False, []),
        av.DeviceInfo(SOUND, "Mikrofon (C920)", False, ["audio"]),
        av.DeviceInfo(SOUND + "2", "Line In", False, []),
    ]
    assert reported_by("dshow", "video", reported) == [
        Device(WEBCAM, "HD Pro Webcam C920", "dshow"),
        Device(VIRTUAL, "OBS Virtual Camera", "dshow"),
    ]
    names = [device.name for device in reported_by("dshow", "audio", reported)]
    assert names == ["Mikrofon (C920)", "Line In"]


def test_macos_screens_are_no_cameras():
    reported = [
        av.DeviceInfo("0", "FaceTime HD Camera", False, ["video"]),
        av.DeviceInfo("1", "Capture screen 0", False, ["video"]),
        av.DeviceInfo("0", "MacBook Pro Microphone", False, ["audio"]),
    ]
    assert reported_by("avfoundation", "video", reported) == [
        Device("0", "FaceTime HD Camera", "avfoundation")
    ]
    assert reported_by("avfoundation", "audio", reported) == [
        Device("0", "MacBook Pro Microphone", "avfoundation")
    ]


@pytest.mark.parametrize("platform", ["win32", "darwin", "freebsd14"])
def test_a_system_that_lists_nothing_has_none(monkeypatch, platform):
    """This build of FFmpeg lacks the other systems' formats: asking for them fails here."""
    monkeypatch.setattr(sys, "platform", platform)
    assert devices.list_cameras() == devices.list_microphones() == []


@pytest.mark.parametrize("spec", ["1", "c920", "/dev/video2", " HD Pro Webcam C920 "])
def test_a_camera_is_found_by_number_name_or_path(spec):
    assert find_camera(spec, [BUILT_IN, C920]) == C920


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_camera_is_found_by_a_link_to_its_node(tmp_path):
    node, link = tmp_path / "video0", tmp_path / "usb-Integrated-index0"
    node.touch()
    link.symlink_to(node)
    camera = Device(str(node.resolve()), "Integrated", "video4linux2")
    assert find_camera(str(link), [C920, camera]) == camera


def test_a_screen_can_be_meant():
    assert find_camera("x11grab::99", []) == Device(":99", "x11grab::99", "x11grab")


@pytest.mark.parametrize("spec", ["2", "Kinect", "/dev/video7", ""])
def test_an_unknown_camera_names_those_that_are_there(spec):
    with pytest.raises(FacewrightError) as caught:
        find_camera(spec, [BUILT_IN, C920])
    assert caught.value.code == "camera-unknown"
    assert "1: HD Pro Webcam C920 (/dev/video2)" in caught.value.hint


def test_without_devices_the_error_says_so():
    with pytest.raises(FacewrightError, match="No camera") as caught:
        find_camera("0", [])
    assert caught.value.code == "no-camera"
    with pytest.raises(FacewrightError, match="No microphone") as caught:
        find_microphone("0", [])
    assert caught.value.code == "no-microphone"


def test_a_camera_that_comes_back_is_known_by_its_name():
    twin = Device("/dev/video4", C920.name, "video4linux2")
    assert same_again(C920, [BUILT_IN, twin, C920]) == C920
    assert same_again(C920, [BUILT_IN, twin]) == twin
    # Its number went to another camera meanwhile.
    other = Device("/dev/video2", "Capture Box", "video4linux2")
    assert same_again(C920, [other]) is None
    screen = Device(":99", "x11grab::99", "x11grab")
    assert same_again(screen, []) == screen


def test_the_command_line_lists_what_is_there(monkeypatch, capsys):
    monkeypatch.setattr(devices, "list_cameras", lambda: [BUILT_IN, C920])
    monkeypatch.setattr(devices, "list_microphones", list)
    assert main(["cameras"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "camera 0: Integrated Camera: Integrated C (/dev/video0)",
        "camera 1: HD Pro Webcam C920 (/dev/video2)",
        "no microphone found",
    ]
    assert main(["cameras", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["cameras"][1] == {
        "id": "/dev/video2",
        "name": "HD Pro Webcam C920",
        "format": "video4linux2",
    }
    assert listed["microphones"] == []

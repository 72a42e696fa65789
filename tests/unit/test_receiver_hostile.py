# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who mean no good, or nothing: strangers, floods, silent peers, scans, endless streams."""

import contextlib
import random
import socket
import threading
import time

import numpy as np
import psutil
import pytest

from engine.core.requests import LiveRequest
from engine.formats.dialects import DIALECTS
from engine.formats.ifacialmocap import IFacialMocapDecoder
from engine.formats.sample import FaceSample, to_row
from engine.pipeline.stream import StreamCapture, open_stream
from engine.sources import receiver as module
from engine.sources.receiver import Endpoint, Receiver

HERE = "127.0.0.1"
ROW = to_row(FaceSample(None, weights=np.full(52, 0.25)), 1.0)
FRAME = DIALECTS["ifacialmocap"].encoder().encode(ROW)[0]


def tcp_receiver():
    return Receiver(Endpoint("tcp"), lambda: IFacialMocapDecoder("tcp").feed)


def connected(receiver):
    connection = socket.create_connection((HERE, receiver.port), timeout=60.0)
    connection.settimeout(60.0)
    return connection


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.002)
    return False


@pytest.fixture
def speaker():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        yield one


@pytest.fixture
def stranger():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(0.3)
        yield one


@pytest.mark.parametrize("name", [*DIALECTS, "any"])
def test_oversized_empty_and_random_datagrams_are_refused(name, speaker):
    source = open_stream(f"udp:{name}:0", False)
    chance = random.Random(1)
    hostile = [b"", b"\0" * 65_507, chance.randbytes(65_507), b"{" * 65_000, b"/" * 9_000]
    hostile += [b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xff" + bytes(500), chance.randbytes(100)]
    for data in hostile:
        speaker.sendto(data, (HERE, source.port))
        told = source.receiver
        before = told.refused + told.received
        until(lambda told=told, before=before: told.refused + told.received > before, 0.05)
    assert until(lambda: source.receiver.refused + source.receiver.received >= len(hostile))
    while source.receiver.received and source.next_sample(0.0):
        pytest.fail("nonsense was taken for a face")
    source.close()


def test_a_stranger_s_flood_takes_nothing_from_the_sender(speaker, stranger):
    source = open_stream("udp:ifacialmocap:0", False)
    speaker.sendto(FRAME, (HERE, source.port))
    assert until(lambda: source.next_sample(0.05) is not None)
    heard = 0
    for number in range(2_000):
        stranger.sendto(FRAME, (HERE, source.port))
        if number % 50 == 0:
            speaker.sendto(FRAME, (HERE, source.port))
            heard += until(lambda: source.next_sample(0.05) is not None)
    assert heard == 40
    assert until(lambda: source.receiver.refused == 2_000) and source.received == 41
    source.close()


def test_a_flood_of_nonsense_is_cut_off_and_the_sender_still_gets_in(
    speaker, stranger, monkeypatch
):
    monkeypatch.setattr(module, "_MOST_PER_S", 40)
    parsed = []

    def counting():
        decoder = IFacialMocapDecoder()

        def parse(data):
            parsed.append(data)
            return decoder.feed(data)

        return parse

    receiver = Receiver(Endpoint(), counting)
    begun = time.monotonic()
    while receiver.refused < 1_000 and time.monotonic() < begun + 120:
        for _ in range(50):
            stranger.sendto(b"nonsense", (HERE, receiver.port))
        time.sleep(0.005)
    assert receiver.refused >= 1_000
    windows = time.monotonic() - begun + 2
    assert len(parsed) <= 40 * windows
    end = time.monotonic() + 120
    while not receiver.sender and time.monotonic() < end:
        speaker.sendto(FRAME, (HERE, receiver.port))
        time.sleep(0.02)
    assert receiver.sender.endswith(f":{speaker.getsockname()[1]}")
    receiver.close()


def test_a_silent_tcp_peer_gives_way_to_who_waits(monkeypatch):
    monkeypatch.setattr(module, "_SILENT_S", 0.3)
    receiver = tcp_receiver()
    with connected(receiver) as loris, connected(receiver) as phone:
        phone.sendall(FRAME + b"___iFacialMocap")
        assert receiver.take(60.0) is not None
        assert receiver.sender.endswith(f":{phone.getsockname()[1]}")
        assert loris.recv(10) == b""  # let go, and told nothing
    receiver.close()


def test_a_tcp_peer_that_drips_gives_way_too(monkeypatch):
    monkeypatch.setattr(module, "_SILENT_S", 0.3)
    receiver, closing = tcp_receiver(), threading.Event()

    def drip(connection):
        with contextlib.suppress(OSError):
            while not closing.wait(0.01):
                connection.sendall(b"a")

    with connected(receiver) as loris, connected(receiver) as phone:
        thread = threading.Thread(target=drip, args=(loris,))
        thread.start()
        phone.sendall(FRAME + b"___iFacialMocap")
        heard = receiver.take(60.0)
        closing.set()
        thread.join()
    assert heard is not None
    receiver.close()


def test_a_tcp_stream_without_an_end_is_cut_and_leaves_no_memory():
    receiver = tcp_receiver()
    for _ in range(3):
        with connected(receiver) as endless, contextlib.suppress(OSError):
            for _ in range(10_000):
                endless.sendall(b"a" * 65_536)
            pytest.fail("640 MB without a frame were heard")
    assert until(lambda: receiver.refused == 3)
    with connected(receiver) as phone:
        phone.sendall(FRAME + b"___iFacialMocap")
        assert receiver.take(60.0) is not None
    receiver.close()


def test_a_tcp_flood_is_slowed_down(monkeypatch):
    monkeypatch.setattr(module, "_MOST_PER_S", 20)
    receiver = tcp_receiver()
    begun = time.monotonic()
    with connected(receiver) as flood:
        flood.settimeout(2.0)
        with contextlib.suppress(OSError):
            for _ in range(600):
                flood.sendall((FRAME + b"___iFacialMocap") * 8)
        windows = time.monotonic() - begun + 2
        assert receiver.received <= 20 * windows
    receiver.close()


def test_a_thousand_connects_and_scans_leave_nothing_behind():
    receiver = tcp_receiver()
    own = psutil.Process()
    threads, files = own.num_threads(), own.num_fds()
    for number in range(1_000):
        with contextlib.suppress(OSError), connected(receiver) as scan:
            if number % 3 == 0:
                scan.sendall(b"GET / HTTP/1.0\r\n\r\n")
        if number % 20 == 19:  # the phone gets in between them
            with connected(receiver) as phone:
                phone.sendall(FRAME + b"___iFacialMocap")
                assert receiver.take(60.0) is not None
    assert until(lambda: not receiver.sender)
    # A thread of another test may end meanwhile.
    assert own.num_threads() <= threads and own.num_fds() <= files + 1
    receiver.close()


def test_strangers_are_told_nothing(stranger, speaker):
    """Neither by datagram nor by stream; greetings go to the phone that was named, alone."""
    receiver = Receiver(Endpoint(), lambda: IFacialMocapDecoder().feed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HERE, 0))
        phone.settimeout(10.0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            port = phone.getsockname()[1]
            other.bind(("127.0.0.2", port))  # the same port of a machine that nobody named
            other.settimeout(0.3)
            named = Receiver(
                Endpoint(peer=HERE, greet_port=port, greeting=b"hi", farewell=b"bye"),
                lambda: IFacialMocapDecoder().feed,
            )
            assert phone.recv(100) == b"hi"
            for data in (FRAME, b"nonsense", b""):
                other.sendto(data, (HERE, named.port))
                stranger.sendto(data, (HERE, receiver.port))
            assert until(lambda: named.refused >= 3)
            named.close()
            for deaf in (other, stranger):
                with pytest.raises(TimeoutError):
                    deaf.recv(100)
    listening = tcp_receiver()
    with connected(listening) as scan:
        scan.sendall(b"x" * 70_000)
        with contextlib.suppress(ConnectionResetError):
            assert scan.recv(100) == b""
    listening.close()
    receiver.close()


def test_a_name_that_comes_to_mean_another_machine_is_not_followed(monkeypatch):
    """The phone's name is looked up once; a greeting goes where that led."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HERE, 0))
        phone.settimeout(10.0)
        looked_up = []
        real = socket.getaddrinfo

        def once(host, *rest):
            looked_up.append(host)
            return real(HERE, *rest)

        monkeypatch.setattr(module, "_GREET_EVERY_S", 0.05)
        monkeypatch.setattr(module.socket, "getaddrinfo", once)
        endpoint = Endpoint(peer="phone.local", greet_port=phone.getsockname()[1], greeting=b"hi")
        receiver = Receiver(endpoint, lambda: IFacialMocapDecoder().feed)
        assert [phone.recv(10) for _ in range(5)] == [b"hi"] * 5
        receiver.close()
    assert looked_up == ["phone.local"]


def test_a_phone_that_must_be_asked_again_is(monkeypatch):
    monkeypatch.setattr(module, "_GREET_EVERY_S", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HERE, 0))
        phone.settimeout(10.0)
        endpoint = Endpoint(
            peer=HERE, greet_port=phone.getsockname()[1], greeting=b"ask", keep_greeting=True
        )
        receiver = Receiver(endpoint, lambda: IFacialMocapDecoder().feed)
        for _ in range(6):  # it answers every time, and is asked all the same
            assert phone.recv(10) == b"ask"
            phone.sendto(FRAME, (HERE, receiver.port))
        receiver.close()


def test_a_hundred_thousand_packets_of_nonsense_leave_no_memory(stranger, monkeypatch):
    monkeypatch.setattr(module, "_MOST_PER_S", 10**9)  # every one is parsed
    capture = StreamCapture(LiveRequest("udp:any:0"))
    receiver, own, chance = capture.source.receiver, psutil.Process(), random.Random(4)
    begins = (b"", b"/VMC", b"#bundle\0", b'{"BlendShapes":[', b"\x06\0\0\0\x04", b"head#|a-1|")
    pool = [chance.choice(begins) + chance.randbytes(chance.randrange(300)) for _ in range(1_000)]
    held = 0
    for hundred in range(1_000):
        for place in range(100):
            stranger.sendto(pool[(hundred * 100 + place) % len(pool)], (HERE, capture.source.port))
        told = hundred * 100 + 100
        until(lambda told=told: receiver.refused + receiver.received >= told, 0.2)
        if hundred == 200:
            held = own.memory_info().rss
    assert receiver.refused + receiver.received > 90_000
    assert own.memory_info().rss - held < 4 * 2**20
    assert capture.step(0.0) is None
    capture.close()

# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets from the network: who is heard, what is refused, and where the socket is bound."""

import socket
import time

import pytest

from engine.core.errors import FacewrightError
from engine.sources import receiver as module
from engine.sources.receiver import Endpoint, Receiver


def words():
    """A parser: words of a packet; nothing else makes sense."""

    def parse(data):
        if not data.isascii():
            raise FacewrightError("That is no text.", "", "packet-unreadable")
        return data.decode().split()

    return parse


@pytest.fixture
def receiver():
    opened = Receiver(Endpoint(), words)
    yield opened
    opened.close()


@pytest.fixture
def sender():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        yield one


def take_all(receiver, count, seconds=60.0):
    found, end = [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        if result := receiver.take(0.05):
            found.append(result[1])
    return found


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_what_is_sent_arrives_in_order(receiver, sender):
    for number in range(50):
        sender.sendto(f"packet {number}".encode(), ("127.0.0.1", receiver.port))
    assert take_all(receiver, 100)[1::2] == [str(number) for number in range(50)]
    assert receiver.received == 50 and receiver.dropped == 0


def test_only_this_machine_is_listened_to_unless_asked():
    quiet, loud = Receiver(Endpoint(), words), Receiver(Endpoint(network=True), words)
    assert quiet._socket.getsockname()[0] == "127.0.0.1"
    assert loud._socket.getsockname()[0] == "0.0.0.0"
    quiet.close()
    loud.close()


def test_nonsense_is_counted_told_and_takes_nobodys_place(receiver, sender):
    sender.sendto(b"\xff\xfe", ("127.0.0.1", receiver.port))
    assert until(lambda: receiver.refused == 1)
    assert receiver.problem.startswith("That is no text.") and receiver.sender == ""
    sender.sendto(b"hello", ("127.0.0.1", receiver.port))
    assert take_all(receiver, 1) == ["hello"]


def test_a_second_sender_waits_until_the_first_is_silent(receiver, sender, monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        sender.sendto(b"first", ("127.0.0.1", receiver.port))
        assert take_all(receiver, 1) == ["first"]
        other.sendto(b"second", ("127.0.0.1", receiver.port))
        assert until(lambda: receiver.refused == 1)
        monkeypatch.setattr(module, "_SILENT_S", 0.0)
        other.sendto(b"third", ("127.0.0.1", receiver.port))
        assert take_all(receiver, 1) == ["third"]


def test_a_named_phone_is_greeted_and_alone_is_heard(monkeypatch):
    monkeypatch.setattr(module, "_GREET_EVERY_S", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(5.0)
        port = phone.getsockname()[1]
        endpoint = Endpoint(peer="127.0.0.1", greet_port=port, greeting=b"hi", farewell=b"bye")
        receiver = Receiver(endpoint, words)
        data, address = phone.recvfrom(100)
        assert data == b"hi" and address[1] == receiver.port
        phone.sendto(b"face", address)
        assert take_all(receiver, 1) == ["face"]
        receiver.close()
        said = {phone.recvfrom(100)[0]}
        while b"bye" not in said:
            said.add(phone.recvfrom(100)[0])
    stranger = Receiver(Endpoint(peer="192.0.2.7"), words)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(b"face", ("127.0.0.1", stranger.port))
        assert until(lambda: stranger.refused == 1)
    stranger.close()


def test_tcp_senders_may_come_and_go():
    receiver = Receiver(Endpoint("tcp"), words)
    for word in ("one", "two"):
        with socket.create_connection(("127.0.0.1", receiver.port)) as connection:
            connection.sendall(word.encode())
            assert take_all(receiver, 1) == [word]
    receiver.close()


def test_what_nobody_takes_is_dropped_oldest_first(receiver, sender):
    for number in range(module._QUEUE + 44):
        sender.sendto(str(number).encode(), ("127.0.0.1", receiver.port))
        if number % 50 == 0:
            time.sleep(0.02)
    assert until(lambda: receiver.received == module._QUEUE + 44)
    assert receiver.dropped == 44
    assert receiver.take(0)[1] == "44"


def test_a_flood_is_cut_off(receiver, sender, monkeypatch):
    monkeypatch.setattr(module, "_MOST_PER_S", 20)
    sender.sendto(b"hello", ("127.0.0.1", receiver.port))
    assert take_all(receiver, 1) == ["hello"]
    for _ in range(60):
        sender.sendto(b"flood", ("127.0.0.1", receiver.port))
    assert until(lambda: receiver.received + receiver.refused == 61)
    assert receiver.refused >= 20


def test_a_port_that_is_taken_gets_a_sentence(receiver):
    with pytest.raises(FacewrightError, match="cannot be listened on") as caught:
        Receiver(Endpoint(port=receiver.port), words)
    assert caught.value.code == "port-taken"
    with pytest.raises(FacewrightError) as caught:
        Receiver(Endpoint(peer="no such machine"), words)
    assert caught.value.code == "address-unknown"

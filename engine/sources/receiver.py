# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets from the network, one sender at a time, bounded in size, rate and number.

Sockets are bound to this machine alone unless the network is asked for. Nothing is ever sent to
who was not named: a phone that wants a greeting is greeted at the address that a person gave.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..core.clock import now_s
from ..core.errors import FacewrightError

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
# No datagram is larger. What a TCP peer may send before it makes sense, its parser limits.
_LARGEST = 65_535
# Packets that a sender may send in a second; VMC sends a face in several, 60 times.
_MOST_PER_S = 5_000
# Packets that wait to be taken; more than a second of a fast sender.
_QUEUE = 256
# A sender that was silent for this long gives way to another.
_SILENT_S = 2.0
_GREET_EVERY_S = 1.0
_LISTEN_S = 0.2
# Connections that may wait, so that those who come and go at once keep nobody out.
_WAITING = 32


@dataclass(frozen=True)
class Endpoint:
    """Where packets come from.

    Attributes:
        transport: "udp", or "tcp" (the sender connects to us).
        port: To listen on; 0 takes any that is free.
        network: Listen to other machines, too.
        peer: Address of the phone that is greeted, and the only one that is heard; or empty.
        greet_port: Port that the greeting goes to.
        greeting: Sent every second until packets come; empty for none.
        farewell: Sent at the end.
        keep_greeting: Go on greeting while packets come.
    """

    transport: str = "udp"
    port: int = 0
    network: bool = False
    peer: str = ""
    greet_port: int = 0
    greeting: bytes = b""
    farewell: bytes = b""
    keep_greeting: bool = False


class Receiver:
    """Receives in a thread of its own.

    Args:
        endpoint: Where from.
        parse: A new parser for each sender: turns bytes into what they mean, and raises
            FacewrightError for what means nothing.

    Attributes:
        received: Packets, or pieces of a TCP stream, that were parsed.
        refused: Packets that meant nothing, came from others, or were too many.
        dropped: Results that nobody took in time.
        sender: Address of who is heard now, or empty.
        problem: The last sentence about a packet that meant nothing.

    Raises:
        FacewrightError: ``port-taken``, ``port-forbidden``, ``address-unknown``.
    """

    def __init__(
        self, endpoint: Endpoint, parse: Callable[[], Callable[[bytes], list[object]]]
    ) -> None:
        self._endpoint, self._new_parser = endpoint, parse
        self.received = self.refused = self.dropped = 0
        self.sender, self.problem = "", ""
        self._heard_s = 0.0
        self._results: deque[tuple[float, object]] = deque()
        self._ready = threading.Condition()
        self._closing = threading.Event()
        self._peers = _addresses(endpoint.peer)
        self._window_s, self._in_window = 0.0, 0
        self._socket = _bind(endpoint)
        self.port: int = self._socket.getsockname()[1]
        run = self._run_udp if endpoint.transport == "udp" else self._run_tcp
        self._thread = threading.Thread(target=run, name="receiver", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> tuple[float, object] | None:
        """The next result with the time of its arrival (``core.clock.now_s``), or None."""
        with self._ready:
            if not self._results:
                self._ready.wait(timeout_s)
            return self._results.popleft() if self._results else None

    def stop(self) -> None:
        """Begin to stop listening; ``close`` waits for its end. Of many, stop all before."""
        if not self._closing.is_set():
            self._closing.set()
            self._say(self._endpoint.farewell)

    def close(self) -> None:
        """Stop listening."""
        self.stop()
        self._thread.join(2.0)
        self._socket.close()

    def _run_udp(self) -> None:
        parser, greeted_s = self._new_parser(), 0.0
        while not self._closing.is_set():
            now = now_s()
            wanted = self._endpoint.keep_greeting or now - self._heard_s > _GREET_EVERY_S
            if wanted and now - greeted_s > _GREET_EVERY_S:
                greeted_s = now
                self._say(self._endpoint.greeting)
            try:
                data, address = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                continue
            except OSError:  # Windows tells of a greeting that nobody heard
                if self._closing.wait(_LISTEN_S):
                    return
                continue
            # A named phone is one sender, from whatever port it sends.
            host = address[0]
            sender = host if self._peers else f"{host}:{address[1]}"
            if not self._is_welcome(sender, host):
                self.refused += 1
            elif sender == self.sender:
                self._parse(parser, data)
            else:  # only who makes sense may take the place of a sender that fell silent
                candidate = self._new_parser()
                if self._parse(candidate, data):
                    self.sender, parser = sender, candidate

    def _run_tcp(self) -> None:
        greeted_s = 0.0
        while not self._closing.is_set():
            if now_s() - greeted_s > _GREET_EVERY_S:
                greeted_s = now_s()
                self._say(self._endpoint.greeting)
            try:
                connection, address = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with connection:
                if self._peers and address[0] not in self._peers:
                    self.refused += 1
                    continue
                self.sender = f"{address[0]}:{address[1]}"
                self._hear_connection(connection)
                self.sender = ""

    def _hear_connection(self, connection: socket.socket) -> None:
        parser = self._new_parser()
        connection.settimeout(_LISTEN_S)
        self._heard_s = now_s()
        while not self._closing.is_set():
            # Who says nothing of sense gives way, but only to somebody who waits.
            if now_s() - self._heard_s > _SILENT_S and _is_readable(self._socket):
                return
            try:
                data = connection.recv(_LARGEST)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            while not self._is_in_time():  # the sender waits, as is the way of TCP
                if self._closing.wait(_LISTEN_S):
                    return
            if not self._parse(parser, data):
                return  # what a broken stream says next means nothing, either

    def _is_welcome(self, sender: str, host: str) -> bool:
        if self._peers and host not in self._peers:
            return False
        if sender != self.sender and self.sender and now_s() - self._heard_s <= _SILENT_S:
            return False
        return self._is_in_time()

    def _is_in_time(self) -> bool:
        """Whether another packet may be parsed in this second."""
        now = now_s()
        if now - self._window_s >= 1.0:
            self._window_s, self._in_window = now, 0
        self._in_window += 1
        return self._in_window <= _MOST_PER_S

    def _parse(self, parser: Callable[[bytes], list[object]], data: bytes) -> bool:
        arrival_s = now_s()
        try:
            results = parser(data)
        except FacewrightError as error:
            self.refused += 1
            self.problem = str(error)
            return False
        self.received += 1
        if results or self._endpoint.transport == "udp":  # a stream that never ends a frame is none
            self._heard_s = arrival_s
        with self._ready:
            for result in results:
                if len(self._results) >= _QUEUE:
                    self._results.popleft()
                    self.dropped += 1
                self._results.append((arrival_s, result))
            if results:
                self._ready.notify()
        return True

    def _say(self, words: bytes) -> None:
        """To the phone that was named, and nobody else."""
        endpoint = self._endpoint
        if not (words and self._peers):
            return
        # The numbers found at the beginning: a name may mean another machine by now.
        address = (self._peers[0], endpoint.greet_port)
        with contextlib.suppress(OSError):
            if endpoint.transport == "udp":
                self._socket.sendto(words, address)
                return
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
                speaker.sendto(words, address)


def _is_readable(listener: socket.socket) -> bool:
    return bool(select.select([listener], [], [], 0)[0])


def _bind(endpoint: Endpoint) -> socket.socket:
    kind = socket.SOCK_DGRAM if endpoint.transport == "udp" else socket.SOCK_STREAM
    listener = socket.socket(socket.AF_INET, kind)
    try:
        listener.bind((EVERYWHERE if endpoint.network else LOOPBACK, endpoint.port))
        if kind == socket.SOCK_STREAM:
            listener.listen(_WAITING)
    except (OSError, OverflowError) as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise FacewrightError(
                f"Port {endpoint.port} may not be listened on.",
                "Choose a port above 1024.",
                "port-forbidden",
            ) from error
        raise FacewrightError(
            f"Port {endpoint.port} cannot be listened on ({error}).",
            "Another program, or another Blender, may be listening on it; close it, or choose "
            "another port here and in the sending app.",
            "port-taken",
        ) from error
    listener.settimeout(_LISTEN_S)
    return listener


def _addresses(peer: str) -> tuple[str, ...]:
    """The numbers of a named machine, each once; empty for everybody."""
    if not peer:
        return ()
    try:
        found = socket.getaddrinfo(peer, None, socket.AF_INET)
    except (OSError, UnicodeError) as error:
        raise FacewrightError(
            f'There is no machine "{peer}" on the network ({error}).',
            "Type the address that the app on the phone shows.",
            "address-unknown",
        ) from error
    return tuple(dict.fromkeys(info[4][0] for info in found))

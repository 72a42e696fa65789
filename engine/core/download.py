# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch one file whose size and hash are known beforehand."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from .errors import FacewrightError
from .progress import Progress
from .whole_file import whole_file

TIMEOUT_S = 20.0
_CHUNK = 1 << 18
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def download(
    url: str,
    target: Path,
    size: int,
    sha256: str,
    progress: Progress | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Path:
    """Fetch a file; it appears under its name whole and right, or not at all.

    Args:
        url: https; plain http only from this machine itself.
        target: Where to; a file of that name is replaced once the new one is there.
        size: Bytes that the file must have.
        sha256: Hash that it must have, lower-case hexadecimal.
        progress: Told the bytes; may cancel.
        timeout_s: How long the other side may be silent, seconds.

    Returns:
        ``target``.

    Raises:
        FacewrightError: ``no-network``, ``download-refused``, ``download-corrupt``, ``disk-full``,
            ``folder-unwritable`` or ``address-insecure``.
        Cancelled: By the progress.
    """
    progress = progress or Progress()
    _check_address(url)
    with whole_file(target, size) as file:
        digest = hashlib.sha256()
        done = 0
        for chunk in _chunks(url, target.name, timeout_s):
            done += len(chunk)
            if done > size:
                break
            digest.update(chunk)
            file.write(chunk)
            progress.step(done, size, "bytes")
        if done != size or digest.hexdigest() != sha256:
            raise FacewrightError(
                f"What came from {url} is not the file that was expected "
                f"({_difference(done, size)}).",
                "Nothing was kept. Try again; if it stays so, the file was changed over there.",
                "download-corrupt",
            )
    return target


def _difference(done: int, size: int) -> str:
    if done == size:
        return "another sha256"
    return f"{'more' if done > size else f'{done} bytes instead of'} {size}"


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise FacewrightError(
        f"{url} is no https address.", "Only https is fetched from.", "address-insecure"
    )


def _chunks(url: str, name: str, timeout_s: float) -> Iterator[bytes]:
    request = urllib.request.Request(url, headers={"User-Agent": "Facewright"})
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            while chunk := answer.read(_CHUNK):
                yield chunk
    except urllib.error.HTTPError as error:
        raise FacewrightError(
            f"{url} was refused ({error.code} {error.reason}).",
            "The file may have moved; get it from its authors and add it by hand.",
            "download-refused",
        ) from error
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise FacewrightError(
            f"{name} could not be fetched from {urlsplit(url).hostname} ({reason}).",
            "Look whether this machine is online and may reach that address.",
            "no-network",
        ) from error

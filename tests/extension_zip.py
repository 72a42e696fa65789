# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture that builds the extension's zip for Linux, once for all tests that install it."""

from pathlib import Path

import pytest

from tools import build_extension

PLATFORM = "linux-x64"


@pytest.fixture(scope="session")
def linux_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``facewright-<version>-linux_x64.zip`` of the working tree as it is."""
    try:
        build_extension.find_builder()
    except build_extension.BuildError as error:
        pytest.skip(str(error))
    build_extension.fetch_wheels.fetch([PLATFORM])
    (path,) = build_extension.build(tmp_path_factory.mktemp("dist"), [PLATFORM])
    return path

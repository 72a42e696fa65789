# SPDX-License-Identifier: GPL-3.0-or-later
"""A table of numbers as text, read by column name: fast, and bounded whatever the file claims."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from .foreign_take import MAX_FRAMES, unreadable

_MAX_COLUMNS = 4096
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+", re.ASCII)
# Rows turned into an array at once: a row of Python numbers takes ten times the memory.
_BLOCK = 2048


@dataclass(frozen=True)
class Table:
    """Columns of a file.

    Attributes:
        texts: The text of each row in the column asked for as text, T long.
        numbers: float64 (T, C): the columns asked for as numbers; an empty cell is NaN.
    """

    texts: list[str]
    numbers: np.ndarray


def open_text(name: str, data: bytes) -> str:
    """The text of a file, UTF-8 with or without its mark, or UTF-16 with it.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise unreadable(name, "it is not text") from error
    if "\0" in text:
        raise unreadable(name, "it is not text")
    return text


def rows_of(name: str, text: str) -> Iterator[list[str]]:
    """The rows of a table, cells separated by whichever of comma, semicolon and tab the first
    line has most of.

    Raises:
        FacewrightError: ``file-unreadable``, while the rows are taken.
    """
    head = text[: text.find("\n") if "\n" in text else None]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(_lines(name, text, delimiter), delimiter=delimiter, skipinitialspace=True)
    try:
        yield from reader
    except csv.Error as error:
        raise unreadable(name, f"row {reader.line_num} is no row of a table ({error})") from error


def _lines(name: str, text: str, delimiter: str) -> Iterator[str]:
    """The lines, none of which makes a row that fills the memory."""
    for number, line in enumerate(io.StringIO(text), start=1):
        if line.count(delimiter) >= _MAX_COLUMNS:
            raise unreadable(name, f"row {number} has more than {_MAX_COLUMNS} columns")
        if line.count('"') % 2:
            raise unreadable(name, f"a quotation mark in row {number} is not closed")
        yield line


def read_header(name: str, rows: Iterator[list[str]]) -> dict[str, int]:
    """Number of each column by its name in lower case; of a name that comes twice the first.

    Raises:
        FacewrightError: ``file-unreadable``.
    """
    header = next(rows, [])
    if not header:
        raise unreadable(name, "it is empty")
    columns: dict[str, int] = {}
    for index, cell in enumerate(header):
        columns.setdefault(cell.strip().lower(), index)
    return columns


def read_table(
    name: str, rows: Iterator[list[str]], text_column: int, number_columns: list[int]
) -> Table:
    """The rows after the header; empty lines are passed over.

    Args:
        name: The file's, for errors.
        rows: Rest of ``rows_of``.
        text_column: A column wanted as text.
        number_columns: At least two columns wanted as numbers.

    Raises:
        FacewrightError: ``file-unreadable``: a short row, a cell that is no number, too many rows.
    """
    pick = itemgetter(*number_columns)
    texts: list[str] = []
    blocks: list[np.ndarray] = []
    block: list[list[float]] = []
    for number, row in enumerate(rows, start=2):
        # Spreadsheets write separators alone for an empty row.
        if not any(map(str.strip, row)):
            continue
        try:
            cells = pick(row)
            texts.append(row[text_column])
        except IndexError:
            raise unreadable(name, f"row {number} has only {len(row)} cells") from None
        try:
            block.append(list(map(float, cells)))
        except ValueError:
            block.append([_number(name, number, cell) for cell in cells])
        if len(block) >= _BLOCK:
            blocks.append(np.array(block))
            block = []
            if len(texts) > MAX_FRAMES:
                raise unreadable(name, f"it has more than {MAX_FRAMES} rows")
    blocks.append(np.array(block, np.float64).reshape(-1, len(number_columns)))
    return Table(texts, np.concatenate(blocks))


def _number(name: str, row: int, cell: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        hint = "Export it with decimal points." if _DECIMAL_COMMA.fullmatch(cell.strip()) else ""
        raise unreadable(name, f'"{cell[:40]}" in row {row} is no number', hint) from None

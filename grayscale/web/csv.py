"""Sheets to download, whose cells no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Iterator

from flask import Response

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula; blanks before it change nothing.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheet(name: str, header: list[str], rows: Iterable[list[str]]) -> Response:
    """A CSV file of this name, in UTF-8 as Excel recognises it."""

    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        yield "\ufeff"
        for row in (header, *rows):
            writer.writerow([inert(cell) for cell in row])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()

    response = Response(lines(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def inert(cell: str) -> str:
    """*cell* as text: an apostrophe before what could be a formula, no NUL."""
    cell = cell.replace("\x00", "")
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell

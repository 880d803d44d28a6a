"""What a person typed into a search field, and the rows whose indexed words begin with it, on either database."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, column, func, select, table, text

from grayscale.extensions import db

SHORTEST_WORD = 2
MOST_WORDS = 8

_NOT_FOLDED = str.maketrans("đĐłŁıøØ", "ddllioo")


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked: words to begin with, and the digits if it looks like a phone number."""

    words: tuple[str, ...]
    digits: str | None

    def __bool__(self) -> bool:
        return bool(self.words or self.digits)


def fold(words: str) -> str:
    """Lower case without accents, as both indexes keep words."""
    plain = unicodedata.normalize("NFKD", words.translate(_NOT_FOLDED))
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()


def parse(query: str) -> Terms:
    """Read what a person typed."""
    query = query.strip()[:200]
    digits = None
    if re.fullmatch(r"[\d\s()+./\-–]*", query):
        digits = re.sub(r"\D", "", query)
        digits = digits if len(digits) >= 3 else None
    words = tuple(word for word in re.findall(r"\w+", fold(query)) if len(word) >= SHORTEST_WORD)[:MOST_WORDS]
    return Terms(words, digits)


def matching(search: str, model: Any, words: Any, beginnings: Iterable[str], *, kind: str = "words") -> Select[Any]:
    """Ids of rows of *model* with an indexed word that begins with any of *beginnings*; *kind* is words or digits."""
    if db.engine.dialect.name == "sqlite":
        fts = table(search, column("rowid"), column("words"))
        asked = " OR ".join(f'"{each}"*' for each in beginnings)
        match = text(f"{search} MATCH :{search}_q").bindparams(bindparam(f"{search}_q", asked, unique=True))
        inner = select(fts.c.rowid.label("id")).select_from(fts).where(match)
    else:
        inner = select(model.id.label("id")).where(begins(f"search_{kind}", words, beginnings))
    # From a subquery, so that it is never taken for a condition on the *model* around it.
    return select(inner.subquery().c.id)


def begins(function: str, words: Any, beginnings: Iterable[str]) -> ColumnElement[bool]:
    """On PostgreSQL: one of *words*, as *function* tells them apart, begins with any of *beginnings*."""
    query = func.to_tsquery(text("'simple'"), " | ".join(f"'{each}':*" for each in beginnings))
    return getattr(func, function)(words).op("@@")(query)  # type: ignore[no-any-return]

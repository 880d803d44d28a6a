"""fold strokes

SQLite's full-text index folds accents, but not the strokes and the missing dot of these letters, which are no accents by
Unicode: "Łukasz" was found neither as it is written nor as "Lukasz". Its triggers now write them plain, as PostgreSQL's
index always had them; what was indexed with one of them is indexed anew.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STROKES = dict(zip("đĐłŁıøØ", "dDlLioO", strict=True))
# table of the words, the table they come from, and its column
SOURCES = (
    ("message_search", "message", "body"),
    ("candidate_search", "candidate", "name"),
    ("posting_search", "posting", "title"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _index_as(_plain, before=str)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _index_as(str, before=_plain)


def _plain(words: str) -> str:
    for stroked, plain in STROKES.items():
        words = f"replace({words}, '{stroked}', '{plain}')"
    return words


def _index_as(written, *, before) -> None:
    for search, table, column in SOURCES:
        for what in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER {search}_{what}")
        stroked = " OR ".join(f"{column} LIKE '%{letter}%'" for letter in STROKES)
        if table == "message":
            # Without content of its own the index must be told the words it is to forget.
            op.execute(
                f"INSERT INTO {search} ({search}, rowid, words) SELECT 'delete', id, {before(column)} FROM {table}"
                f" WHERE {stroked}"
            )
        else:
            op.execute(f"DELETE FROM {search} WHERE rowid IN (SELECT id FROM {table} WHERE {stroked})")
        op.execute(f"INSERT INTO {search} (rowid, words) SELECT id, {written(column)} FROM {table} WHERE {stroked}")
        _make_triggers(search, table, column, written)


def _make_triggers(search: str, table: str, column: str, written) -> None:
    has_words = f"coalesce({{row}}.{column}, '') != ''"
    insert = (
        f"INSERT INTO {search} (rowid, words) SELECT new.id, {written(f'new.{column}')}"
        f" WHERE {has_words.format(row='new')};"
    )
    if table == "message":
        delete = (
            f"INSERT INTO {search} ({search}, rowid, words) SELECT 'delete', old.id, {written(f'old.{column}')}"
            f" WHERE {has_words.format(row='old')};"
        )
    else:
        delete = f"DELETE FROM {search} WHERE rowid = old.id;"
    op.execute(
        f"CREATE TRIGGER {search}_insert AFTER INSERT ON {table} WHEN {has_words.format(row='new')} BEGIN {insert} END"
    )
    op.execute(
        f"CREATE TRIGGER {search}_delete AFTER DELETE ON {table} WHEN {has_words.format(row='old')} BEGIN {delete} END"
    )
    op.execute(
        f"CREATE TRIGGER {search}_update AFTER UPDATE OF {column} ON {table} WHEN new.{column} IS NOT old.{column}"
        f" BEGIN {delete} {insert} END"
    )

"""search

Full-text indexes over names, phone numbers, postings and the words of messages, kept by triggers on SQLite and by
expression indexes on PostgreSQL. Both fold accents and match the beginnings of words. A later migration that rebuilds one
of these tables on SQLite must make its triggers anew, for they go with the old table.

Revision ID: 0002
Revises: 0001
"""

import sqlite3

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# table of the words, and the table they come from
SOURCES = (
    ("message_search", "message"),
    ("candidate_search", "candidate"),
    ("posting_search", "posting"),
    ("phone_search", "candidate_phone"),
    ("peer_search", "conversation"),
)
# A number is found by any of its usual notations: whole, or its national ends.
ENDS = (11, 10, 9, 8, 7, 4)
COLUMN = {"message": "body", "candidate": "name", "posting": "title", "candidate_phone": "e164", "conversation": "peer"}

ACCENTED = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįıłľñńňòóôõöøōőŕřśšşťùúûüūůűýÿźžżÀÁÂÃÄÅĀĂĄÇĆČĎĐÈÉÊËĒĖĘĚĞÌÍÎÏĪĮİŁĽÑŃŇÒÓÔÕÖØŌŐŔŘŚŠŞŤÙÚÛÜŪŮŰÝŸŹŽŻ"
PLAIN = "aaaaaaaaacccddeeeeeeeegiiiiiiillnnnoooooooorrssstuuuuuuuyyzzzaaaaaaaaacccddeeeeeeeegiiiiiiillnnnoooooooorrssstuuuuuuuyyzzz"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def _words(table: str, row: str) -> str:
    column = f"{row}.{COLUMN[table]}"
    if table in ("candidate_phone", "conversation"):
        digits = f"replace({column}, '+', '')"
        return " || ' ' || ".join([digits, *(f"substr({digits}, -{end})" for end in ENDS)])
    return column


def _upgrade_sqlite() -> None:
    for search, table in SOURCES:
        column = COLUMN[table]
        # The words of messages are not stored twice: the index reads them from the message.
        if table == "message":
            options = "words, content='', tokenize='unicode61 remove_diacritics 2', prefix='2 3'"
        else:
            options = "words, tokenize='unicode61 remove_diacritics 2', prefix='2 3 4'"
        op.execute(f"CREATE VIRTUAL TABLE {search} USING fts5({options})")
        if sqlite3.sqlite_version_info >= (3, 42):
            op.execute(f"INSERT INTO {search} ({search}, rank) VALUES ('secure-delete', 1)")
        has_words = f"coalesce({{row}}.{column}, '') != ''"
        insert = (
            f"INSERT INTO {search} (rowid, words) SELECT new.id, {_words(table, 'new')}"
            f" WHERE {has_words.format(row='new')};"
        )
        if table == "message":
            # Without content of its own the index must be told the words it is to forget.
            delete = (
                f"INSERT INTO {search} ({search}, rowid, words) SELECT 'delete', old.id, old.body"
                f" WHERE {has_words.format(row='old')};"
            )
        else:
            delete = f"DELETE FROM {search} WHERE rowid = old.id;"
        op.execute(
            f"CREATE TRIGGER {search}_insert AFTER INSERT ON {table} WHEN {has_words.format(row='new')}"
            f" BEGIN {insert} END"
        )
        op.execute(
            f"CREATE TRIGGER {search}_delete AFTER DELETE ON {table} WHEN {has_words.format(row='old')}"
            f" BEGIN {delete} END"
        )
        op.execute(
            f"CREATE TRIGGER {search}_update AFTER UPDATE OF {column} ON {table} WHEN new.{column} IS NOT old.{column}"
            f" BEGIN {delete} {insert} END"
        )
        op.execute(
            f"INSERT INTO {search} (rowid, words) SELECT id, {_words(table, table)} FROM {table}"
            f" WHERE coalesce({column}, '') != ''"
        )


def _upgrade_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION search_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
        f" $$ SELECT to_tsvector('pg_catalog.simple', translate($1, '{ACCENTED}', '{PLAIN}')) $$"
    )
    ends = " || ' ' || ".join(f"right($1, {end})" for end in ENDS)
    op.execute(
        "CREATE FUNCTION search_digits(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT"
        f" to_tsvector('pg_catalog.simple', replace($1 || ' ' || {ends}, '+', '')) $$"
    )
    for search, table in SOURCES:
        function = "search_digits" if table in ("candidate_phone", "conversation") else "search_words"
        op.execute(f"CREATE INDEX ix_{search} ON {table} USING gin ({function}({COLUMN[table]}))")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for search, _ in SOURCES:
            for what in ("insert", "delete", "update"):
                op.execute(f"DROP TRIGGER {search}_{what}")
            op.execute(f"DROP TABLE {search}")
        return
    for search, _ in SOURCES:
        op.execute(f"DROP INDEX ix_{search}")
    op.execute("DROP FUNCTION search_words(text)")
    op.execute("DROP FUNCTION search_digits(text)")

"""fold where needed

PostgreSQL's ``translate`` compares every letter of a text with every letter that is folded: 125 µs for a text of 83 letters,
nearly all of what indexing it or looking into it took. A text in which no such letter stands is now left as it is. What the
function answers is the same, so the indexes made by it stay right, also for processes that still run older code. It is not
STRICT any more, as PostgreSQL would then call it for every row instead of putting its words into the statement.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ACCENTED = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįıłľñńňòóôõöøōőŕřśšşťùúûüūůűýÿźžżÀÁÂÃÄÅĀĂĄÇĆČĎĐÈÉÊËĒĖĘĚĞÌÍÎÏĪĮİŁĽÑŃŇÒÓÔÕÖØŌŐŔŘŚŠŞŤÙÚÛÜŪŮŰÝŸŹŽŻ"
PLAIN = "aaaaaaaaacccddeeeeeeeegiiiiiiillnnnoooooooorrssstuuuuuuuyyzzzaaaaaaaaacccddeeeeeeeegiiiiiiillnnnoooooooorrssstuuuuuuuyyzzz"
FOLDED = f"translate($1, '{ACCENTED}', '{PLAIN}')"


def upgrade() -> None:
    _words(f"""CASE WHEN $1 COLLATE "C" ~ '[{ACCENTED}]' THEN {FOLDED} ELSE $1 END""")


def downgrade() -> None:
    _words(FOLDED, "STRICT")


def _words(of: str, strict: str = "") -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE OR REPLACE FUNCTION search_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE {strict} PARALLEL SAFE"
            f" AS $$ SELECT to_tsvector('pg_catalog.simple', {of}) $$"
        )

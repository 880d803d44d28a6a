"""Writing the pages of opportunities that walks have brought."""

from __future__ import annotations

from collections.abc import Sequence

from grayscale.clients.lever.client import LeverClient
from grayscale.database import transaction
from grayscale.domain.lever import mirror, poll
from grayscale.domain.lever.sync_walks import Fetched, Walk
from grayscale.models import SyncKind, Via


def write(pages: Sequence[tuple[Walk, Fetched]], kind: SyncKind, via: Via, client: LeverClient) -> list[int]:
    """Rows written of each page. All of them are committed, together with where their walks then stand, or none.

    A walk that no row was written of and that goes on is left to be saved later.
    """
    if via is Via.POLL:
        for _, fetched in pages:
            poll.resolve(client, fetched.rows)
    # A first sync changes nearly everything: looking beforehand would only cost time.
    is_first = kind is SyncKind.INITIAL
    changing = [is_first or mirror.needs_write(fetched.rows) for _, fetched in pages]
    written = [0] * len(pages)
    saved = {walk.id: walk for (walk, _), changes in zip(pages, changing, strict=True) if changes or walk.done}
    for walk, _ in pages:
        walk.is_unsaved = walk.id not in saved
    if not saved:
        return written
    with transaction():
        for at, (walk, fetched) in enumerate(pages):
            if not changing[at]:
                continue
            applied = mirror.write(fetched.rows, via)
            written[at] = applied.written
            # Whoever finds a change takes it from those who look later; a first sync finds what was there before.
            if not is_first or walk.resource == "changes":
                poll.keep(applied.changes)
        for walk in saved.values():
            walk.save()
    return written

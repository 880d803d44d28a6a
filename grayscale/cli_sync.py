"""``flask sync``: one sync in the foreground, with a progress bar."""

import time

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from grayscale.domain.company import ensure_rows
from grayscale.domain.lever import connection, sync
from grayscale.domain.lever.sync import SyncStatus
from grayscale.extensions import db
from grayscale.models import SyncKind, SyncRun, SyncState

ROUND_SECONDS = 1.0
# How often to look while another process does the work.
LOOK_SECONDS = 0.5
GIVE_UP_MESSAGE = "The sync did not complete: {}"


@click.command("sync")
@click.option("--full", is_flag=True, help="Compare everything, and find deletions.")
@with_appcontext
def sync_command(full: bool) -> None:
    """Sync Lever now and show how far it is; joins a sync that already runs."""
    ensure_rows()
    if not connection.is_connected():
        raise click.ClickException(GIVE_UP_MESSAGE.format("no API key that Lever accepts is saved."))
    run_id = _begin(full)
    bars = _Bars()
    try:
        run = _follow(run_id, bars)
    except KeyboardInterrupt:
        sync.stop()
        bars.close()
        click.echo("Stopped here; the server goes on. Cancel is on Settings › ATS Integration › Lever.", err=True)
        raise click.Abort from None
    finally:
        bars.close()
    if run.state is not SyncState.DONE:
        raise click.ClickException(GIVE_UP_MESSAGE.format(run.error or "it was cancelled."))
    status = sync.status_of(run)
    click.echo(
        f"Done: {status.done} records in {status.elapsed:.0f} s, {status.requests} requests"
        f" ({status.requests_per_second:.1f} a second)."
    )


def _begin(full: bool) -> int:
    first = sync.last_success() is None
    kind = SyncKind.FULL if full and not first else SyncKind.INITIAL if first else SyncKind.POLL
    taken_up = sync.take_up_failed() if first or full else None
    return taken_up if taken_up is not None else sync.create(kind).id


def _follow(run_id: int, bars: "_Bars") -> SyncRun:
    """Work on the run, or watch whoever does, until it has ended."""
    while True:
        worked = sync.run_if_due(ROUND_SECONDS)
        db.session.rollback()
        run = db.session.get_one(SyncRun, run_id, populate_existing=True)
        bars.show(sync.status_of(run))
        if run.state is not SyncState.RUNNING:
            return run
        if not worked:
            if not connection.is_connected():
                raise click.ClickException(GIVE_UP_MESSAGE.format("Lever refuses the API key."))
            db.session.rollback()
            time.sleep(LOOK_SECONDS)


class _Bars:
    """One bar a resource, in the order they turn up."""

    def __init__(self) -> None:
        self._bars: dict[str, tqdm] = {}

    def show(self, status: SyncStatus) -> None:
        for line in status.resources:
            bar = self._bars.get(line.name)
            if bar is None:
                bar = tqdm(desc=line.label, unit="", position=len(self._bars), leave=True, dynamic_ncols=True)
                self._bars[line.name] = bar
            bar.total = line.known
            bar.n = line.done
            if line.words:
                bar.set_postfix_str(line.words, refresh=False)
            bar.refresh()

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()

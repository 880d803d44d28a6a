"""A small deployment on a durable PostgreSQL, with one person who texts one candidate."""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.soak import check
from bench.soak.deployment import Deployment, Process, running
from bench.soak.people import OK, Recruiter, Said
from bench.webhooks.servers import durable_postgresql
from grayscale.sandbox import Sandbox
from tests.flow.product import eventually


@contextmanager
def deployed(workers: int) -> Iterator[Deployment]:
    """One web process that also runs the jobs, or with *workers* as many processes that do."""
    with (
        tempfile.TemporaryDirectory() as folder,
        durable_postgresql() as server,
        Sandbox(candidates=20, step_seconds=3600) as sandbox,
        running(Path(folder), sandbox, server, "workers" if workers else "in-process", 1) as deployment,
    ):
        keep(deployment, workers, Path(folder))
        yield deployment


def keep(deployment: Deployment, workers: int, folder: Path) -> None:
    """One web process, and as many workers as are measured."""
    webs = [one for one in deployment.processes if one.name.startswith("web")]
    for process in webs[1:]:
        process.end(signal.SIGTERM)
        deployment.processes.remove(process)
    deployment.proxy.backends = deployment.proxy.backends[:1]
    deployment.proxy.turns = iter(lambda: 0, 1)
    if workers > 1:
        second = Process("worker2", "flask --app app work", deployment.environment, folder)
        deployment.processes.append(second)
        second.start()


def ready(deployment: Deployment) -> Recruiter:
    """A signed-in person with a conversation, once candidates are there."""
    eventually(lambda: check.query(deployment.server, "SELECT 1 FROM sync_run WHERE state = 'done'"), within=120)
    found = check.query(
        deployment.server,
        "SELECT o.lever_id, p.e164 FROM opportunity o JOIN candidate_phone p ON p.candidate_id = o.candidate_id"
        " WHERE o.archived_at IS NULL AND NOT o.confidential AND p.e164 IS NOT NULL",
    )
    person = Recruiter(deployment, 0, Said())
    person.sign_in(found)
    return person


def text(deployment: Deployment, person: Recruiter, words: str) -> float:
    """Write a text and press Send; when that was."""
    path = f"/inbox/{person.conversation}"
    form = next(form for form in person.session.get(path).forms if form.has({"Message"}, "Send"))
    values = {
        entry.name: words if entry.label == "Message" else entry.value
        for entry in form.fields
        if entry.name and (entry.kind not in ("checkbox", "radio", "file", "submit") or entry.checked)
    }
    pressed = time.time()
    if person.post(form.action or path, values) < OK:
        person.said.taken.append(words)
    return pressed

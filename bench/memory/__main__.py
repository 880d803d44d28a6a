"""``python -m bench.memory``: the web process with a large sync behind it, and while people use the inbox."""

import argparse
import contextlib
import itertools
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import select

from bench import leftovers
from bench.soak.deployment import set_up_texting
from bench.webhooks.state import has_opportunities, is_synced
from grayscale import clock, create_app
from grayscale.config import load_config
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import CandidatePhone, Conversation, Direction, Kind, Message, MessageState, Opportunity
from grayscale.sandbox import Sandbox
from tests.flow.product import PASSWORD, RECRUITER, Product, eventually
from tests.webhooks import deployment
from tools.webforms import FormError, Session

SAMPLE_SECONDS = 5.0
PART_SECONDS = 300.0
# Whether it grows is told of the end, when the sync is over and everything has been used.
SOAK_SECONDS = 1800.0
HISTORY = 120
# Of each person: one text in so many rounds of reading.
TURNS_A_TEXT = 10
# Of the candidates, when looking for those whom a conversation can be begun with.
MOST_LOOKED_AT = 500
PATHS = ("/inbox", "/inbox/live?tick=0", "/candidates", "/candidates?q=maria", "/inbox?q=night", "/readyz", "/metrics")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    options.add_argument("--candidates", type=int, default=50_000)
    options.add_argument("--minutes", type=float, default=80.0, help="of reading, polling and searching")
    options.add_argument("--recruiters", type=int, default=20)
    given = options.parse_args()
    leftovers.watch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with (
            Sandbox(candidates=given.candidates, rate=None) as sandbox,
            deployment.running(folder, sandbox, f"sqlite:///{folder / 'memory.db'}", fresh=True) as (product, _, _),
        ):
            bare, _ = kept(product)
            began = time.monotonic()
            eventually(lambda: has_opportunities(folder / "memory.db"), within=3600, every=1.0)
            (synced, _), took = kept(product), time.monotonic() - began
            print(f"- at the start: {bare:.0f} MB")
            print(f"- with {given.candidates} candidates ({took:.0f} s): {synced:.0f} MB", flush=True)
            app = create_app(load_config(product.environment, instance=folder))
            with app.app_context():
                opportunities = set_up(sandbox)
                session = Session(product.url)
                session.submit("/login", {"Email": RECRUITER, "Password": PASSWORD}, button="Sign in")
                pages = conversations(session, opportunities, given.recruiters)
                give_history([int(page.rsplit("/", 1)[1]) for page in pages])
                db.session.remove()
                db.engine.dispose()
            samples, answered, spent = use(product, session, pages, given.minutes * 60)
            rest = "had ended" if is_synced(folder / "memory.db") else "still ran, with the interviews"
    whole, own = ([sample[place] for sample in samples] for place in (0, 1))
    print(f"- {given.minutes:g} minutes with {given.recruiters} recruiters: most {max(whole):.0f} MB (aim: 256)")
    print(f"- {answered} requests, {spent / answered * 1000:.1f} ms of processor each; the sync {rest}")
    a_part, a_soak = round(PART_SECONDS / SAMPLE_SECONDS), round(SOAK_SECONDS / SAMPLE_SECONDS)
    for name, taken in (("all of it", whole), ("without pages of files", own)):
        parts = [taken[place : place + a_part] for place in range(0, len(taken), a_part)]
        medians = ", ".join(f"{statistics.median(part):.1f}" for part in parts)
        hourly = slope(taken[-a_soak:]) * 3600 / SAMPLE_SECONDS
        print(f"- {name}: medians of each five minutes {medians} MB; in the last half hour {hourly:+.1f} MB an hour")


def worker_of(product: Product) -> psutil.Process:
    """Gunicorn's worker, which serves and works."""
    assert product.process is not None
    (worker,) = psutil.Process(product.process.pid).children()
    return worker


def kept(product: Product) -> tuple[float, float]:
    """Megabytes that the worker keeps in memory, and how many of them are no pages of files, as its libraries' are."""
    info = worker_of(product).memory_info()
    return info.rss / 1e6, (info.rss - info.shared) / 1e6


def set_up(sandbox: Sandbox) -> list[str]:
    """Let texts be sent; the opportunities whose candidates take some."""
    set_up_texting(sandbox)
    with_phone = select(Opportunity.lever_id).join(
        CandidatePhone, CandidatePhone.candidate_id == Opportunity.candidate_id
    )
    takes_texts = (
        Opportunity.archived_at.is_(None), ~Opportunity.confidential, CandidatePhone.e164.is_not(None),
    )  # fmt: skip
    return list(db.session.scalars(with_phone.where(*takes_texts).limit(MOST_LOOKED_AT)))


def give_history(conversation_ids: list[int]) -> None:
    """Texts of before, more than a page shows: else pages, and what is kept of them, would grow all the while."""
    began = clock.now() - timedelta(days=9)
    with transaction() as session:
        for conversation_id in conversation_ids:
            peer = session.get_one(Conversation, conversation_id).peer
            session.add_all(
                Message(
                    conversation_id=conversation_id, direction=Direction.INBOUND, kind=Kind.MANUAL,
                    state=MessageState.RECEIVED, peer=peer, body=f"Text {number} of the days before.", segments=1,
                    created_at=began, occurred_at=began + timedelta(hours=number),
                    carrier_id=f"SM{conversation_id:016x}{number:016x}",
                )
                for number in range(HISTORY)
            )  # fmt: skip


def use(
    product: Product, session: Session, pages: list[str], seconds: float
) -> tuple[list[tuple[float, float]], int, float]:
    """Let people use the inbox: the memory every few seconds, how many requests, and their seconds of processor."""
    ends_at = time.monotonic() + seconds
    answered = itertools.count()
    began = sum(worker_of(product).cpu_times()[:2])

    def work(page: str) -> None:
        own = Session(product.url)
        own.http.cookies.update(session.http.cookies)
        for turn in itertools.count():
            for path in (page, *PATHS):
                own.http.get(product.url + path, timeout=60)
                next(answered)
                time.sleep(0.5)
                if time.monotonic() > ends_at:
                    return
            if turn % TURNS_A_TEXT == 0:
                with contextlib.suppress(FormError):
                    own.submit(page, {"Message": f"Text {turn}: can you start on Monday?"}, button="Send")

    threads = [threading.Thread(target=work, args=[page], daemon=True) for page in pages]
    for thread in threads:
        thread.start()
    samples = []
    while time.monotonic() < ends_at:
        time.sleep(SAMPLE_SECONDS)
        samples.append(kept(product))
    for thread in threads:
        thread.join()
    return samples, next(answered), sum(worker_of(product).cpu_times()[:2]) - began


def conversations(session: Session, opportunities: list[str], count: int) -> list[str]:
    """The pages of as many conversations, each begun with another candidate."""
    pages: list[str] = []
    for opportunity in opportunities:
        with contextlib.suppress(FormError):
            answer = session.submit(f"/lever/{opportunity}", {}, button="Start conversation")
            pages.append(urlsplit(answer.url).path)
        if len(pages) == count:
            break
    return pages


def slope(samples: list[float]) -> float:
    """Megabytes a sample, by least squares."""
    return statistics.linear_regression(range(len(samples)), samples).slope if len(samples) > 1 else 0.0


if __name__ == "__main__":
    main()

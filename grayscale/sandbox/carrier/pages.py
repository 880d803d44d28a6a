"""The phones of the candidates: their texts as threads, and a box to text as them."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grayscale.sandbox.carrier.api import network
from grayscale.sandbox.carrier.records import Media, Message, new_sid
from grayscale.sandbox.carrier.samples import SAMPLES

bp = Blueprint("phones", __name__)


@bp.get("/")
def home() -> Response:
    return redirect(url_for(".index"))


@bp.get("/phones")
def index() -> str:
    return _page(None)


@bp.get("/phones/<phone>")
def show(phone: str) -> str:
    return _page(phone)


@bp.get("/phones/open")
def open_phone() -> Response:
    """Opens whatever number was typed."""
    typed = request.args.get("number", "").strip()
    digits = "".join(filter(str.isdigit, typed))
    if not digits:
        return redirect(url_for(".index"))
    phone = f"+{digits}" if typed.startswith("+") or len(digits) > 10 else f"+1{digits}"
    return redirect(url_for(".show", phone=phone))


@bp.post("/phones/<phone>")
def text(phone: str) -> Response:
    """The candidate texts: what was typed, a sample file, or a keyword button."""
    body = request.form.get("keyword") or request.form.get("body", "").replace("\r\n", "\n")
    sample = request.form.get("attach", "")
    media = []
    if sample in SAMPLES:
        kind, make = SAMPLES[sample]
        media = [Media(new_sid("ME"), kind, make())]
    to = request.form.get("to") or next(iter(network().numbers))
    if to not in network().numbers:
        abort(400)
    if body.strip() or media:
        network().receive(from_=phone, to=to, body=body, media=media)
    return redirect(url_for(".show", phone=phone), 303)


@bp.get("/account")
def account() -> str:
    held = network()
    return render_template(
        "carrier/account.html",
        account=held.account,
        numbers=list(held.numbers.values()),
        settings=held.settings,
        opted_out=sorted(held.opted_out),
        directory=held.directory,
        calls=list(held.caller.log)[-30:][::-1],
        root=request.host_url.rstrip("/"),
    )


@bp.post("/account/numbers/<sid>")
def save_number(sid: str) -> Response:
    for number in network().numbers.values():
        if number.sid == sid:
            number.sms_url = request.form.get("sms_url", "").strip()
            number.status_callback = request.form.get("status_callback", "").strip()
    return redirect(url_for(".account"), 303)


@bp.post("/account/behaviour")
def behaviour() -> Response:
    held, form = network().settings, request.form
    held.step_seconds = max(0.0, form.get("step_seconds", held.step_seconds, type=float))
    held.reply_after = form.get("reply_after", None, type=float) if form.get("reply_after") else None
    held.handles_keywords = bool(form.get("handles_keywords"))
    return redirect(url_for(".account"), 303)


def _page(phone: str | None) -> str:
    held, ours = network(), set(network().numbers)
    last: dict[str, Message] = {}
    with held.lock:
        for message in held.messages.values():
            other = message.to if message.from_ in ours else message.from_ or ""
            last.pop(other, None)
            last[other] = message
    threads = list(last.items())[::-1][:100]
    thread = held.thread(phone) if phone else []
    return render_template(
        "carrier/phones.html",
        threads=[(number, held.directory(number), message) for number, message in threads],
        phone=phone,
        name=held.directory(phone) if phone else None,
        thread=thread,
        numbers=list(held.numbers.values()),
        our_number=next((m.from_ if m.from_ in ours else m.to for m in reversed(thread)), None),
        opted_out=phone is not None and any(to == phone for _, to in held.opted_out),
        settings=held.settings,
        pending=held.lanes.pending() > 0,
    )

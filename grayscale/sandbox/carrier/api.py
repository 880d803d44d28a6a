"""Twilio's messages API, the subset a texting application needs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from grayscale.sandbox.carrier.errors import CarrierError
from grayscale.sandbox.carrier.network import Network
from grayscale.sandbox.carrier.records import VERSION, Json, Media, Message, Number
from grayscale.sandbox.clock import rfc2822

bp = Blueprint("api", __name__, url_prefix=f"/{VERSION}/Accounts")
#: Media is served from here after a redirect, without credentials, as from Twilio's CDN.
cdn = Blueprint("cdn", __name__)

View = Callable[..., AnyResponse]


def network() -> Network:
    found: Network = current_app.extensions["carrier"]
    return found


def authenticated(view: View) -> View:
    """Basic auth with SID and token, or an API key and its secret; and the account in the path must be ours."""

    @functools.wraps(view)
    def guarded(account_sid: str, *args: Any, **kwargs: Any) -> AnyResponse:
        account, auth = network().account, request.authorization
        known = {account.sid: account.auth_token, **account.api_keys}
        if auth is None or auth.type != "basic" or known.get(auth.username or "") != auth.password:
            raise CarrierError(20003)
        if account_sid != account.sid:
            raise CarrierError(20404)
        return view(*args, **kwargs)

    return guarded


def error_response(error: CarrierError) -> Response:
    response = jsonify(error.as_json())
    response.status_code = error.status
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


@bp.get("/<account_sid>.json")
@authenticated
def account() -> AnyResponse:
    held = network().account
    return jsonify(
        sid=held.sid,
        friendly_name=held.friendly_name,
        status="active",
        type="Full",
        owner_account_sid=held.sid,
        date_created=rfc2822(datetime(2024, 3, 4, tzinfo=UTC)),
        date_updated=rfc2822(datetime(2024, 3, 4, tzinfo=UTC)),
        uri=f"/{VERSION}/Accounts/{held.sid}.json",
        subresource_uris={"messages": f"/{VERSION}/Accounts/{held.sid}/Messages.json"},
    )


@bp.post("/<account_sid>/Messages.json")
@authenticated
def create() -> AnyResponse:
    form = request.form
    message = network().send(
        to=form.get("To", ""),
        from_=form.get("From") or None,
        service=form.get("MessagingServiceSid") or None,
        body=form.get("Body", ""),
        media_urls=form.getlist("MediaUrl"),
        status_callback=form.get("StatusCallback") or None,
        scheduled=form.get("ScheduleType") == "fixed" and bool(form.get("MessagingServiceSid")),
    )
    return _json(message.as_json(network().account.sid), 201)


@bp.get("/<account_sid>/Messages.json")
@authenticated
def index() -> AnyResponse:
    args, rows = request.args, network().listed()
    if to := args.get("To"):
        rows = [row for row in rows if row.to == to]
    if from_ := args.get("From"):
        rows = [row for row in rows if row.from_ == from_]
    for name, keep in _DATE_TESTS:
        if text := args.get(name):
            low, high = _day(text)
            rows = [row for row in rows if row.sent_at and keep(row.sent_at, low, high)]
    shown = [row.as_json(network().account.sid) for row in rows]
    return _json(_paged("messages", shown, f"/{VERSION}/Accounts/{network().account.sid}/Messages.json"))


@bp.get("/<account_sid>/Messages/<sid>.json")
@authenticated
def show(sid: str) -> AnyResponse:
    return _json(_message(sid).as_json(network().account.sid))


@bp.post("/<account_sid>/Messages/<sid>.json")
@authenticated
def update(sid: str) -> AnyResponse:
    """`Body=` (empty) redacts; `Status=canceled` takes back a scheduled text."""
    message, form = _message(sid), request.form
    with network().lock:
        if form.get("Body") == "":
            message.body = ""
        if form.get("Status") == "canceled":
            if message.status != "scheduled":
                raise CarrierError(30409, 400)
            message.set_status("canceled")
    return _json(message.as_json(network().account.sid))


@bp.delete("/<account_sid>/Messages/<sid>.json")
@authenticated
def delete(sid: str) -> AnyResponse:
    message = _message(sid)
    with network().lock:
        network().messages.pop(message.sid, None)
    return Response(status=204)


@bp.get("/<account_sid>/Messages/<sid>/Media.json")
@authenticated
def media_list(sid: str) -> AnyResponse:
    message, account_sid = _message(sid), network().account.sid
    shown = [
        {
            "sid": item.sid,
            "account_sid": account_sid,
            "parent_sid": sid,
            "content_type": item.content_type,
            "date_created": rfc2822(item.created_at),
            "date_updated": rfc2822(item.created_at),
            "uri": f"/{VERSION}/Accounts/{account_sid}/Messages/{sid}/Media/{item.sid}.json",
        }
        for item in message.media
    ]
    return _json(_paged("media_list", shown, f"/{VERSION}/Accounts/{account_sid}/Messages/{sid}/Media.json"))


@bp.get("/<account_sid>/Messages/<sid>/Media/<media_sid>")
@authenticated
def media(sid: str, media_sid: str) -> AnyResponse:
    item = _media(sid, media_sid.removesuffix(".json"))
    return redirect(f"/cdn/{sid}/{item.sid}", 307)


@bp.delete("/<account_sid>/Messages/<sid>/Media/<media_sid>.json")
@authenticated
def delete_media(sid: str, media_sid: str) -> AnyResponse:
    _message(sid).media.remove(_media(sid, media_sid))
    return Response(status=204)


@cdn.get("/cdn/<sid>/<media_sid>")
def content(sid: str, media_sid: str) -> AnyResponse:
    item = _media(sid, media_sid)
    return Response(item.content, content_type=item.content_type)


@bp.get("/<account_sid>/IncomingPhoneNumbers.json")
@authenticated
def numbers() -> AnyResponse:
    sid = network().account.sid
    wanted = request.args.get("PhoneNumber")
    held = [n for n in network().numbers.values() if wanted in {None, n.phone_number}]
    shown = [number.as_json(sid) for number in held]
    return _json(_paged("incoming_phone_numbers", shown, f"/{VERSION}/Accounts/{sid}/IncomingPhoneNumbers.json"))


@bp.get("/<account_sid>/IncomingPhoneNumbers/<sid>.json")
@authenticated
def number(sid: str) -> AnyResponse:
    return _json(_number(sid).as_json(network().account.sid))


@bp.post("/<account_sid>/IncomingPhoneNumbers/<sid>.json")
@authenticated
def update_number(sid: str) -> AnyResponse:
    held = _number(sid)
    for field, name in (
        ("SmsUrl", "sms_url"),
        ("SmsMethod", "sms_method"),
        ("SmsFallbackUrl", "sms_fallback_url"),
        ("StatusCallback", "status_callback"),
        ("FriendlyName", "friendly_name"),
    ):
        if field in request.form:
            setattr(held, name, request.form[field])
    return _json(held.as_json(network().account.sid))


def _message(sid: str) -> Message:
    message = network().messages.get(sid)
    if message is None or message.hidden:
        raise CarrierError(20404)
    return message


def _media(sid: str, media_sid: str) -> Media:
    for item in _message(sid).media:
        if item.sid == media_sid:
            return item
    raise CarrierError(20404)


def _number(sid: str) -> Number:
    for held in network().numbers.values():
        if held.sid == sid:
            return held
    raise CarrierError(20404)


def _json(value: Json, status: int = 200) -> Response:
    response = jsonify(value)
    response.status_code = status
    return response


def _day(text: str) -> tuple[datetime, datetime]:
    """The span a date names: a day, or one second of a full time. Raises a 400."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CarrierError(20001, 400) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole_day = len(text) == 10
    return moment, moment + (timedelta(days=1) if whole_day else timedelta(seconds=1))


_DATE_TESTS: tuple[tuple[str, Callable[[datetime, datetime, datetime], bool]], ...] = (
    ("DateSent", lambda at, low, high: low <= at < high),
    ("DateSent>", lambda at, low, high: at >= low),
    ("DateSent<", lambda at, low, high: at < high),
)


def _paged(name: str, rows: list[Json], uri: str) -> Json:
    """Twilio's page envelope: newest first, `next_page_uri` null on the last page."""
    size = max(1, min(request.args.get("PageSize", 50, type=int), 1000))
    page = max(0, request.args.get("Page", 0, type=int))
    part = rows[page * size : (page + 1) * size]
    filters = {k: v for k, v in request.args.items() if k not in {"Page", "PageSize", "PageToken"}}

    def link(number: int) -> str:
        return f"{uri}?{urlencode({**filters, 'PageSize': size, 'Page': number})}"

    return {
        name: part,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(0, len(part) - 1),
        "uri": link(page),
        "first_page_uri": link(0),
        "previous_page_uri": link(page - 1) if page else None,
        "next_page_uri": link(page + 1) if len(rows) > (page + 1) * size else None,
    }

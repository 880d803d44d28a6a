"""`flask --app app sandbox`: the simulated Lever and carrier, until stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import click

from grayscale.sandbox.lever.permissions import GUIDE, OPTIONAL
from grayscale.sandbox.lever.seed import DEMO_API_KEY
from grayscale.sandbox.runner import (
    DEMO_ACCOUNT_SID,
    DEMO_AUTH_TOKEN,
    DEMO_NUMBER,
    Sandbox,
)


@click.command("sandbox")
@click.option("--lever-port", type=int, default=5010, show_default=True, help="Port of the simulated Lever (0: any).")
@click.option("--carrier-port", type=int, default=5020, show_default=True, help="Port of the carrier (0: any).")
@click.option("--candidates", type=click.IntRange(min=0), default=400, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option("--api-key", default=DEMO_API_KEY, show_default=True, help="Lever API key of the set-up guide.")
@click.option(
    "--permission", "extra", multiple=True, type=click.Choice(list(OPTIONAL)), metavar="NAME",
    help="The key may do this too, beyond what the set-up guide asks for. May be given several times.",
)
@click.option("--rate", type=float, default=10.0, show_default=True, help="Lever requests a second; 0: no limit.")
@click.option("--burst", type=float, default=20.0, show_default=True, help="Lever requests at once per key.")
@click.option("--latency-ms", type=float, default=0.0, show_default=True, help="Added to every API request.")
@click.option("--webhook-retry-scale", type=float, default=1.0, show_default=True, help="Scales retry waits.")
@click.option("--account-sid", default=DEMO_ACCOUNT_SID, show_default=True, help="Carrier account.")
@click.option("--auth-token", default=DEMO_AUTH_TOKEN, show_default=True, help="Carrier auth token.")
@click.option("--number", default=DEMO_NUMBER, show_default=True, help="The account's number, in E.164.")
@click.option("--inbound-url", default="", help="Where texts to the number are posted.")
@click.option("--status-url", default="", help="Where delivery states go when a text names no address of its own.")
@click.option("--step-seconds", type=float, default=0.4, show_default=True, help="Between two states of a text.")
@click.option(
    "--reply-after",
    type=float,
    default=4.0,
    show_default=True,
    help="Seconds to an answer; negative: never.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False),
    default=None,
    help="Keep Lever and the texts in this file.",
)
def sandbox(rate: float, reply_after: float, extra: tuple[str, ...], **options: Any) -> None:
    """Serve a simulated Lever and a simulated carrier on loopback ports."""
    options["permissions"] = {*GUIDE, *extra} if extra else None
    try:
        running = Sandbox(rate=rate or None, reply_after=None if reply_after < 0 else reply_after, **options)
    except OSError as error:
        ports = f"{options['lever_port']} and {options['carrier_port']}"
        raise click.ClickException(f"The sandbox could not take its ports {ports}: {error}") from error
    stopped = threading.Event()
    for caught in (signal.SIGINT, signal.SIGTERM):
        signal.signal(caught, lambda *_: stopped.set())
    click.echo(f"Sandbox Lever     {running.lever_origin}/  (API {running.lever_url})")
    click.echo(f"  API key         {running.api_key}")
    click.echo(f"  Webhooks        {running.lever_origin}/settings/integrations/webhooks")
    click.echo(f"Sandbox carrier   {running.carrier_url}/")
    click.echo(f"  Account SID     {running.account_sid}")
    click.echo(f"  Auth token      {running.auth_token}")
    click.echo(f"  Phone number    {running.number}")
    click.echo(f"Serving {len(running.lever.data.opportunities):,} opportunities. Ctrl-C stops it.")
    stopped.wait()
    running.stop()
    # everything worth keeping is saved: taking a million objects apart one by one would take seconds
    sys.stdout.flush()
    os._exit(0)

"""``make connect``: the set-up guide done in seconds on the running demo, through the same pages a person uses."""

import json
import sys

import requests

from tools.demo import HOME, WEBHOOKS, Demo
from tools.webforms import FormError, Session

EVENTS = (
    "Application Created",
    "Candidate Stage Change",
    "Candidate Archive State Change",
    "Candidate Hired",
    "Candidate Deleted",
    "Interview Created",
    "Interview Updated",
    "Interview Deleted",
)
EDIT = "/settings/ats/lever/edit"


def connect(demo: Demo) -> None:
    """Paste the API key, create the eight webhooks in Lever, paste their tokens."""
    app = Session(demo.app_url)
    lever = Session(demo.lever_origin)
    app.submit("/login", {"Email": demo.email, "Password": demo.password}, button="Sign in")
    app.submit(EDIT, {"Lever API Key": demo.api_key}, button="Save")
    webhook_url = app.get("/settings/ats/lever").value_of("Webhook URL")
    for event in EVENTS:
        lever.submit(WEBHOOKS, {f"{event} URL": webhook_url}, button="Save")
    page = lever.get(WEBHOOKS)
    tokens = {event: page.value_of(f"{event} signature token") for event in EVENTS}
    app.submit(EDIT, tokens, button="Save")


def main() -> int:
    try:
        kept = json.loads((HOME / "demo.json").read_text())
        del kept["keys"]
        demo = Demo(**kept)
        connect(demo)
    except FileNotFoundError:
        print("make connect: no demo is running; start it with: make run", file=sys.stderr)
        return 1
    except requests.ConnectionError:
        print("make connect: the demo is not running; start it in another terminal with: make run", file=sys.stderr)
        return 1
    except (FormError, OSError) as error:
        print(f"make connect: {error}", file=sys.stderr)
        return 1
    print(f"Connected: the key, the eight webhooks and their tokens are in place. {demo.app_url}/settings/ats/lever")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The terms texts are carried on: account, behaviour, and the keywords the carrier answers itself."""

from __future__ import annotations

from dataclasses import dataclass, field

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass
class Account:
    sid: str
    auth_token: str
    friendly_name: str = "Harbor Clinic Group"
    #: API key SID -> secret, as an alternative to SID and token.
    api_keys: dict[str, str] = field(default_factory=dict)


@dataclass
class Settings:
    """How the network behaves; may be changed while it runs."""

    #: Seconds between two states of a text.
    step_seconds: float = 0.4
    #: Seconds until a simulated candidate answers; None: they never do by themselves.
    reply_after: float | None = None
    #: Whether the carrier answers STOP, START and HELP itself.
    handles_keywords: bool = True

"""How the audit record reads: its actions in words, and the kinds they are looked for by."""

import re
from dataclasses import dataclass
from typing import Any

from grayscale.models.lever_integration import EVENT_LABELS

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A choice of the page: its words, and how the actions of it begin."""

    label: str
    prefixes: tuple[str, ...]


KINDS = {
    "sign-ins": Kind("Sign-ins", ("user.signed", "user.sign_in", "user.password", "session.", "extension.")),
    "people": Kind(
        "People and roles",
        (
            "user.created", "user.invited", "user.link_made", "user.role", "user.deactivated", "user.reactivated",
            "user.mapped", "user.renamed", "user.tied_to_provider",
        ),
    ),
    "lever": Kind("Lever: key, tokens, sync", ("lever.key", "lever.token", "lever.webhook", "lever.perm", "lever.sync",
                                             "lever.notes")),
    "events": Kind("Replays", ("delivery.",)),
    "texting": Kind("Texting and templates", ("texting.", "template.", "snippet.")),
    "consent": Kind("Opt-outs", ("consent.",)),
    "conversations": Kind("Conversations and Notes", ("conversation.", "transcript.", "message.")),
    "interviews": Kind("Interviews", ("interview.", "slots.", "scheduling.")),
    "company": Kind("Company and keys", ("company.", "keys.", "single_sign_on.")),
    "deletions": Kind(
        "Deletions", ("lever.opportunity_erased", "lever.candidate_erased", "lever.indexes", "retention.")
    ),
    "exports": Kind("Exports", ("audit.",)),
}  # fmt: skip

WORDS = {
    "audit.exported": "Exported the audit record",
    "company.changed": "Changed the company",
    "company.set_up": "Set up the company",
    "consent.opted_in": "Opted in the number ending",
    "consent.opted_out": "Opted out the number ending",
    "consent.recorded": "Recorded consent of the number ending",
    "conversation.assigned": "Assigned",
    "conversation.matched": "Matched to a candidate: conversation",
    "conversation.unmatched": "Took back the match to a candidate: conversation",
    "conversation.number_chosen": "Chose the number to text in conversation",
    "conversation.number_vouched": "Kept a number Lever no longer lists in conversation",
    "conversation.opportunity_chosen": "Chose where Notes go: ",
    "delivery.failed_replayed": "Replayed all failed events",
    "delivery.replayed": "Replayed event",
    "extension.connected": "Connected the browser extension of",
    "extension.disconnected": "Disconnected the browser extension of",
    "interview.cancel_asked": "Asked Lever to cancel an interview:",
    "interview.create_asked": "Asked Lever for an interview:",
    "interview.dropped": "Gave up on a change of an interview:",
    "interview.is_in_lever": "Said that a change of an interview is in Lever:",
    "interview.try_again": "Asked Lever again about an interview:",
    "interview.update_asked": "Asked Lever to change an interview:",
    "keys.rotated": "Rotated the encryption keys",
    "lever.candidate_erased": "Erased a candidate",
    "lever.indexes_tidied": "Took what was erased out of the search index",
    "lever.key_refused": "Lever refused the API key",
    "lever.key_removed": "Removed the Lever API key",
    "lever.key_saved": "Saved the Lever API key",
    "lever.notes_settings_saved": "Changed how Notes are posted",
    "lever.opportunity_erased": "Erased an opportunity",
    "lever.permissions_verified": "Verified the key’s permissions",
    "lever.sync_cancelled": "Cancelled the sync",
    "lever.sync_failed": "A sync failed",
    "lever.sync_requested": "Asked for a sync",
    "lever.token_overlap_ended": "Ended the overlap of the signature token of",
    "lever.token_removed": "Removed the signature token of",
    "lever.token_saved": "Saved the signature token of",
    "lever.webhook_key_overlap_ended": "Ended the overlap of the webhook URL",
    "lever.webhook_key_rotated": "Made a new webhook URL",
    "message.unsure_resolved": "Settled whether a text was sent: message",
    "retention.applied": "Erased texts past their time",
    "scheduling.rules_saved": "Changed the rules of interviews",
    "single_sign_on.changed": "Changed single sign-on",
    "single_sign_on.passwords_allowed": "Let people sign in by password again",
    "single_sign_on.removed": "Removed single sign-on by",
    "slots.chosen": "A candidate chose a time: offer",
    "slots.given_up": "A candidate gave up their time: offer",
    "slots.offered": "Offered times: offer",
    "slots.withdrawn": "Took back the times of offer",
    "snippet.deleted": "Deleted the snippet",
    "snippet.saved": "Saved the snippet",
    "template.deleted": "Deleted the template",
    "template.saved": "Saved the template",
    "texting.credentials_saved": "Saved the carrier’s account",
    "texting.number_pointed_here": "Pointed the number here at the carrier:",
    "texting.number_resumed": "Texts go from the number again:",
    "texting.number_saved": "Saved the number",
    "texting.number_stopped": "Stopped texting from the number",
    "texting.policy_saved": "Changed the texting rules",
    "texting.resumed": "Started texting again",
    "texting.token_removed": "Removed the carrier’s token",
    "transcript.is_in_lever": "Said that a Note is in Lever:",
    "transcript.post_again": "Had a Note posted once more:",
    "transcript.try_again": "Tried a failed Note again:",
    "transcript.post_now": "Asked for a Note at once:",
    "transcript.try_all_again": "Tried all failed Notes again",
    "transcript.not_posted": "Erased texts that were not noted yet",
    "user.created": "Created",
    "user.deactivated": "Deactivated",
    "user.invited": "Invited",
    "user.link_made": "Made a one-time link for",
    "user.mapped": "Mapped to Lever:",
    "user.password_changed": "Changed the password of",
    "user.password_change_refused": "Wrong present password when changing that of",
    "user.password_chosen": "Chose a password by link:",
    "user.reactivated": "Let in again",
    "user.renamed": "Changed the name of",
    "user.role_changed": "Changed the role of",
    "user.sign_in_refused": "Sign-in refused for",
    "user.signed_in": "Signed in:",
    "user.signed_out": "Signed out:",
    "user.signed_out_everywhere": "Signed out everywhere:",
    "user.tied_to_provider": "Tied to the identity provider:",
    "user.signed_out_one": "Signed out one device of",
}


def of(action: str) -> str:
    """The action in words; one nobody gave words says itself: "interview.moved" is "Interview: moved"."""
    known = WORDS.get(action)
    if known is not None:
        return known
    thing, _, verb = action.partition(".")
    return f"{thing.replace('_', ' ').capitalize()}: {verb.replace('_', ' ')}"


def subject(words: str) -> str:
    """What a line is about: an event by Lever's name of it, and of the mark an erasure leaves enough to tell two."""
    if DIGEST.fullmatch(words):
        return f"{words[:12]}…"
    return EVENT_LABELS.get(words, words)  # type: ignore[call-overload, no-any-return]


def details(detail: dict[str, Any] | None) -> list[str]:
    """What a line says beyond its words: "role: recruiter → super_admin"."""
    if not detail:
        return []
    rest = dict(detail)
    found = []
    if rest.keys() >= {"from", "to"}:
        found.append(f"{_value(rest.pop('from'))} → {_value(rest.pop('to'))}")
    for name, value in rest.items():
        label = str(name).replace("_", " ")
        if isinstance(value, list) and len(value) == 2:
            if value[0] == value[1]:
                continue
            found.append(f"{label}: {_value(value[0])} → {_value(value[1])}")
        else:
            found.append(f"{label}: {_value(value)}")
    return found


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "nothing"
    return "nothing" if value is None or value == "" else subject(str(value))

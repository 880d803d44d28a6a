"""The chosen time as a calendar file (RFC 5545): one event, the same through every move."""

from datetime import timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event

from grayscale import clock
from grayscale.config import current_config
from grayscale.domain.company import company
from grayscale.models import OfferState, SlotOffer


def file_of(offer: SlotOffer) -> bytes:
    """The event of an offer with a chosen time. Times are UTC, so no calendar needs to know zones.

    Raises ``ValueError`` when no time is chosen.
    """
    if offer.starts_at is None:
        raise ValueError("no time is chosen")
    canceled = offer.state is OfferState.CANCELED
    calendar = Calendar()
    calendar.add("prodid", "-//Grayscale//Grayscale for Lever//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if canceled else "PUBLISH")
    event = Event()
    event.add("uid", f"{offer.uid}@{urlsplit(current_config().public_url).hostname}")
    event.add("sequence", offer.sequence)
    event.add("dtstamp", clock.now())
    event.add("dtstart", offer.starts_at)
    event.add("dtend", offer.starts_at + timedelta(minutes=offer.duration_minutes))
    event.add("summary", f"{offer.subject} – {company().name}" if company().name else offer.subject)
    event.add("status", "CANCELLED" if canceled else "CONFIRMED")
    calendar.add_component(event)
    return calendar.to_ical()

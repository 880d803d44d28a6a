"""The form of an interview: what it shows, what came back, and the terms that makes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from grayscale.domain.errors import Invalid
from grayscale.domain.interviews.clashes import Busy
from grayscale.domain.interviews.terms import Terms, new_reference, same_people
from grayscale.domain.interviews.times import Twice, moment
from grayscale.web.filters import reader_zone

WORDS = ("subject", "location", "note")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it stands. *seen* is the interview as it was when the form was opened, None for a new one; *second*
    which of two moments is meant where the clocks go back. *errors* by field."""

    reference: str
    values: Mapping[str, str]
    interviewers: tuple[str, ...] = ()
    perform_as: str | None = None
    second: bool | None = None
    seen: Terms | None = None
    find: str = ""
    anyway: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)
    twice: Twice | None = None
    busy: tuple[Busy, ...] = ()
    meanwhile: tuple[str, ...] = ()

    @property
    def seen_json(self) -> str:
        return json.dumps(self.seen.dump()) if self.seen is not None else ""

    @property
    def first_error(self) -> str | None:
        return next(iter(self.errors), None)

    def with_error(self, error: Invalid) -> "Sheet":
        """The form with what is wrong with it, beside the field it names."""
        twice = error if isinstance(error, Twice) else None
        return replace(self, errors={error.field or "": str(error)}, twice=twice)

    def terms(self) -> Terms:
        """What was filled in. Raises ``Invalid``, ``Twice``."""
        zone = self.values["zone"]
        starts_at = moment(self.values["date"], self.values["time"], zone, second=self.second)
        if self.seen is not None and 0 <= (self.seen.starts_at - starts_at).total_seconds() < 60:
            starts_at = self.seen.starts_at  # the form shows whole minutes
        try:
            duration = int(self.values["duration"])
        except ValueError:
            raise Invalid("Say how many minutes it takes.", "duration") from None
        return Terms(
            starts_at=starts_at, duration_minutes=duration, interviewers=self.interviewers, time_zone=zone,
            **{name: self.values[name] for name in WORDS},
        )  # fmt: skip


def blank() -> Sheet:
    """For a new interview."""
    values = dict.fromkeys((*WORDS, "date", "time"), "")
    return Sheet(new_reference(), {**values, "duration": "30", "zone": reader_zone().key})


def of(terms: Terms) -> Sheet:
    """For an interview that exists, in the reader's zone."""
    return Sheet(new_reference(), _values(terms), terms.interviewers, second=_fold(terms.starts_at), seen=terms)


def over(mine: Sheet, seen: Terms, now: Terms) -> Sheet:
    """What a person filled in over an interview that changed since they saw it: theirs where they changed it, else as
    it is *now*."""
    shown, fresh = _values(seen), _values(now)
    values = {name: mine.values[name] if mine.values[name] != shown[name] else fresh[name] for name in fresh}
    if (mine.values["date"], mine.values["time"]) != (shown["date"], shown["time"]):
        values |= {"date": mine.values["date"], "time": mine.values["time"]}
    values["zone"] = mine.values["zone"]
    kept = not same_people(mine.interviewers, seen.interviewers)
    return replace(
        mine, reference=new_reference(), values=values, seen=now,
        interviewers=mine.interviewers if kept else now.interviewers,
    )  # fmt: skip


def filled(form: MultiDict[str, str]) -> Sheet:
    """What came back. Raises ``Invalid`` when it was not our form."""
    names = (*WORDS, "date", "time", "duration", "zone")
    second = form.get("second", "")
    try:
        seen = Terms.load(json.loads(form["seen"])) if form.get("seen") else None
    except (ValueError, TypeError):
        raise Invalid("The form did not come back whole. Open it again.") from None
    return Sheet(
        reference=form.get("reference", ""),
        values={name: form.get(name, "").strip() for name in names},
        interviewers=tuple(dict.fromkeys(filter(None, form.getlist("interviewer")))),
        perform_as=form.get("perform_as") or None,
        second={"0": False, "1": True}.get(second),
        seen=seen,
        find=form.get("find", "").strip()[:100],
        anyway=form.get("anyway") == "1",
    )


def _values(terms: Terms) -> dict[str, Any]:
    local = terms.starts_at.astimezone(reader_zone())
    return {
        "date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}", "zone": reader_zone().key,
        "duration": str(terms.duration_minutes), **{name: getattr(terms, name) for name in WORDS},
    }  # fmt: skip


def _fold(at: datetime) -> bool | None:
    """Whether it is the second of two moments a clock shows; None where it shows it once."""
    local = at.astimezone(reader_zone())
    zone: ZoneInfo = reader_zone()
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return bool(local.fold) if twice and local.tzinfo is zone else None

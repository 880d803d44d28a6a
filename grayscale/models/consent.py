"""Consent per phone number: the state, and the append-only record of how it came to be."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import E164, BigId, LeverId, RowId, UTCDateTime, enum_type


@enum.unique
class ConsentState(enum.StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


@enum.unique
class ConsentHow(enum.StrEnum):
    """How a state came to be. Only the candidate's own START undoes a candidate's own STOP."""

    KEYWORD = "keyword"
    CARRIER = "carrier"
    RECRUITER = "recruiter"
    TEXTED_US = "texted_us"
    RECORDED = "recorded"


@enum.unique
class ConsentKind(enum.StrEnum):
    """What was agreed to: an answer to their own question, texts about a job, or that in writing."""

    INQUIRY = "inquiry"
    EXPRESS = "express"
    EXPRESS_WRITTEN = "express_written"


@enum.unique
class ConsentSource(enum.StrEnum):
    """Where it was given."""

    TEXT = "text"
    APPLICATION = "application"
    VERBAL = "verbal"
    EMAIL = "email"
    OTHER = "other"


class Consent(db.Model):  # type: ignore[name-defined]
    """What a phone number's owner wants now. After an erasure only the hash is left."""

    id: Mapped[RowId]
    number_hash: Mapped[str] = mapped_column(String(64), unique=True)
    e164: Mapped[str | None] = mapped_column(E164, unique=True)
    state: Mapped[ConsentState] = mapped_column(enum_type(ConsentState, "state"))
    how: Mapped[ConsentHow] = mapped_column(enum_type(ConsentHow, "how"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))


class ConsentRecord(db.Model):  # type: ignore[name-defined]
    """One thing that happened to a number's consent. Append-only; words and number go with an erasure."""

    __table_args__ = (Index("ix_consent_record_number_hash", "number_hash", "id"),)

    id: Mapped[RowId]
    number_hash: Mapped[str] = mapped_column(String(64))
    e164: Mapped[str | None] = mapped_column(E164)
    state: Mapped[ConsentState] = mapped_column(enum_type(ConsentState, "state"))
    how: Mapped[ConsentHow] = mapped_column(enum_type(ConsentHow, "how"))
    # The candidate's words, or the recruiter's reason.
    words: Mapped[str] = mapped_column(Text, default="")
    message_id: Mapped[int | None] = mapped_column(BigId)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Of a consent: what it covers, where it was given, which words were shown on which page, and for which job.
    kind: Mapped[ConsentKind | None] = mapped_column(enum_type(ConsentKind, "kind"))
    source: Mapped[ConsentSource | None] = mapped_column(enum_type(ConsentSource, "source"))
    wording: Mapped[str] = mapped_column(Text, default="", server_default="")
    page_url: Mapped[str] = mapped_column(Text, default="", server_default="")
    opportunity_lever_id: Mapped[str | None] = mapped_column(LeverId)

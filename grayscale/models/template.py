"""Words to text with: templates, mine or shared, and the company's own snippets."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import RowId, UTCDateTime


class Template(db.Model):  # type: ignore[name-defined]
    """A text to start from. Without an owner it is shared by everybody."""

    __table_args__ = (Index("ix_template_owner_id", "owner_id", "name"),)

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Snippet(db.Model):  # type: ignore[name-defined]
    """A value of the company's own, written {{ company.<name> }} in templates."""

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    value: Mapped[str] = mapped_column(Text)

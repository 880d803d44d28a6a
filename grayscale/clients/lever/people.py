"""Lever's users and stages: small records that other records refer to or embed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from grayscale.clients.lever.fields import Reader


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str = ""
    username: str = ""  # what @mentions in notes use
    email: str = ""
    access_role: str = ""  # a role of Lever's or the id of a custom one
    job_title: str | None = None
    photo: str | None = None
    manager_id: str | None = None
    external_directory_id: str | None = None
    linked_contact_ids: tuple[str, ...] = ()
    created_at: datetime | None = None
    deactivated_at: datetime | None = None
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        return cls(
            id=read.id(),
            name=read.text("name"),
            username=read.text("username"),
            email=read.text("email"),
            access_role=read.text("accessRole"),
            job_title=read.text_or_none("jobTitle"),
            photo=read.text_or_none("photo"),
            manager_id=read.ref("managerId"),
            external_directory_id=read.text_or_none("externalDirectoryId"),
            linked_contact_ids=read.refs("linkedContactIds"),
            created_at=read.time("createdAt"),
            deactivated_at=read.time("deactivatedAt"),
            oddities=read.oddities,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the pipeline. Built-in ids are slugs such as ``applicant-new``; customers may edit the text."""

    id: str
    text: str = ""
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        return cls(id=read.id(), text=read.text("text"), oddities=read.oddities)

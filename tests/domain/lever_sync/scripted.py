"""Lever's lists as a test scripts them, without a server: what a sync makes of odd answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grayscale.clients.errors import NotFound
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.types import Opportunity, Page
from grayscale.domain.lever import sync_walks
from grayscale.domain.lever.sync_walks import Options, Walk

# What a list answers to the options and the walk, whose offset is the page asked for.
Answers = Callable[[Options, Walk], Page[Any]]


class Lists:
    """Every list is empty until a test says otherwise; nobody has an interview, and no opportunity is found alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Answers] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.looked_up: list[str] = []
        for resource in sync_walks._LISTS:
            monkeypatch.setitem(sync_walks._LISTS, resource, self._answer)
        monkeypatch.setattr(LeverClient, "list_interviews", lambda *_, **__: Page(()))
        monkeypatch.setattr(LeverClient, "get_opportunity", lambda _, lever_id, **__: self._look_up(lever_id))

    def of(self, resource: str, answers: Answers) -> None:
        self.answers[resource] = answers

    def requests(self, resource: str) -> int:
        return sum(name == resource for name, _ in self.asked)

    def _answer(self, _client: LeverClient, walk: Walk, options: Options) -> Page[Any]:
        self.asked.append((walk.resource, walk.offset))
        answers = self.answers.get(walk.resource)
        return answers(options, walk) if answers else Page(())

    def _look_up(self, lever_id: str) -> Opportunity:
        self.looked_up.append(lever_id)
        raise NotFound("Lever has no such object (404).", status=404)

"""Lever's scheduling as the domain meets it: panels, interviews, permissions, and answers that get lost."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from grayscale.clients.errors import ClientError, Forbidden, NotFound, Permanent, UnknownOutcome
from grayscale.clients.lever.types import Interview, InterviewDraft, Page, Panel

FORBIDDEN = "The API key is not permitted to do this (403)."


@dataclass
class FakeLever:
    """*may_not* are methods the key is not permitted; *faults* what happens to the next writing calls, in order:
    ``lost_before``, ``lost_after`` or an error to raise."""

    interviews: dict[str, Interview] = field(default_factory=dict)
    panels: dict[str, Panel] = field(default_factory=dict)
    may_not: set[str] = field(default_factory=set)
    faults: list[str | ClientError] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    performed_as: list[str] = field(default_factory=list)
    on_call: Callable[[str], None] = lambda _where: None
    ids: Any = field(default_factory=lambda: itertools.count(1))

    def panel(self, *, managed: bool) -> str:
        panel = Panel(id=f"panel-{next(self.ids)}", externally_managed=managed, created_at=datetime.now(UTC))
        self.panels[panel.id] = panel
        return panel.id

    def put(self, panel: str, **values: Any) -> Interview:
        """An interview somebody made in Lever."""
        defaults = {"created_at": datetime.now(UTC), "timezone": "America/Chicago", "duration": 30}
        made = Interview(id=f"interview-{next(self.ids)}", panel_id=panel, **{**defaults, **values})
        self.interviews[made.id] = made
        return made

    @property
    def standing(self) -> list[Interview]:
        return [one for one in self.interviews.values() if not one.is_canceled]

    def create_panel(
        self, opportunity: str, interviews: Iterable[InterviewDraft], *, timezone: str, perform_as: str
    ) -> Panel:
        def act() -> Panel:
            panel = self.panel(managed=True)
            made = [self.put(panel, timezone=timezone, **_fields(draft)) for draft in interviews]
            return replace(self.panels[panel], interviews=tuple(made))

        return self._write("create_panel", perform_as, act)

    def create_interview(self, opportunity: str, draft: InterviewDraft, *, perform_as: str) -> Interview:
        def act() -> Interview:
            self._must_be_managed(draft.panel_id)
            return self.put(str(draft.panel_id), **_fields(draft))

        return self._write("create_interview", perform_as, act)

    def update_interview(self, opportunity: str, id: str, draft: InterviewDraft, *, perform_as: str) -> Interview:
        def act() -> Interview:
            self._must_be_managed(self.interviews[id].panel_id)
            self.interviews[id] = replace(self.interviews[id], **_fields(draft))
            return self.interviews[id]

        return self._write("update_interview", perform_as, act)

    def delete_interview(self, opportunity: str, id: str, *, perform_as: str) -> None:
        def act() -> None:
            self._must_be_managed(self.interviews[id].panel_id)
            self.interviews[id] = replace(self.interviews[id], canceled_at=datetime.now(UTC))

        self._write("delete_interview", perform_as, act)

    def list_interviews(self, opportunity: str, *, offset: str | None = None) -> Page[Interview]:
        self._read("list_interviews")
        return Page(tuple(self.interviews.values()))

    def get_interview(self, opportunity: str, id: str) -> Interview:
        self._read("get_interview")
        if id not in self.interviews:
            raise NotFound("Lever has no such object (404).", status=404)
        return self.interviews[id]

    def list_panels(self, opportunity: str, *, offset: str | None = None) -> Page[Panel]:
        self._read("list_panels")
        return Page(tuple(self.panels.values()))

    def _read(self, name: str) -> None:
        self.calls.append(name)
        if name in self.may_not:
            raise Forbidden(FORBIDDEN, status=403)

    def _write(self, name: str, perform_as: str, act: Callable[[], Any]) -> Any:
        self.calls.append(name)
        self.on_call("before the effect")
        if name in self.may_not:
            raise Forbidden(FORBIDDEN, status=403)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, ClientError):
            raise fault
        if fault == "lost_before":
            raise UnknownOutcome("Lever did not confirm the change: no answer came in time.")
        self.performed_as.append(perform_as)
        answer = act()
        self.on_call("after the effect")
        if fault == "lost_after":
            raise UnknownOutcome("Lever did not confirm the change: no answer came in time.")
        return answer

    def _must_be_managed(self, panel: str | None) -> None:
        if panel not in self.panels or not self.panels[panel].externally_managed:
            raise Permanent("Lever refused the request (400): panel is not externally managed.", status=400)


def _fields(draft: InterviewDraft) -> dict[str, Any]:
    """Everything a caller may set; what the draft leaves out is emptied."""
    names = ("date", "duration", "interviewers", "subject", "note", "location", "feedback_template",
             "feedback_reminder")  # fmt: skip
    return {name: getattr(draft, name) for name in names}

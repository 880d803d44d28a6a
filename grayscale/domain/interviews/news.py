"""Who wants to hear that an interview changed.

Listeners are called inside the transaction that writes the change, with the writer's locks held: they write rows of
their own and call nobody outside.
"""

from collections.abc import Callable

Listener = Callable[[int], None]

_of_opportunities: list[Listener] = []
_of_outcomes: list[Listener] = []


def on_change(listener: Listener) -> None:
    """Have *listener* called with an opportunity's id whenever the mirror of its interviews changed: one is new, moved,
    changed or cancelled, whoever did it."""
    if listener not in _of_opportunities:
        _of_opportunities.append(listener)


def on_settled(listener: Listener) -> None:
    """Have *listener* called with the id of an ``InterviewChange`` that is done, failed, unsure or dropped."""
    if listener not in _of_outcomes:
        _of_outcomes.append(listener)


def changed(opportunity_id: int) -> None:
    for listener in _of_opportunities:
        listener(opportunity_id)


def settled(change_id: int) -> None:
    for listener in _of_outcomes:
        listener(change_id)

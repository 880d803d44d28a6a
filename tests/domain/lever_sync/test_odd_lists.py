"""What a sync makes of lists that are odd: what they prove, what they lack, and where they lead."""

import pytest

from grayscale.clients.errors import Forbidden
from grayscale.clients.lever.types import Page
from grayscale.domain.lever import permissions, sync
from grayscale.extensions import db
from grayscale.models import Opportunity, SyncState
from tests.domain.lever_sync.conftest import run
from tests.domain.lever_sync.makers import opportunity
from tests.domain.lever_sync.scripted import Lists


def resource(name: str) -> sync.ResourceStatus:
    return next(line for line in sync.status().resources if line.name == name)


# What a list proves


@pytest.mark.parametrize(
    ("word", "proven"), [("confidential", True), ("non-confidential", None), ("classified", None)]
)
def test_confidential_access_is_known_once_a_confidential_opportunity_was_listed(
    lists: Lists, word: str, proven: bool | None
) -> None:
    lists.of("opportunities", lambda options, walk: Page((opportunity(confidentiality=word),)))
    assert run().state is SyncState.DONE
    db.session.rollback()
    assert permissions.may("confidential") is proven


def test_a_key_without_postings_keeps_its_confidential_access(lists: Lists) -> None:
    def refuse(*_: object) -> Page:
        raise Forbidden("The API key is not permitted to do this (403).", status=403)

    lists.of("postings", refuse)
    lists.of("opportunities", lambda options, walk: Page(
        (opportunity(confidentiality="confidential"),) if options.confidential else ()
    ))
    assert run().state is SyncState.DONE
    db.session.rollback()
    assert db.session.query(Opportunity).count() == 1
    assert (permissions.may("list_postings"), permissions.may("confidential")) == (False, True)
    assert resource("postings").state == "off"

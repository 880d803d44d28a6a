"""Settings › Company."""

from grayscale.domain.company import company
from tests.page import Browser


def test_the_company_is_named_and_placed(as_ana: Browser) -> None:
    page = as_ana.get("/settings/company")
    assert page.field("Company").get("value", "") == ""
    values = {"name": " Harbor Clinic ", "time_zone": "America/Chicago", "region": "GB"}
    assert as_ana.post("/settings/company", values).status == 303
    saved = company()
    assert (saved.name, saved.time_zone, saved.region) == ("Harbor Clinic", "America/Chicago", "GB")
    assert as_ana.get("/settings/company").field("Company")["value"] == "Harbor Clinic"


def test_nonsense_is_refused_and_what_was_typed_stays(as_ana: Browser) -> None:
    page = as_ana.post("/settings/company", {"name": "Harbor", "time_zone": "Mars/Olympus", "region": "US"})
    assert page.status == 422
    assert page.field("Company")["value"] == "Harbor"
    assert company().name == ""


def test_recruiters_may_not(as_jonas: Browser) -> None:
    assert as_jonas.get("/settings/company").status == 403

"""Templates that fill themselves in, and pictures that only the right people see."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import responses
from PIL import Image
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from grayscale.domain.texting import media, outbound, previews, uploads, wording
from grayscale.extensions import db
from grayscale.models import Company, Conversation, Interview, Media, MediaState, Message, Template, User, Via
from tests import factories
from tests.page import Browser
from tests.texting.carrier import API, Carrier
from tests.texting.conftest import fresh

Submit = Callable[..., Message]
TextIn = Callable[..., TestResponse]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
MEDIA_URL = f"{API}/Messages/MM1/Media/ME1"


@pytest.fixture
def tied(conversation: Conversation) -> Conversation:
    """Tied to an opportunity with a posting, a stage and an interview tomorrow at 10:00 in Chicago."""
    posting, stage = factories.posting(), factories.stage()
    opportunity = factories.opportunity(
        fresh(conversation).candidate, posting_lever_id=posting.lever_id, stage_lever_id=stage.lever_id
    )
    factories.add(
        Interview(
            lever_id="interview-1", opportunity_id=opportunity.id, starts_at=clock.now() + timedelta(hours=22),
            fetched_at=clock.now(), via=Via.FULL,
        )
    )  # fmt: skip
    with transaction() as session:
        session.get_one(Conversation, conversation.id).opportunity_id = opportunity.id
        session.get_one(Company, 1).name = "Harbor Clinics"
    return conversation


def test_every_field_is_filled_with_the_conversations_values(tied: Conversation, jonas: User, ana: User) -> None:
    wording.save_snippet("booking_link", "harbor.example/book", ana)
    template = (
        "Hi {{ candidate.first_name }} {{candidate.last_name}}, {{ sender.first_name }} ({{ sender.name }}) from"
        " {{ company.name }}: {{ posting.title }}, {{ stage.name }}, {{ interview.starts_at }}."
        " {{ company.booking_link }}"
    )
    filled = wording.fill(template, fresh(tied), jonas)
    assert filled == wording.Filled(
        "Hi Mira Okafor, Jonas (Jonas Rehn) from Harbor Clinics: Night Shift RN, Phone screen, Thursday, June 4 at"
        " 10:00 AM CDT. harbor.example/book"
    )


def test_an_empty_value_blocks_sending_and_is_named(conversation: Conversation, submit: Submit) -> None:
    with pytest.raises(Invalid, match="the posting's title") as refused:
        submit(conversation, "About {{ posting.title }}. Reply STOP to opt out.")
    assert refused.value.field == "body"
    with pytest.raises(Invalid, match=r"no field candidate\.salary"):
        submit(conversation, "{{ candidate.salary }}. Reply STOP to opt out.")


@pytest.mark.parametrize(
    "half", ["{{ candidate.first_name", "{{ candidate.first_name and then }", "first_name }}", "{{ }}"]
)
def test_a_half_written_field_is_texted_to_nobody(
    conversation: Conversation, submit: Submit, jonas: User, half: str
) -> None:
    for body in (f"Hi {half}", f"Hi {{{{ candidate.first_name }}}} {half}. Reply STOP to opt out."):
        with pytest.raises(Invalid, match=r"half written|no field between"):
            submit(conversation, body)
        with pytest.raises(Invalid, match=r"half written|no field between"):
            wording.save_template(None, name="Half", body=body, shared=False, by=jonas)


@pytest.mark.parametrize(
    "body",
    ["{{ config }}", "{{ 7 * 7 }}", "{{ candidate.__class__ }}", "{% raw %}", "{{ ''.join }}", "{{{{ sender.name }}}}"],
)
def test_there_is_no_expression_language(conversation: Conversation, jonas: User, body: str) -> None:
    filled = wording.fill(body, fresh(conversation), jonas)
    assert filled.text.replace("Jonas Rehn", "{{ sender.name }}") == body


def test_a_list_of_templates_shows_them_as_they_would_read_here(conversation: Conversation, jonas: User) -> None:
    body = "Hi {{ candidate.first_name }}, {{ sender.name }} here. You start {{ interview.starts_at }}."
    wording.save_template(None, name="Start", body=body, shared=False, by=jonas)
    [shown] = wording.templates_for(fresh(conversation), jonas)
    assert shown.body == "Hi Mira, Jonas Rehn here. You start [interview starts at]."


def test_what_a_candidate_is_called_is_never_read_as_a_template(conversation: Conversation, jonas: User) -> None:
    with transaction() as session:
        session.get_one(Conversation, conversation.id).candidate.name = "{{ sender.name }} Okafor"
    assert wording.fill("Hi {{ candidate.first_name }}", fresh(conversation), jonas).text == "Hi {{"


def test_the_composer_starts_a_first_text_with_who_writes_and_how_to_opt_out(
    tied: Conversation, jonas: User, submit: Submit, carrier: Carrier, policy: Callable[..., None]
) -> None:
    suggested = wording.first_text_suggestion(fresh(tied), jonas)
    assert suggested == "Hi Mira, this is Jonas Rehn from Harbor Clinics. Reply STOP to opt out."
    submit(tied, suggested)
    outbound.send_due()
    assert wording.first_text_suggestion(fresh(tied), jonas) is None
    policy(require_opt_out_line=False)
    assert wording.first_text_suggestion(fresh(tied), jonas) is None


def test_templates_are_mine_or_shared(as_jonas: Browser, jonas: User, mei: User, ana: User) -> None:
    answer = as_jonas.post("/settings/templates", {"name": "Hello", "body": "Hi {{ candidate.first_name }}"})
    assert answer.status == 303
    wording.save_template(None, name="Everybody's", body="Hi all", shared=True, by=ana)
    assert [one.name for one in wording.templates_of(jonas)] == ["Hello", "Everybody's"]
    assert [one.name for one in wording.templates_of(mei)] == ["Everybody's"]
    mine = db.session.scalar(db.select(Template).where(Template.name == "Hello"))
    assert mine is not None
    with pytest.raises(NotFound):
        wording.template_of(mine.id, mei)
    shared = wording.templates_of(jonas)[1]
    with pytest.raises(Conflict):
        wording.save_template(shared.id, name="Mine now", body="x", shared=False, by=jonas)
    page = as_jonas.get("/settings/templates")
    assert "Hello" in page.words
    assert "Everybody's" in page.words
    with pytest.raises(NotAllowed):
        wording.save_snippet("link", "x", jonas)


def test_a_template_with_an_unknown_field_is_refused_and_nothing_typed_is_lost(as_jonas: Browser) -> None:
    page = as_jonas.post("/settings/templates", {"name": "Pay", "body": "You get {{ offer.salary }}"})
    assert page.status == 422
    assert "There is no field offer.salary" in page.words
    assert page.field("Text").get_text().strip() == "You get {{ offer.salary }}"
    long = "a line\r\n" * 230
    page = as_jonas.post("/settings/templates", {"name": "Long", "body": long})
    assert page.status == 422
    assert "9 characters too long: it has 1,609, and a text takes 1,600" in page.words
    assert page.field("Text").get_text().strip() == long.strip().replace("\r\n", "\n")
    assert "maxlength" not in page.field("Text").attrs


def test_a_received_file_is_called_one(conversation: Conversation, text_in: TextIn, as_jonas: Browser) -> None:
    text_in("", NumMedia="1", MediaUrl0=MEDIA_URL, MediaContentType0="application/pdf")
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "File is being fetched" in page.one("#thread").get_text()
    assert page.one(f"#row-{conversation.id} .row-snippet").get_text(strip=True) == "File"


def test_a_received_picture_is_fetched_kept_and_shown_only_to_who_may_see_it(
    conversation: Conversation, carrier: Carrier, text_in: TextIn, as_jonas: Browser, client: Browser, mei: User,
    sign_in: Callable[[User], Browser],
) -> None:  # fmt: skip
    with responses.RequestsMock() as mock:
        mock.get(MEDIA_URL, body=PNG, content_type="image/png")
        text_in("My badge", NumMedia="1", MediaUrl0=MEDIA_URL, MediaContentType0="image/png")
        assert media.fetch_waiting() == 1
    stored = db.session.scalar(db.select(Media))
    assert stored is not None
    assert (stored.state, stored.source_url) == (MediaState.STORED, None)
    shown = as_jonas.get(f"/media/{stored.id}")
    assert shown.response.data == PNG
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get(f"/media/{stored.id}").status == 302
    factories.opportunity(fresh(conversation).candidate, confidential=True)
    assert sign_in(mei).get(f"/media/{stored.id}").status == 404


def test_what_is_no_picture_is_downloaded_or_refused(
    conversation: Conversation, text_in: TextIn, as_jonas: Browser
) -> None:
    with responses.RequestsMock() as mock:
        mock.get(MEDIA_URL, body=b"%PDF-1.7 resume", content_type="image/png")
        mock.get(MEDIA_URL + "b", body=b"<script>alert(1)</script>", content_type="image/png")
        mock.get(MEDIA_URL + "c", status=404, json={"code": 20404, "message": "gone", "status": 404})
        more = {"MediaUrl1": MEDIA_URL + "b", "MediaUrl2": MEDIA_URL + "c", "MediaUrl3": "https://evil.example/x"}
        text_in("My resume", NumMedia="4", MediaUrl0=MEDIA_URL, **more)
        media.fetch_waiting()
    pdf, script, gone, evil = db.session.scalars(db.select(Media).order_by(Media.position)).all()
    assert [row.state for row in (pdf, script, gone, evil)] == [
        MediaState.STORED, MediaState.REFUSED, MediaState.FAILED, MediaState.FAILED,
    ]  # fmt: skip
    served = as_jonas.get(f"/media/{pdf.id}")
    assert served.headers["Content-Disposition"] == 'attachment; filename="1.pdf"'
    assert served.headers["Content-Type"] == "application/octet-stream"


def test_only_pictures_the_carrier_takes_can_be_sent() -> None:
    assert uploads.check([("map.png", PNG)])[0].content_type == "image/png"
    for name, content in (("resume.pdf", b"%PDF-1.7"), ("fake.png", b"<svg>"), ("empty.png", b"")):
        with pytest.raises(Invalid, match=name):
            uploads.check([(name, content)])
    with pytest.raises(Invalid, match=r"HEIC photo.* Send a screenshot"):
        uploads.check([("renamed.jpg", b"\0\0\0\x18ftypheic" + b"0" * 100)])
    with pytest.raises(Invalid, match="5 MB"):
        uploads.check([("big.png", PNG + b"0" * 5 * 1024 * 1024)])
    with pytest.raises(Invalid, match="10 pictures"):
        uploads.check([("map.png", PNG)] * 11)


def photo(width: int, height: int, kind: str = "JPEG", turn: int | None = None) -> bytes:
    made = BytesIO()
    exif = Image.Exif()
    if turn is not None:
        exif[0x0112] = turn
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(made, kind, quality=95, exif=exif)
    return made.getvalue()


def test_a_thread_shows_a_small_picture_in_its_place(
    conversation: Conversation, as_jonas: Browser, submit: Submit
) -> None:
    picture = photo(1200, 900, turn=6)
    submit(conversation, "A map. Reply STOP to opt out.", media=uploads.check([("site.jpg", picture)]))
    shown = as_jonas.get(f"/inbox/{conversation.id}").select(".picture img")[0]
    assert (shown["width"], shown["height"], shown["loading"]) == ("195", "260", "lazy")
    small = as_jonas.get(str(shown["src"]))
    assert small.headers["Content-Type"] == "image/webp"
    assert len(small.response.data) < len(picture) / 4
    assert "sandbox" in small.headers["Content-Security-Policy"]
    assert Image.open(BytesIO(small.response.data)).size == (240, 320)
    whole = as_jonas.get(str(shown["src"]).removesuffix("/small"))
    assert whole.response.data == picture


def test_what_cannot_be_made_smaller_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert previews.of(PNG) is None
    assert previews.of(b"<svg/>") is None
    assert previews.of(photo(40, 30, "PNG")) is not None
    monkeypatch.setitem(previews.MOST_DOTS, "PNG", 1000)
    assert previews.of(photo(40, 30, "PNG")) == previews.Preview(40, 30, None)
    assert previews.shown_size(None, None) == (260, 195)
    assert previews.shown_size(40, 30) == (40, 30)
    assert previews.shown_size(9000, 2) == (260, 1)

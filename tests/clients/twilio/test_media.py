"""Fetching media: only from Twilio, and the credentials go nowhere else."""

from __future__ import annotations

import pytest

from grayscale.clients.errors import NotAuthorised, NotFound
from grayscale.clients.twilio.errors import MediaRefused, NotSent, Throttled
from tests.clients.twilio.wiring import ROOT

MEDIA = ROOT + "/2010-04-01/Accounts/x/Messages/MM1/Media/ME1"
TWILIO_MEDIA = "https://api.twilio.com/2010-04-01/Accounts/x/Messages/MM1/Media/ME1"


@pytest.mark.parametrize("url", [MEDIA, TWILIO_MEDIA])
def test_media_come_from_twilio_with_credentials(client, carrier, url):
    carrier.get(url, body=b"PNG", content_type="image/PNG; charset=binary")
    media = client.fetch_media(url)
    assert (media.content, media.content_type) == (b"PNG", "image/png")
    assert "Authorization" in carrier.calls[0].request.headers


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:5000/metrics",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://eviltwilio.com/x",
        "https://twilio.com.evil.test/x",
        "https://evil.test/?https://api.twilio.com",
        "https://api.twilio.com@evil.test/x",
        "https://evil.test\\@api.twilio.com/x",
        "https://evil.test\\.twilio.com/x",
        "https://api.twilio.com\n.evil.test/",
        "https://[::1]/x",
        "http://twilio.test/x",
        "https://twilio.test:444/x",
        "file:///etc/passwd",
        "//twilio.test/x",
        "https://media.twiliocdn.com/x",
        "https://ⓣwilio.com/x",
        "https://api.twilio.com:99999/x",
        "",
    ],
)
def test_media_anywhere_else_are_refused_without_asking(client, carrier, url):
    with pytest.raises(MediaRefused):
        client.fetch_media(url)
    assert len(carrier.calls) == 0


def test_credentials_stay_behind_when_media_lie_in_the_store(client, carrier):
    store = "https://media.twiliocdn.com/AC1/abc"
    carrier.get(MEDIA, status=307, headers={"Location": store})
    carrier.get(store, status=302, headers={"Location": store + "d"})
    carrier.get(store + "d", body=b"PNG", content_type="image/png")
    assert client.fetch_media(MEDIA).content == b"PNG"
    assert ["Authorization" in call.request.headers for call in carrier.calls] == [True, False, False]


def test_credentials_do_not_come_back_after_a_detour(client, carrier):
    carrier.get(MEDIA, status=302, headers={"Location": "https://media.twiliocdn.com/a"})
    carrier.get("https://media.twiliocdn.com/a", status=302, headers={"Location": MEDIA + "2"})
    carrier.get(MEDIA + "2", body=b"PNG")
    client.fetch_media(MEDIA)
    assert "Authorization" not in carrier.calls[2].request.headers


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "https://evil.test/", "http://media.twiliocdn.com/x"])
def test_a_redirect_away_from_twilio_is_refused(client, carrier, target):
    carrier.get(MEDIA, status=302, headers={"Location": target})
    with pytest.raises(MediaRefused):
        client.fetch_media(MEDIA)
    assert len(carrier.calls) == 1


def test_a_redirect_in_circles_ends(client, carrier):
    carrier.get(MEDIA, status=302, headers={"Location": MEDIA})
    with pytest.raises(MediaRefused):
        client.fetch_media(MEDIA)


def test_media_over_5_mb_are_not_read_to_the_end(client, carrier):
    carrier.get(MEDIA, body=b"x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(MediaRefused, match="5 MB"):
        client.fetch_media(MEDIA)


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (401, NotAuthorised), (503, NotSent), (429, Throttled)])
def test_media_that_are_not_to_be_had(client, carrier, status, kind):
    carrier.get(MEDIA, status=status)
    with pytest.raises(kind):
        client.fetch_media(MEDIA)

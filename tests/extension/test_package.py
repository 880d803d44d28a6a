"""The packed extension: whole, the same each time, and allowed no more than it needs."""

import io
import json
import zipfile
from typing import Any

from flask import Flask

from grayscale.domain.extension import package
from tests import factories
from tests.page import Browser


def opened(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files["manifest.json"]), files


def test_everything_the_manifest_names_is_in_it() -> None:
    manifest, files = opened(package.pack())
    named = [*manifest["icons"].values(), manifest["background"]["service_worker"], manifest["options_ui"]["page"],
             manifest["sidebar_action"]["default_panel"], *manifest["content_scripts"][0]["js"],
             *manifest["content_scripts"][0]["css"]]  # fmt: skip
    assert set(named) <= set(files)
    assert "README.md" not in files
    assert package.pack() == package.pack()


def test_it_is_allowed_the_least_that_works() -> None:
    manifest, _ = opened(package.pack())
    assert manifest["permissions"] == ["sidePanel", "storage"]
    assert "host_permissions" not in manifest
    assert manifest["content_scripts"][0]["matches"] == ["https://hire.lever.co/*", "https://hire.sandbox.lever.co/*"]
    assert "web_accessible_resources" not in manifest
    assert "externally_connectable" not in manifest


def test_the_download_is_fitted_to_this_deployment(app: Flask, as_jonas: Browser) -> None:
    factories.opportunity(url="https://hire.eu.lever.co/candidates/6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c")
    page = as_jonas.get("/text-from-lever")
    assert f"version {package.version()}" in page.words
    answer = as_jonas.get("/text-from-lever/extension.zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{package.file_name()}"'
    manifest, files = opened(answer.response.data)
    assert manifest["version"] == package.version()
    assert manifest["host_permissions"] == ["https://texting.test/*"]
    assert "optional_host_permissions" not in manifest
    assert manifest["content_scripts"][0]["matches"][-1] == "https://hire.eu.lever.co/*"
    assert json.loads(files["deployment.json"]) == {"app": "https://texting.test"}


def test_the_page_offers_the_ways_without_it(as_jonas: Browser) -> None:
    page = as_jonas.get("/text-from-lever")
    assert len(page.select(".set-up > li")) == 3
    assert page.field("Deep link")["value"].startswith("https://texting.test/lever/")
    assert "https://texting.test/lever/" in page.one(".bookmarklet")["href"]

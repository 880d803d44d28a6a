"""What a stranger's headers may not do to the server behind a proxy."""

from pathlib import Path

import pytest
import requests

from grayscale.sandbox import Sandbox
from tests.flow.product import running


@pytest.mark.flow
def test_no_header_moves_a_path_past_the_proxys_rules(sqlite_url: str, tmp_path: Path) -> None:
    with Sandbox(candidates=1) as sandbox, running(tmp_path, sandbox, sqlite_url) as product:
        moved = {"SCRIPT_NAME": "/x"}
        assert requests.get(f"{product.url}/x/metrics", headers=moved, timeout=10).status_code == 404
        assert requests.get(f"{product.url}/login", headers=moved, timeout=10).status_code == 200

"""Others that download Lever: each in a virtual environment of its own, left out with the reason when it cannot be."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

DLT = '''
import json, resource, sys, time
import dlt
from dlt.sources.rest_api import rest_api_source
url, key, folder = sys.argv[1:]
source = rest_api_source({
    "client": {"base_url": url + "/", "auth": {"type": "http_basic", "username": key, "password": ""},
               "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "offset"}},
    "resources": [{"name": "opportunities", "primary_key": "id", "write_disposition": "merge", "endpoint": {
        "path": "opportunities", "data_selector": "data",
        "params": {"limit": 100, "expand": "applications", "confidentiality": "all"}}}],
})
cpu, begun = time.process_time(), time.monotonic()
pipeline = dlt.pipeline("lever", destination=dlt.destinations.sqlalchemy("sqlite:///" + folder + "/dlt.db"),
                        dataset_name="main", pipelines_dir=folder)
pipeline.extract(source)
extracted = time.monotonic() - begun
pipeline.normalize()
pipeline.load()
print(json.dumps({"seconds": time.monotonic() - begun, "extract_seconds": extracted,
                  "cpu_seconds": time.process_time() - cpu,
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
'''

AIRBYTE = '''
import json, resource, sys, time
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.models import ConfiguredAirbyteCatalog, ConfiguredAirbyteCatalogSerializer
import logging
url, key, folder = sys.argv[1:]
stream = {"type": "DeclarativeStream", "name": "opportunities", "primary_key": "id",
  "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "additionalProperties": True}},
  "retriever": {"type": "SimpleRetriever",
    "requester": {"type": "HttpRequester", "url_base": url, "path": "/opportunities", "http_method": "GET",
      "authenticator": {"type": "BasicHttpAuthenticator", "username": key, "password": ""},
      "request_parameters": {"limit": "100", "expand": "applications", "confidentiality": "all"}},
    "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["data"]}},
    "paginator": {"type": "DefaultPaginator",
      "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "offset"},
      "pagination_strategy": {"type": "CursorPagination", "cursor_value": "{{ response.next }}",
                              "stop_condition": "{{ not response.hasNext }}"}}}}
manifest = {"version": "6.0.0", "type": "DeclarativeSource", "streams": [stream],
    "check": {"type": "CheckStream", "stream_names": ["opportunities"]}}
catalog = ConfiguredAirbyteCatalogSerializer.load({"streams": [{"stream": {"name": "opportunities",
    "json_schema": {}, "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh",
    "destination_sync_mode": "overwrite"}]})
source = ConcurrentDeclarativeSource(catalog, {}, None, source_config=manifest)
cpu, begun, records = time.process_time(), time.monotonic(), 0
for message in source.read(logging.getLogger("quiet"), {}, catalog, None):
    records += message.type.value == "RECORD"
print(json.dumps({"seconds": time.monotonic() - begun, "records": records,
                  "cpu_seconds": time.process_time() - cpu,
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
'''

# The tap's address is a constant of its code.
TAP = '''
import io, contextlib, json, resource, sys, time
import tap_lever.client as client
url, key, folder = sys.argv[1:]
for name, value in list(vars(client).items()):
    if isinstance(value, type) and hasattr(value, "get_url") or hasattr(value, "BASE_URL"):
        setattr(value, "BASE_URL", url)
lever = client.LeverClient({"token": key, "user_agent": "bench"})
cpu, begun, records, params = time.process_time(), time.monotonic(), 0, {"limit": 100, "expand": "applications"}
while True:
    page = lever.make_request(url + "/opportunities", "GET", params=params)
    records += len(page["data"])
    if not page.get("hasNext"):
        break
    params["offset"] = page["next"]
print(json.dumps({"seconds": time.monotonic() - begun, "records": records,
                  "cpu_seconds": time.process_time() - cpu,
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
'''


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    requirement: str
    script: str


PEERS = (
    Peer("dlt rest_api into SQLite", "dlt[sqlalchemy]", DLT),
    Peer("airbyte-cdk, a manifest of its own, no destination", "airbyte-cdk", AIRBYTE),
    Peer("tap-lever's client, no target", "tap-lever", TAP),
)


# Kept from run to run: installing them takes longer than measuring them.
HOME = Path(tempfile.gettempdir()) / "grayscale-bench-peers"


def run(peer: Peer, url: str, key: str, *, install_seconds: float, run_seconds: float) -> dict[str, object]:
    """Its figures, or ``{"skipped": reason}``."""
    home = HOME / peer.requirement.split("[")[0]
    python = home / "bin" / "python"
    installed = home / ".installed"
    if not installed.exists():
        # Whatever an interrupted run left is of no use.
        venv.create(home, with_pip=True, clear=True)
        try:
            done = subprocess.run(
                [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", peer.requirement],
                capture_output=True, text=True, timeout=install_seconds, check=False,
            )
        except subprocess.TimeoutExpired:
            return {"skipped": f"not installed within {install_seconds:.0f} s"}
        if done.returncode:
            return {"skipped": f"cannot be installed: {last_line(done.stderr)}"}
        installed.touch()
    work = home / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    environment = {**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false", "DO_NOT_TRACK": "1", "HOME": str(work)}
    try:
        done = subprocess.run(
            [python, "-c", peer.script, url, key, str(work)],
            capture_output=True, text=True, timeout=run_seconds, check=False, env=environment, cwd=work,
        )
    except subprocess.TimeoutExpired:
        return {"skipped": f"took more than {run_seconds:.0f} s"}
    if done.returncode:
        return {"skipped": f"failed: {last_line(done.stderr)}"}
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else f"no word on {sys.platform}"

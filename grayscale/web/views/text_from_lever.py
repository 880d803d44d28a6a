"""Text from Lever: how to have a candidate's conversation beside their page in Lever."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from grayscale.config import current_config
from grayscale.domain import sessions
from grayscale.domain.extension import connecting, package
from grayscale.models import SessionKind
from grayscale.web.auth import me

bp = Blueprint("text_from_lever", __name__, url_prefix="/text-from-lever")

# Runs on Lever's page when its bookmark is clicked: opens the conversation of the candidate in the address.
BOOKMARKLET = (
    "javascript:(()=>{{const m=/\\/(?:candidates|opportunities)\\/([\\w-]*\\d[\\w-]*)/.exec(location.pathname);"
    "m?open('{app}/lever/'+m[1],'_blank','noopener'):alert('Open a candidate in Lever first.')}})()"
)


@bp.get("")
def index() -> ResponseReturnValue:
    app = current_config().public_url
    return render_template(
        "extension/index.html",
        app=app,
        version=package.version(),
        bookmarklet=BOOKMARKLET.format(app=app),
        mine=[held for held in sessions.of(me().id) if held.kind is SessionKind.EXTENSION],
    )


@bp.get("/extension.zip")
def download() -> ResponseReturnValue:
    """The extension, fitted to this deployment and to the Lever its candidates are in."""
    page = urlsplit(connecting.lever_page_of_one())
    lever = [f"{page.scheme}://{page.netloc}"] if page.scheme in ("http", "https") and page.hostname else []
    headers = {"Content-Disposition": f'attachment; filename="{package.file_name()}"'}
    return Response(package.pack(current_config().public_url, lever), mimetype="application/zip", headers=headers)

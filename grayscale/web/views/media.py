"""Pictures and files of texts: to people who may see the conversation, and to the carrier while it sends them."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import secure_filename

from grayscale.domain.errors import NotFound
from grayscale.domain.texting import media, uploads
from grayscale.models import Media
from grayscale.web.auth import me, public

bp = Blueprint("media", __name__, url_prefix="/media")

# A candidate's file can do nothing in our origin, whatever a browser takes it for.
INERT = "default-src 'none'; style-src 'none'; sandbox"


@bp.get("/<int:media_id>")
def show(media_id: int) -> ResponseReturnValue:
    """A picture of a text; other files are downloaded."""
    return _serve(media.for_reader(media_id, me()))


@bp.get("/<int:media_id>/small")
def small(media_id: int) -> ResponseReturnValue:
    """The picture as a thread shows it; itself where nothing smaller was made."""
    content = media.small(media_id, me())
    if content is None:
        return show(media_id)
    return _inert(Response(content, content_type="image/webp"))


@bp.get("/sent/<key>")
@public
def sent(key: str) -> ResponseReturnValue:
    """What the carrier fetches to send it; the key is the permission."""
    try:
        found = media.for_carrier(key)
    except NotFound:
        return Response("", 404, content_type="text/plain")
    return _serve(found)


def _serve(found: Media) -> Response:
    shown = found.content_type in uploads.SHOWN
    response = Response(found.content, content_type=found.content_type if shown else "application/octet-stream")
    name = secure_filename(found.file_name) or f"{found.id}.{media.extension(found.content_type)}"
    response.headers["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}"'
    return _inert(response)


def _inert(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = INERT
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response

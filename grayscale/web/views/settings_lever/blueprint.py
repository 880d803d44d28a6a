"""The blueprint both modules add their routes to."""

from flask import Blueprint

bp = Blueprint("settings_lever", __name__, url_prefix="/settings/ats/lever")

"""Settings › ATS Integration › Lever."""

from grayscale.web.views.settings_lever import edit, page
from grayscale.web.views.settings_lever.blueprint import bp

__all__ = ["bp", "edit", "page"]

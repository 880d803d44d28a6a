"""The browser's and the webhooks' side: parse, authorise, one domain call, render."""

from importlib import import_module

from flask import Flask

from grayscale.web import (
    assets,
    auth,
    banners,
    bundles,
    compression,
    errors,
    filters,
    given,
    htmx,
    lever_hook,
    navigation,
    panel,
    request_log,
    security,
    unchanged,
)

VIEWS = (
    "account",
    "audit",
    "auth",
    "candidates",
    "deep_link",
    "events",
    "extension",
    "home",
    "hooks_twilio",
    "inbox",
    "media",
    "notes",
    "notices",
    "ops",
    "panel",
    "settings_company",
    "settings_interviews",
    "settings_lever",
    "settings_sign_in",
    "settings_texting",
    "settings_users",
    "setup",
    "slots",
    "sso",
    "text_from_lever",
    "times",
    "wording",
)


def register(app: Flask) -> None:
    """Bind every blueprint, guard, error page, filter and header to *app*."""
    compression.init_app(app)
    request_log.init_app(app)
    htmx.init_app(app)
    given.init_app(app)
    panel.init_app(app)
    auth.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    filters.init_app(app)
    bundles.init_app(app)
    assets.init_app(app)
    navigation.init_app(app)
    banners.init_app(app)
    for name in VIEWS:
        app.register_blueprint(import_module(f"grayscale.web.views.{name}").bp)
    lever_hook.init_app(app)
    unchanged.init_app(app)

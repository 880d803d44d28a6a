"""What is the same in every answer is worked out while a template is compiled, and nothing else is."""

from pathlib import Path

import pytest
from flask import Flask, render_template
from jinja2 import TemplateNotFound

from grayscale.web import templates


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("{% from '_macros/ui.html' import icon %}{{ icon('bell') }}", 0),
        ("{% from '_macros/ui.html' import icon as sign %}{{ sign('bell') }}", 0),
        ("{% from '_macros/ui.html' import icon %}{{ icon(name) }}", 1),
        ("{% from '_macros/ui.html' import notice %}{% call notice() %}<b>{{ name }}</b>{% endcall %}", 1),
        ("{{ url_for('static', filename='favicon.svg') }}", 0),
        ("{{ url_for('candidates.index', q=name) }}", 1),
        ("{% macro icon(name) %}<i>{{ name }}</i>{% endmacro %}{{ icon('bell') }}", 1),
    ],
)
def test_a_template_says_the_same_however_it_is_compiled(
    app: Flask, source: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.test_request_context("/"):
        compiled = app.jinja_env.compile(source, raw=True)
        shown = app.jinja_env.from_string(source).render(name="bell<")
        monkeypatch.setitem(app.config, "DEBUG", True)
        assert shown == app.jinja_env.from_string(source).render(name="bell<")
    assert compiled.count("context.call(") == calls


def test_a_process_keeps_to_the_templates_of_its_start(tmp_path: Path) -> None:
    app = Flask("kept", root_path=str(tmp_path))
    (tmp_path / "templates").mkdir()
    page = tmp_path / "templates" / "page.html"
    page.write_text("of then")
    templates.hold(app)
    page.write_text("of an upgrade")
    with app.app_context():
        assert render_template("page.html") == "of then"
        with pytest.raises(TemplateNotFound):
            render_template("other.html")

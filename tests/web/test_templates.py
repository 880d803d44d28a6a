"""What is the same in every answer is worked out while a template is compiled, and nothing else is."""

import pytest
from flask import Flask


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

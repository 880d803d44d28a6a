"""The form reader of the tools sees what a browser would send."""

import pytest

from tools.webforms import Page


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ('<option value="" selected>The key itself<option value="ana">Ana', ""),
        ('<option value="ana">Ana<option value="" selected>The key itself<option value="jo">Jo', ""),
        ('<option value="">The key itself<option value="ana">Ana', ""),
        ('<option value="">The key itself<option value="ana" selected>Ana', "ana"),
    ],
)
def test_a_select_holds_its_selected_option_or_else_the_first(options: str, value: str) -> None:
    page = Page(f'<form><label for="as">Post notes as</label><select id="as" name="as">{options}</select></form>')
    assert page.value_of("Post notes as") == value

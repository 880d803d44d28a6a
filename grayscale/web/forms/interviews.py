"""Settings › Interviews: reminders, and times candidates choose from."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectMultipleField, TimeField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _number(label: str, low: int, high: int) -> IntegerField:
    return IntegerField(label, [InputRequired("Type a number."), NumberRange(low, high, f"From {low} to {high}.")])


class InterviewsForm(FlaskForm):
    remind_day_before = BooleanField("Remind candidates the day before")
    day_before_at = TimeField("Time of day", [InputRequired("Type a time, such as 17:00.")])
    remind_hour_before = BooleanField("Remind candidates one hour before")
    works_from = TimeField("Work begins", [InputRequired("Type a time, such as 09:00.")])
    works_until = TimeField("Work ends", [InputRequired("Type a time, such as 17:00.")])
    working_days = SelectMultipleField(
        "Working days", coerce=int, choices=dict(enumerate(DAYS)), option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )  # fmt: skip
    buffer_minutes = _number("Minutes free around other interviews", 0, 240)
    notice_hours = _number("Hours of notice", 0, 720)
    change_hours = _number("Hours before it at which changes end", 0, 720)
    link_days = _number("Days a link works", 1, 60)

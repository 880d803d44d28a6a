"""The company this deployment serves."""

from typing import Any

import phonenumbers
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, StopValidation

from grayscale.domain.audit import SHORTEST_KEPT
from grayscale.domain.retention import SHORTEST_KEPT_DAYS
from grayscale.web.zones import zone_choices

MOST_DAYS = 36_500


class CompanyForm(FlaskForm):
    name = StringField("Company", [DataRequired("The company's name is needed."), Length(max=200)])
    time_zone = SelectField("Time zone")
    region = SelectField("Country of phone numbers without a country code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = zone_choices()
        self.region.choices = [
            (region, f"{region} (+{phonenumbers.country_code_for_region(region)})")
            for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        ]


class DaysField(IntegerField):
    """A number of days within limits, with one sentence for whatever is none: letters, too few, too many."""

    def __init__(self, label: str, required: Any, least: int, words: str, **options: Any) -> None:
        self.words = words
        super().__init__(label, [required, NumberRange(least, MOST_DAYS, words)], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.words) from None

    def pre_validate(self, form: Any) -> None:
        # An empty field is for the validators to judge.
        if self.process_errors and "".join(self.raw_data or ()).strip():
            raise StopValidation


class RetentionForm(FlaskForm):
    texts_kept_days = DaysField(
        "Days texts are kept",
        Optional(),
        SHORTEST_KEPT_DAYS,
        f"A whole number of days from {SHORTEST_KEPT_DAYS} to {MOST_DAYS:,}, or empty.",
    )
    audit_kept_days = DaysField(
        "Days the audit record is kept",
        InputRequired("A number of days is needed."),
        SHORTEST_KEPT.days,
        f"A whole number of days from {SHORTEST_KEPT.days} to {MOST_DAYS:,}.",
    )

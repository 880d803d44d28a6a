"""The company this deployment serves."""

from typing import Any

import phonenumbers
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from grayscale.domain.audit import SHORTEST_KEPT
from grayscale.domain.retention import SHORTEST_KEPT_DAYS
from grayscale.web.zones import zone_choices


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


class RetentionForm(FlaskForm):
    texts_kept_days = IntegerField(
        "Days texts are kept",
        [Optional(), NumberRange(SHORTEST_KEPT_DAYS, 36500, f"At least {SHORTEST_KEPT_DAYS} days, or empty.")],
    )
    audit_kept_days = IntegerField(
        "Days the audit record is kept",
        [
            InputRequired("A number of days is needed."),
            NumberRange(SHORTEST_KEPT.days, 36500, f"At least {SHORTEST_KEPT.days} days."),
        ],
    )

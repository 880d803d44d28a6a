"""The company this deployment serves."""

from typing import Any

import phonenumbers
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

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

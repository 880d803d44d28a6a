"""Signing in, the first start, one-time links, one's own account."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from grayscale.web.zones import zone_choices


class SignInForm(FlaskForm):
    email = StringField("Email", [DataRequired("Type your e-mail address."), Length(max=254)])
    password = PasswordField("Password", [DataRequired("Type your password.")])


class SetupForm(FlaskForm):
    company_name = StringField("Company", [DataRequired("The company's name is needed."), Length(max=200)])
    time_zone = SelectField("Time zone", default="America/New_York")
    name = StringField("Your name", [DataRequired("Your name is needed."), Length(max=200)])
    email = StringField("Email", [DataRequired("Your e-mail address is needed."), Length(max=254)])
    password = PasswordField("Password", [DataRequired("Choose a password.")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = zone_choices()


class ChoosePasswordForm(FlaskForm):
    password = PasswordField("New password", [DataRequired("Choose a password.")])


class PreferencesForm(FlaskForm):
    name = StringField("Name", [DataRequired("A name is needed."), Length(max=200)])
    time_zone = SelectField("Time zone")
    enter_sends = RadioField(
        "Enter key in the composer",
        choices={"y": "Enter sends, Shift+Enter breaks the line", "n": "Enter breaks the line, Shift+Enter sends"},
    )
    theme = RadioField(
        "Appearance on this device",
        choices={"": "As the device is set", "light": "Light", "dark": "Dark"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = {"Browser": {"": "The browser’s"}, **zone_choices()}


class ChangePasswordForm(FlaskForm):
    old = PasswordField("Present password", [DataRequired("Type your present password.")])
    password = PasswordField("New password", [DataRequired("Choose a password.")])

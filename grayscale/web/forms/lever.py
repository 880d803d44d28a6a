"""The form behind 'Edit': everything the set-up guide asks for, each field saved by its own."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField

from grayscale.models import LeverEvent, LeverUser

KEY_IDENTITY = "The API key's own identity"


class LeverForm(FlaskForm):
    """Token fields are named by their event; ``remove_<name>`` checkboxes clear what is stored."""

    api_key = StringField("Lever API Key")
    notes_as = SelectField("Post notes as", validate_choice=False)
    notify_followers = BooleanField("Notify followers of each Note")

    def __init__(self, people: list[LeverUser], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes_as.choices = {"": KEY_IDENTITY} | {user.lever_id: user.name or user.email for user in people}

    def token(self, event: LeverEvent) -> Field:
        return self[event.value]


for _event in LeverEvent:
    setattr(LeverForm, _event.value, StringField(_event.label))

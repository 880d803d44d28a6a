"""Settings › Texting, and the words to text with."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from grayscale.domain.inbox_acts import Colleague
from grayscale.models import ConsentPolicy, Registration

CONSENT_WORDS = {
    ConsentPolicy.ANY_VALID_NUMBER: "Any candidate with a valid number",
    ConsentPolicy.RECORDED_CONSENT: "Only numbers with consent on record",
}
EVERYBODY = "Everybody"


class TextingForm(FlaskForm):
    """The account, the number and the rules in one form. ``remove_auth_token`` clears what is stored."""

    account_sid = StringField("Account SID", [Length(max=64)])
    auth_token = StringField("Auth token", [Length(max=200)])
    phone_number = StringField("Phone number", [Length(max=30)])
    opens = TimeField("Texting opens", [InputRequired("Type a time, such as 09:00.")])
    closes = TimeField("Texting closes", [InputRequired("Type a time, such as 20:00.")])
    allow_live_replies = BooleanField("Let recruiters answer outside these hours when the candidate just texted")
    state_windows = TextAreaField("Hours by state", [Length(max=4000)])
    require_opt_out_line = BooleanField("Require opt-out line in first text")
    require_names = BooleanField("Require the recruiter’s and the company’s name in first text")
    unanswered_limit = IntegerField(
        "Unanswered texts in 24 hours",
        [InputRequired("Type a number; 0 is no limit."), NumberRange(0, 100, "A number from 0 (no limit) to 100.")],
    )
    consent = SelectField("Consent", choices={policy.value: words for policy, words in CONSENT_WORDS.items()})
    carrier_handles_keywords = BooleanField("Twilio itself answers STOP, START and HELP")
    help_text = TextAreaField("Answer to HELP", [Length(max=480)])


REGISTRATION_WORDS = {
    Registration.APPROVED: "Approved, or none needed",
    Registration.PENDING: "Waiting for approval",
    Registration.MISSING: "Missing or refused",
}


class NumberForm(FlaskForm):
    """A further number, or changes to one."""

    e164 = StringField("Number to add", [InputRequired("Type a number."), Length(max=30)])
    label = StringField("Label", [Length(max=100)])
    user_id = SelectField("Used by")
    messaging_service_sid = StringField("Messaging service", [Length(max=64)])
    registration = SelectField(
        "Registration with US carriers",
        choices={state.value: words for state, words in REGISTRATION_WORDS.items()},
        default=Registration.APPROVED.value,
    )
    segments_per_second = IntegerField("Segments a second", [Optional(), NumberRange(1, 1000, "From 1 to 1,000.")])

    def __init__(self, people: Sequence[Colleague], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user_id.choices = {"": EVERYBODY, **{str(person.id): person.name for person in people}}


class TrialForm(FlaskForm):
    number = StringField("Send it to", [InputRequired("Type your own mobile number."), Length(max=30)])


class TemplateForm(FlaskForm):
    name = StringField("Name", [InputRequired("A template needs a name."), Length(max=100)])
    # How long it may be is the domain's to say, which counts as the carrier does.
    body = TextAreaField("Text", [InputRequired("A template needs words.")])
    shared = BooleanField("Share with everybody")


class SnippetForm(FlaskForm):
    snippet_name = StringField("Snippet name", [InputRequired("A snippet needs a name."), Length(max=48)])
    value = TextAreaField("Stands for", [InputRequired("A snippet needs words."), Length(max=1000)])

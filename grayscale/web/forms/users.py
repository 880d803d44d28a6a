"""Inviting people and saying what they may do."""

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from grayscale.models import Role

ROLE_WORDS = {Role.RECRUITER: "Recruiter", Role.SUPER_ADMIN: "Super admin"}


class InviteForm(FlaskForm):
    name = StringField("Name", [DataRequired("A name is needed."), Length(max=200)])
    email = StringField("Email", [DataRequired("An e-mail address is needed."), Length(max=254)])
    role = RadioField(
        "Role",
        choices={
            Role.RECRUITER.value: "Recruiter: texts candidates",
            Role.SUPER_ADMIN.value: "Super admin: also connects Lever and the carrier, sees confidential candidates",
        },
        default=Role.RECRUITER.value,
    )


class UserForm(FlaskForm):
    role = SelectField("Role", choices={role.value: words for role, words in ROLE_WORDS.items()})
    lever_user_id = SelectField("Lever user", validate_choice=False)

"""Notes: saying which one it is."""

from flask_wtf import FlaskForm
from wtforms import StringField


class WhichNoteForm(FlaskForm):
    note = StringField("Link or id of the Note in Lever")

"""The registration at the company's identity provider."""

import re

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")


class SingleSignOnForm(FlaskForm):
    name = StringField("Name on the button", [DataRequired("Say what people know it as."), Length(max=60)])
    discovery_url = StringField("Discovery URL", [DataRequired("The discovery URL is needed."), Length(max=500)])
    client_id = StringField("Client ID", [DataRequired("The client ID is needed."), Length(max=300)])
    client_secret = StringField("Client secret", [Length(max=500)])
    domains = StringField("Allowed domains", [DataRequired("Name at least one domain.")])
    lets_join = BooleanField("Whoever has an address of these domains joins as a recruiter")
    passwords_off = BooleanField("Switch password sign-in off")

    def validate_domains(self, field: StringField) -> None:
        for domain in self.domain_list():
            if not DOMAIN.fullmatch(domain):
                raise ValidationError(f"{domain} is not a domain, such as harbor.example.")

    def domain_list(self) -> list[str]:
        return sorted({part.lower().lstrip("@") for part in re.split(r"[\s,;]+", self.domains.data or "") if part})

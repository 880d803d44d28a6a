"""Templates and snippets: plain substitution of ``{{ candidate.first_name }}`` and the like, and nothing more.

There is no expression language: a name between the braces is looked up in a table, and one that has no value blocks
the text and is named.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.company import company, texting_account
from grayscale.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from grayscale.domain.interviews import words
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.texting import gate, introduction, messages
from grayscale.extensions import db
from grayscale.models import Conversation, Interview, Posting, Snippet, Stage, Template, User
from grayscale.reading import Reading

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# What is left of a field that was not written to its end, with what stands behind it.
BRACES = re.compile(r"\{\{.{0,30}|.{0,30}\}\}", re.DOTALL)
SNIPPET_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
OPT_OUT_LINE = "Reply STOP to opt out."
# What recruiters may write, and what it stands for.
FIELDS = {
    "candidate.first_name": "the candidate's first name",
    "candidate.last_name": "the candidate's last name",
    "posting.title": "the posting's title",
    "stage.name": "the stage's name",
    "sender.first_name": "your first name",
    "sender.name": "your name",
    **words.FIELDS,
    "company.name": "the company's name",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """*missing* are the names that have no value, in order of appearance; they stand unfilled in *text*."""

    text: str
    missing: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What to do about what is missing; empty when nothing is."""
        if not self.missing:
            return ""
        unknown = [name for name in self.missing if name not in FIELDS and not name.startswith("company.")]
        if unknown:
            return f"There is no field {', '.join(unknown)}. Write the words yourself."
        names = [f"{{{{ {name} }}}} ({FIELDS.get(name, 'a company snippet')})" for name in self.missing]
        listed = " and ".join(filter(None, ("; ".join(names[:-1]), names[-1])))
        return f"Not known here: {listed}. Write the words yourself where the braces are."


def fill(template: str, conversation: Conversation, by: User, *, interview: Terms | None = None) -> Filled:
    """*template* with the values of this conversation and of *by*, the sender. *interview* is the one it is about, None
    for the next one of the conversation's opportunity."""
    return _filled(template, conversation, by, _of_interview(interview, conversation) if interview is not None else {})


def _filled(template: str, conversation: Conversation, by: User, values: dict[str, str]) -> Filled:
    """*values* are known already; what is looked up is added."""
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in values:
            values[name] = _value(name, conversation, by)
        if not values[name] and name not in missing:
            missing.append(name)
        return values[name] or found.group(0)

    return Filled(PLACEHOLDER.sub(value, template), tuple(missing))


def fill_or_refuse(body: str, conversation: Conversation, by: User) -> str:
    """*body* with every field filled. Raises ``Invalid``, naming what is empty."""
    _refuse_half_written(body)
    filled = fill(body, conversation, by)
    if filled.missing:
        raise Invalid(filled.sentence, "body")
    return filled.text


def _refuse_half_written(body: str) -> None:
    """Braces that are no whole field would be texted as they stand. Raises ``Invalid``, naming them."""
    if "" in PLACEHOLDER.findall(body):
        raise Invalid("There is no field between the braces {{ }}. Name one, or leave the braces out.", "body")
    # Whole fields stand for nothing here, so that two of them do not make up a third.
    half = BRACES.search(PLACEHOLDER.sub("\0", body))
    if half is not None:
        near = " ".join(half.group().replace("\0", "").split())
        raise Invalid(
            f"A field is only half written: “{near}”. Write it like {{{{ candidate.first_name }}}}, or leave the braces"
            " out.",
            "body",
        )


def first_text_suggestion(conversation: Conversation, by: User) -> str | None:
    """What the composer starts with in a first text, also after a long silence: who writes, for whom, how to opt out.

    A recruiter who joins a colleague's conversation is introduced. None when neither is so, or the company asks for
    neither line. The recruiter may reword it.
    """
    account = texting_account()
    if not (account.require_opt_out_line or account.require_names):
        return None
    now = clock.now()
    is_first = introduction.is_first_text(conversation.peer, now)
    if not is_first and not introduction.is_new_recruiter(conversation.peer, by):
        return None
    if introduction.is_ahead(conversation.peer, now, by):
        return None
    first_name = conversation.candidate.first_name if conversation.candidate is not None else ""
    greeting = f"Hi {first_name}, this is {by.name}" if first_name else f"Hi, this is {by.name}"
    whom = f" from {company().name}" if company().name else ""
    says_how = account.require_opt_out_line and (is_first or account.require_names)
    return f"{greeting}{whom}.{f' {OPT_OUT_LINE}' if says_how else ''}"


def lacking(body: str, by: User) -> str:
    """What is missing of an introduction in *body*, as words to put behind it; empty when nothing is."""
    names = introduction.missing_names(body, by)
    signed = [f"{', '.join(names)}."] if names else []
    return " ".join(signed + [OPT_OUT_LINE] * introduction.lacks_opt_out_line(body))


def _value(name: str, conversation: Conversation, by: User) -> str:
    known = _VALUES.get(name)
    if known is not None:
        return known(conversation, by).strip()
    group, _, snippet = name.partition(".")
    if group != "company":
        return ""
    return (db.session.scalar(select(Snippet.value).where(Snippet.name == snippet)) or "").strip()


def _first_name(conversation: Conversation, _by: User) -> str:
    return conversation.candidate.first_name if conversation.candidate is not None else ""


def _last_name(conversation: Conversation, _by: User) -> str:
    return conversation.candidate.last_name if conversation.candidate is not None else ""


def _posting(conversation: Conversation, _by: User) -> str:
    opportunity = conversation.opportunity
    if opportunity is None:
        return ""
    return db.session.scalar(select(Posting.title).where(Posting.lever_id == opportunity.posting_lever_id)) or ""


def _stage(conversation: Conversation, _by: User) -> str:
    opportunity = conversation.opportunity
    if opportunity is None:
        return ""
    return db.session.scalar(select(Stage.text).where(Stage.lever_id == opportunity.stage_lever_id)) or ""


def _of_interview(terms: Terms, conversation: Conversation) -> dict[str, str]:
    return words.values(terms, gate.zones_of(conversation)[0])


def _next_interview(name: str) -> Callable[[Conversation, User], str]:
    def value(conversation: Conversation, _by: User) -> str:
        if conversation.opportunity_id is None:
            return ""
        found = db.session.scalar(
            select(Interview)
            .where(
                Interview.opportunity_id == conversation.opportunity_id,
                Interview.canceled_at.is_(None),
                Interview.starts_at > clock.now(),
            )
            .order_by(Interview.starts_at)
            .limit(1)
        )
        return _of_interview(Terms.of(found), conversation)[name] if found is not None else ""

    return value


_VALUES: dict[str, Callable[[Conversation, User], str]] = {
    "candidate.first_name": _first_name,
    "candidate.last_name": _last_name,
    "posting.title": _posting,
    "stage.name": _stage,
    "sender.first_name": lambda _conversation, by: by.first_name,
    "sender.name": lambda _conversation, by: by.name,
    **{name: _next_interview(name) for name in words.FIELDS},
    "company.name": lambda _conversation, _by: company().name,
}


class Offered(NamedTuple):
    """A template as a list shows it. Without *owner_id* it is everybody's."""

    id: int
    name: str
    body: str
    owner_id: int | None


def templates_of(user: User) -> list[Offered]:
    """What *user* may insert: their own and the shared ones, their own first."""
    return [Offered(*row) for row in _TEMPLATES_OF.rows({"owner": user.id})]


def templates_for(conversation: Conversation, user: User) -> list[Offered]:
    """``templates_of`` as they would read in this conversation; what is not known there is named in brackets."""
    values: dict[str, str] = {}

    def read(body: str) -> str:
        return PLACEHOLDER.sub(_named, _filled(body, conversation, user, values).text)

    return [offered._replace(body=read(offered.body)) for offered in templates_of(user)]


def _named(found: re.Match[str]) -> str:
    return f"[{found.group(1).replace('.', ' ').replace('_', ' ')}]"


_TEMPLATES_OF = Reading(
    select(Template.id, Template.name, Template.body, Template.owner_id)
    .where(or_(Template.owner_id == bindparam("owner"), Template.owner_id.is_(None)))
    .order_by(Template.owner_id.is_(None), func.lower(Template.name))
)


def template_of(template_id: int, user: User) -> Template:
    """One template *user* may insert. Raises ``NotFound``."""
    found = db.session.get(Template, template_id)
    if found is None or found.owner_id not in (None, user.id):
        raise NotFound("There is no such template, or it is somebody else's.")
    return found


def save_template(template_id: int | None, *, name: str, body: str, shared: bool, by: User) -> Template:
    """Add a template or change one. A shared one may be changed by who could have made it. Raises ``Invalid``."""
    name, body = name.strip(), messages.tidy(body)
    if not name or len(name) > 100:
        raise Invalid("A template needs a name of at most 100 characters.", "name")
    _check_body(body)
    with transaction() as session:
        template = _editable(template_id, by) if template_id is not None else None
        if template is None:
            template = Template(created_at=clock.now())
            session.add(template)
        template.name, template.body, template.updated_at = name, body, clock.now()
        template.owner_id = None if shared else by.id
        session.flush()
        audit.record("template.saved", by=by, subject=name, detail={"shared": shared})
        return template


def delete_template(template_id: int, by: User) -> str:
    """Remove a template; its name, for the sentence that says so. Raises ``NotFound``."""
    with transaction() as session:
        template = _editable(template_id, by)
        session.delete(template)
        audit.record("template.deleted", by=by, subject=template.name)
        return template.name


def snippets() -> list[Snippet]:
    return list(db.session.scalars(select(Snippet).order_by(Snippet.name)))


def save_snippet(name: str, value: str, by: User) -> Snippet:
    """Add or change a company snippet, written ``{{ company.<name> }}``. Raises ``NotAllowed``, ``Invalid``."""
    _only_super_admin(by)
    name, value = name.strip().removeprefix("company.").lower(), value.strip()
    if not SNIPPET_NAME.fullmatch(name) or name == "name":
        raise Invalid("A snippet's name is one word of small letters, digits and underscores.", "snippet_name")
    if not value or PLACEHOLDER.search(value):
        raise Invalid("A snippet needs plain words, without braces.", "value")
    with transaction() as session:
        snippet = session.scalar(select(Snippet).where(Snippet.name == name))
        if snippet is None:
            snippet = Snippet(name=name)
            session.add(snippet)
        snippet.value = value
        session.flush()
        audit.record("snippet.saved", by=by, subject=name)
        return snippet


def delete_snippet(snippet_id: int, by: User) -> str:
    """Remove a snippet; templates that use it block until they are changed. Raises ``NotAllowed``, ``NotFound``."""
    _only_super_admin(by)
    with transaction() as session:
        snippet = session.get(Snippet, snippet_id)
        if snippet is None:
            raise NotFound("There is no such snippet.")
        session.delete(snippet)
        audit.record("snippet.deleted", by=by, subject=snippet.name)
        return snippet.name


def _check_body(body: str) -> None:
    if not body:
        raise Invalid("A template needs words.", "body")
    messages.refuse_too_long(body)
    _refuse_half_written(body)
    known = {f"company.{snippet.name}" for snippet in snippets()} | FIELDS.keys()
    unknown = [name for name in dict.fromkeys(PLACEHOLDER.findall(body)) if name not in known]
    if unknown:
        raise Invalid(f"There is no field {', '.join(unknown)}.", "body")


def _editable(template_id: int, by: User) -> Template:
    template = template_of(template_id, by)
    if template.owner_id is None and not by.is_super_admin:
        raise Conflict("A shared template is changed by a super admin. Save a copy of your own instead.")
    return template


def _only_super_admin(by: User) -> None:
    if not by.is_super_admin:
        raise NotAllowed("Only a super admin may change company snippets.")

"""A believable day in a recruiting team's inbox, written straight into the database: for screenshots, browser tests and
trying looks out. Not what ``make run`` uses, which goes through the sandbox."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import changes
from grayscale.domain.company import ensure_rows
from grayscale.extensions import db
from grayscale.models import (
    ArchiveReason,
    Candidate,
    CandidatePhone,
    Company,
    Consent,
    ConsentHow,
    ConsentState,
    Conversation,
    ConversationMember,
    Direction,
    Interview,
    KeyState,
    Kind,
    LeverIntegration,
    LeverUser,
    Message,
    MessageEvent,
    MessageState,
    Opportunity,
    Posting,
    Role,
    SendingNumber,
    Stage,
    Template,
    TextingAccount,
    User,
    Via,
)

PASSWORD = "correct horse battery"
# argon2id of PASSWORD.
PASSWORD_HASH = "$argon2id$v=19$m=65536,t=3,p=4$agFIdqUoGCr8qiMYLXBrgg$J095u7zg/Qtvlx5n61q503fTStnYojapJ98N/6uZaDs"
STAGES = ("New applicant", "Recruiter screen", "Phone interview", "On-site interview", "Offer")
POSTINGS = (
    ("Night Shift RN, ICU", "Duluth, MN", False),
    ("Warehouse Associate", "Reno, NV", False),
    ("Senior Backend Engineer", "Remote", False),
    ("Class A Driver, Regional", "Tulsa, OK", False),
    ("Chief of Staff", "New York, NY", True),
)


@dataclass
class Talk:
    """One conversation: *lines* are (minutes ago, who, words); who is '<' candidate, a person's first name, or '*'."""

    name: str
    phone: str
    posting: int
    stage: int
    lines: list[tuple[float, str, str]]
    assignee: str | None = None
    location: str = ""
    zone: str | None = None
    last_state: MessageState = MessageState.DELIVERED
    error: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


TALKS = [
    Talk(
        "Mira Okafor",
        "+12185550142",
        0,
        3,
        [
            (
                2900,
                "Jonas",
                ("Hi Mira, this is Jonas from Harbor Health. Thanks for applying for the night shift RN role! Is"
                " now a good time for a few questions? Reply STOP to opt out."),
            ),
            (2893, "<", "Hi Jonas! Yes, I have about ten minutes before my shift."),
            (2891, "Jonas", "Perfect. Do you hold a current Minnesota RN license, and how many years in an ICU?"),
            (2884, "<", "Licensed in MN since 2019. Four years ICU at St. Luke's, two in step-down before that."),
            (2880, "Jonas", "That is a great fit. I would love to have you meet Dana, our ICU manager."),
            (
                1400,
                "*",
                "Reminder: your interview with Dana Whitfield is Tuesday at 10:00 AM. Reply here if anything comes up.",
            ),
            (1390, "<", "Got it, thank you!"),
            (
                44,
                "Mei",
                "Hi Mira, Mei here, covering for Jonas this morning. Dana asked whether you could bring your BLS card.",
            ),
            (21, "<", "Of course, I'll bring it."),
            (3, "<", "One more thing: is parking free at the east entrance, or should I use the ramp on 3rd Street?"),
        ],
        "Jonas",
        "Duluth, MN",
        "America/Chicago",
    ),
    Talk(
        "Tomás Herrera",
        "+17755550117",
        1,
        1,
        [
            (
                190,
                "Jonas",
                ("Hi Tomás, Jonas from Harbor. The warehouse team in Reno starts interviews this week. Are you"
                " still interested? Reply STOP to opt out."),
            ),
            (64, "<", "yes very interested 👍 i can do any day after 3pm"),
        ],
        "Jonas",
        "Reno, NV",
        "America/Los_Angeles",
    ),
    Talk(
        "Priya Raman",
        "+14155550163",
        2,
        2,
        [
            (
                410,
                "Mei",
                ("Hi Priya, Mei from Harbor. Loved your talk on queues. Could we speak about our backend role"
                " this week? Reply STOP to opt out."),
            ),
            (180, "<", "Hi Mei, thanks! Thursday after 4pm Pacific works. Is the role fully remote?"),
            (172, "Mei", "Fully remote within the US. I'll send an invite for Thursday 4:30pm Pacific."),
        ],
        "Mei",
        "San Francisco, CA",
        "America/Los_Angeles",
    ),
    Talk(
        "Deshawn Brooks",
        "+19185550148",
        3,
        1,
        [
            (
                26,
                "Jonas",
                ("Hi Deshawn, this is Jonas from Harbor about the regional driver role out of Tulsa. When could"
                " we talk? Reply STOP to opt out."),
            ),
        ],
        "Jonas",
        "Tulsa, OK",
        "America/Chicago",
        MessageState.UNDELIVERED,
        "The phone could not be reached. It may be off or out of range.",
    ),
    Talk(
        "Grace Lindqvist",
        "+12185550171",
        0,
        1,
        [
            (
                1600,
                "Jonas",
                "Hi Grace, Jonas from Harbor Health. Could we talk about the night shift role? Reply STOP to opt out.",
            ),
            (1580, "<", "STOP"),
        ],
        "Jonas",
        "Superior, WI",
        "America/Chicago",
    ),
    Talk(
        "Hannah Weiss",
        "+16465550139",
        4,
        4,
        [
            (
                700,
                "Ana",
                ("Hi Hannah, Ana from Harbor. The board enjoyed meeting you. Do you have 15 minutes tomorrow?"
                " Reply STOP to opt out."),
            ),
            (640, "<", "Tomorrow at 9 works. Talk then."),
        ],
        "Ana",
        "New York, NY",
        "America/New_York",
    ),
    Talk(
        "",
        "+13035550186",
        -1,
        0,
        [
            (12, "<", "Hello, I saw your sign about warehouse jobs in Reno. Who can I talk to?"),
        ],
    ),
    Talk(
        "Elena Petrova",
        "+17755550152",
        1,
        0,
        [
            (
                95,
                "<",
                ("Hi, I applied on your website last night. Do you need my forklift certificate now or at the"
                " interview?"),
            ),
        ],
        None,
        "Sparks, NV",
        "America/Los_Angeles",
    ),
    Talk(
        "Oliver Brandt",
        "+14065550110",
        2,
        3,
        [
            (5800, "Mei", "Hi Oliver, Mei from Harbor. Your onsite is confirmed for Friday. Reply STOP to opt out."),
            (5790, "<", "Great, looking forward to it!"),
        ],
        "Mei",
        "Bozeman, MT",
        "America/Denver",
    ),
    Talk(
        "Aisha Karim",
        "+19185550125",
        3,
        2,
        [
            (300, "Jonas", "Hi Aisha, Jonas from Harbor. Thanks for the call today! Reply STOP to opt out."),
            (298, "<", "Thank you Jonas, have a great evening"),
        ],
        "Jonas",
        "Tulsa, OK",
        "America/Chicago",
    ),
]
MORE = (
    "Noah Fischer",
    "Lucía Moreno",
    "Ibrahim Sesay",
    "Kaitlyn Doyle",
    "Wei Zhang",
    "Marcus Lee",
    "Sofia Rossi",
    "Andre Baptiste",
    "Yuki Sato",
    "Fatima Noor",
    "Peter Novak",
    "Rosa Jimenez",
)


def seed() -> dict[str, User]:
    """Fill an empty, migrated database; the people by first name."""
    ensure_rows()
    with transaction():
        people = _people()
        number = SendingNumber(e164="+12185550100", label="Recruiting", position=0)
        db.session.add(number)
        db.session.flush()
        _company()
        _lists()
        for position, talk in enumerate(TALKS):
            _talk(talk, people, number, position)
        _quiet(people, number)
        db.session.add_all(
            [
                Template(
                    name="First text",
                    body="Hi {{ candidate.first_name }}, this is {{ sender.first_name }} from {{ company.name }}"
                    " about the {{ posting.title }} role. Is now a good time? Reply STOP to opt out.",
                    owner_id=None,
                    created_at=clock.now(),
                    updated_at=clock.now(),
                ),
                Template(
                    name="Interview reminder",
                    body="Hi {{ candidate.first_name }}, a reminder of your interview {{ interview.starts_at }}.",
                    owner_id=people["Jonas"].id,
                    created_at=clock.now(),
                    updated_at=clock.now(),
                ),
            ]
        )
        db.session.flush()
        changes.touch(list(db.session.scalars(db.select(Conversation.id))))
    return people


def _people() -> dict[str, User]:
    made = {}
    for name, role in (
        ("Ana Castillo", Role.SUPER_ADMIN),
        ("Jonas Rehn", Role.RECRUITER),
        ("Mei Tanaka", Role.RECRUITER),
    ):
        first = name.split()[0]
        made[first] = User(
            name=name,
            email=f"{first.lower()}@harbor.example",
            role=role,
            password_hash=PASSWORD_HASH,
            created_at=clock.now(),
            lever_user_id=f"user-{first.lower()}",
        )
        db.session.add(made[first])
    db.session.flush()
    return made


def _company() -> None:
    company = db.session.get_one(Company, 1)
    company.name, company.time_zone = "Harbor Health", "America/Chicago"
    lever = db.session.get_one(LeverIntegration, 1)
    lever.api_key, lever.key_state, lever.api_key_set_at = "demo", KeyState.ACCEPTED, clock.now()
    texting = db.session.get_one(TextingAccount, 1)
    texting.account_sid, texting.auth_token = "AC" + "0" * 32, "demo"
    # All day, so that a picture looks the same at night.
    texting.opens = texting.closes


def _lists() -> None:
    now = clock.now()
    for position, text in enumerate(STAGES):
        db.session.add(Stage(lever_id=f"stage-{position}", text=text, position=position, fetched_at=now))
    for position, (title, location, confidential) in enumerate(POSTINGS):
        db.session.add(
            Posting(
                lever_id=f"posting-{position}",
                title=title,
                location=location,
                state="published",
                confidential=confidential,
                fetched_at=now,
            )
        )
    for name in ("Ana Castillo", "Jonas Rehn", "Mei Tanaka", "Dana Whitfield"):
        db.session.add(LeverUser(lever_id=f"user-{name.split()[0].lower()}", name=name, fetched_at=now))
    db.session.add(ArchiveReason(lever_id="reason-0", text="Underqualified", type="non-hired", fetched_at=now))
    db.session.add(ArchiveReason(lever_id="reason-1", text="Hired", type="hired", fetched_at=now))
    db.session.flush()


def _candidate(talk: Talk, position: int) -> Candidate:
    now = clock.now()
    first, _, last = talk.name.lower().partition(" ")
    candidate = Candidate(
        contact_id=f"contact-{position}",
        name=talk.name,
        location=talk.location,
        time_zone=talk.zone,
        emails=[f"{first}.{last}@mail.example"],
        fetched_at=now,
    )
    db.session.add(candidate)
    db.session.flush()
    db.session.add(
        CandidatePhone(candidate_id=candidate.id, position=0, raw=talk.phone, type="mobile", e164=talk.phone)
    )
    return candidate


def _opportunity(candidate: Candidate, talk: Talk, position: int, suffix: str = "", **values: Any) -> Opportunity:
    now = clock.now()
    lever_id = f"opportunity-{position}{suffix}"
    made = Opportunity(
        **{
            "lever_id": lever_id,
            "candidate_id": candidate.id,
            "stage_lever_id": f"stage-{talk.stage}",
            "posting_lever_id": f"posting-{talk.posting}",
            "owner_lever_id": f"user-{(talk.assignee or 'Jonas').lower()}",
            "confidential": POSTINGS[talk.posting][2],
            "url": f"https://hire.lever.co/candidates/{lever_id}",
            "lever_created_at": now - timedelta(days=9),
            "advanced_at": now - timedelta(days=2),
            "fetched_at": now,
            "via": Via.FULL,
            **values,
        }
    )
    db.session.add(made)
    db.session.flush()
    return made


def _talk(talk: Talk, people: dict[str, User], number: SendingNumber, position: int) -> None:
    candidate = opportunity = None
    if talk.name:
        candidate = _candidate(talk, position)
        opportunity = _opportunity(candidate, talk, position)
        if talk.name == "Mira Okafor":
            _opportunity(
                candidate,
                talk,
                position,
                "-old",
                archived_at=clock.now() - timedelta(days=400),
                archive_reason_lever_id="reason-0",
                posting_lever_id="posting-1",
            )
            db.session.add(
                Interview(
                    lever_id="interview-0",
                    opportunity_id=opportunity.id,
                    subject="On-site interview, ICU",
                    starts_at=clock.now() + timedelta(days=1, hours=2),
                    duration_minutes=60,
                    time_zone="America/Chicago",
                    interviewers=[{"id": "user-dana", "name": "Dana Whitfield", "email": ""}],
                    fetched_at=clock.now(),
                    via=Via.FULL,
                )
            )
    conversation = Conversation(
        candidate_id=candidate.id if candidate else None,
        sending_number_id=number.id,
        peer=talk.phone,
        opportunity_id=opportunity.id if opportunity else None,
        assignee_id=people[talk.assignee].id if talk.assignee else None,
        created_at=ago(talk.lines[0][0]),
        last_activity_at=ago(talk.lines[-1][0]),
    )
    db.session.add(conversation)
    db.session.flush()
    last = None
    for minutes, who, words in talk.lines:
        last = say(conversation, people, minutes, who, words)
    if last is not None and last.direction is Direction.OUTBOUND:
        last.state, last.error = talk.last_state, talk.error or None
        if talk.error:
            conversation.has_failure = True
            last.error_code = 30003
            db.session.add_all(
                [
                    MessageEvent(message_id=last.id, at=last.occurred_at, state=MessageState.QUEUED, detail="Allowed."),
                    MessageEvent(
                        message_id=last.id, at=last.occurred_at, state=MessageState.SENT, detail="The carrier has it."
                    ),
                    MessageEvent(message_id=last.id, at=last.occurred_at, state=talk.last_state, detail=talk.error),
                ]
            )
    if talk.lines[-1][2] == "STOP":
        from grayscale.domain.texting.consent import number_hash  # noqa: PLC0415 - needs the company's salt

        db.session.add(
            Consent(
                number_hash=number_hash(talk.phone),
                e164=talk.phone,
                state=ConsentState.OPTED_OUT,
                how=ConsentHow.KEYWORD,
                at=ago(talk.lines[-1][0]),
            )
        )
        conversation.needs_reply = False
    if talk.name == "Mira Okafor":
        db.session.add(
            Message(
                conversation_id=conversation.id,
                direction=Direction.INTERNAL,
                kind=Kind.SYSTEM,
                state=MessageState.RECEIVED,
                body="Stage: Phone interview → On-site interview",
                created_at=ago(1450),
                occurred_at=ago(1450),
            )
        )
    if talk.name == "Aisha Karim":
        db.session.add(
            Message(
                conversation_id=conversation.id,
                direction=Direction.OUTBOUND,
                kind=Kind.MANUAL,
                state=MessageState.SCHEDULED,
                author_id=people["Jonas"].id,
                body="Good morning Aisha! Ready for your road test today?",
                peer=talk.phone,
                created_at=ago(200),
                occurred_at=ago(200),
                send_at=clock.now() + timedelta(hours=15),
                scheduled_by_person=True,
                submission_key="demo-scheduled",
            )
        )
        db.session.add(
            ConversationMember(
                conversation_id=conversation.id,
                user_id=people["Jonas"].id,
                draft="By the way, ",
                draft_saved_at=clock.now(),
                read_up_to_id=10**9,
            )
        )
    elif talk.name not in ("Mira Okafor", "Tomás Herrera", "Elena Petrova") and candidate is not None:
        for person in people.values():
            db.session.add(ConversationMember(conversation_id=conversation.id, user_id=person.id, read_up_to_id=10**9))
    elif talk.name == "Mira Okafor":
        # Jonas has read all but what came in last.
        read = db.session.scalars(
            db.select(Message.id)
            .where(Message.conversation_id == conversation.id, Message.occurred_at < ago(30))
            .order_by(Message.id.desc())
        ).first()
        db.session.add(
            ConversationMember(conversation_id=conversation.id, user_id=people["Jonas"].id, read_up_to_id=read or 0)
        )


def say(conversation: Conversation, people: dict[str, User], minutes: float, who: str, words: str) -> Message:
    """Add one line, said *minutes* ago, and keep the conversation's own columns right."""
    inbound = who == "<"
    at = ago(minutes)
    message = Message(
        conversation_id=conversation.id,
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        kind=Kind.AUTOMATED if who == "*" else Kind.MANUAL,
        state=MessageState.RECEIVED if inbound else MessageState.DELIVERED,
        author_id=people[who].id if who in people else None,
        body=words,
        peer=conversation.peer,
        segments=1,
        encoding="GSM-7",
        created_at=at,
        occurred_at=at,
        handed_over_at=None if inbound else at,
    )
    db.session.add(message)
    db.session.flush()
    conversation.last_message_id = message.id
    conversation.last_activity_at = at
    conversation.needs_reply = inbound
    if inbound:
        conversation.last_inbound_at, conversation.last_inbound_id = at, message.id
    else:
        conversation.last_outbound_at = at
    return message


def _quiet(people: dict[str, User], number: SendingNumber) -> None:
    """Older conversations, so that the list is as long as a real one; the last ones are archived."""
    for position, name in enumerate(MORE):
        talk = Talk(
            name,
            f"+1218555{200 + position:04}"[:12],
            position % 4,
            position % 5,
            [
                (
                    9000 + 700 * position,
                    "Jonas",
                    f"Hi {name.split()[0]}, Jonas from Harbor. Thanks for your time today! Reply STOP to opt out.",
                ),
                (8990 + 700 * position, "<", "Thank you, speak soon!"),
            ],
            "Jonas" if position % 3 else "Mei",
            "Duluth, MN",
            "America/Chicago",
        )
        _talk(talk, people, number, 100 + position)
        conversation = db.session.scalars(db.select(Conversation).order_by(Conversation.id.desc())).first()
        if conversation is not None:
            conversation.needs_reply = False
            conversation.archived_at = ago(5) if position >= 9 else None


def ago(minutes: float) -> datetime:
    return clock.now() - timedelta(minutes=minutes)

"""Every table, imported so that the metadata is complete whoever imports one."""

from grayscale.models.attempts import Attempts
from grayscale.models.audit_event import AuditEvent
from grayscale.models.candidate import Candidate, CandidatePhone, MirrorOddity, Via
from grayscale.models.company import ChangeClock, Company
from grayscale.models.consent import Consent, ConsentHow, ConsentKind, ConsentRecord, ConsentSource, ConsentState
from grayscale.models.conversation import Conversation, ConversationMember
from grayscale.models.delivery import WAITING, Delivery, DeliveryState, Source, WebhookTally
from grayscale.models.interview_change import OPEN_CHANGES, WORKED_ON, ChangeKind, ChangeState, InterviewChange
from grayscale.models.lever_integration import KeyState, LeverEvent, LeverIntegration, UntoldChange, WebhookToken
from grayscale.models.lever_pace import LeverPace
from grayscale.models.message import (
    CANCELABLE,
    FINAL,
    HANDED_OVER,
    TROUBLED,
    Direction,
    Kind,
    Media,
    MediaState,
    Message,
    MessageEvent,
    MessageState,
)
from grayscale.models.mirror import ArchiveReason, LeverUser, Posting, Stage
from grayscale.models.opportunity import Interview, Opportunity
from grayscale.models.single_sign_on import SingleSignOn
from grayscale.models.slots import OfferState, Reminder, ReminderKind, SchedulingPolicy, Slot, SlotHold, SlotOffer
from grayscale.models.sync_run import SyncKind, SyncRun, SyncState, SyncWindow
from grayscale.models.template import Snippet, Template
from grayscale.models.texting_account import ConsentPolicy, Registration, SendingNumber, TextingAccount
from grayscale.models.transcript import OPEN_TRANSCRIPTS, Transcript, TranscriptPart, TranscriptState
from grayscale.models.user import Role, User
from grayscale.models.user_session import SessionKind, UserSession

__all__ = [
    "CANCELABLE",
    "FINAL",
    "HANDED_OVER",
    "OPEN_CHANGES",
    "OPEN_TRANSCRIPTS",
    "TROUBLED",
    "WAITING",
    "WORKED_ON",
    "ArchiveReason",
    "Attempts",
    "AuditEvent",
    "Candidate",
    "CandidatePhone",
    "ChangeClock",
    "ChangeKind",
    "ChangeState",
    "Company",
    "Consent",
    "ConsentHow",
    "ConsentKind",
    "ConsentPolicy",
    "ConsentRecord",
    "ConsentSource",
    "ConsentState",
    "Conversation",
    "ConversationMember",
    "Delivery",
    "DeliveryState",
    "Direction",
    "Interview",
    "InterviewChange",
    "KeyState",
    "Kind",
    "LeverEvent",
    "LeverIntegration",
    "LeverPace",
    "LeverUser",
    "Media",
    "MediaState",
    "Message",
    "MessageEvent",
    "MessageState",
    "MirrorOddity",
    "OfferState",
    "Opportunity",
    "Posting",
    "Registration",
    "Reminder",
    "ReminderKind",
    "Role",
    "SchedulingPolicy",
    "SendingNumber",
    "SessionKind",
    "SingleSignOn",
    "Slot",
    "SlotHold",
    "SlotOffer",
    "Snippet",
    "Source",
    "Stage",
    "SyncKind",
    "SyncRun",
    "SyncState",
    "SyncWindow",
    "Template",
    "TextingAccount",
    "Transcript",
    "TranscriptPart",
    "TranscriptState",
    "UntoldChange",
    "User",
    "UserSession",
    "Via",
    "WebhookTally",
    "WebhookToken",
]

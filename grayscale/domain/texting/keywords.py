"""What a received text says about wanting texts.

A keyword counts only as the whole message, so that "Please stop by at 3" opts nobody out. A sentence that means stop
is only a suggestion, for a person to confirm. Words: the carrier's and the CTIA's lists, and 47 CFR 64.1200(a)(10).
"""

import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence

STOP = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar", "cancelar"}
)
START = frozenset({"start", "unstop"})
# An answer to a recruiter's question unless the number is opted out.
START_WHEN_OPTED_OUT = START | {"yes"}
HELP = frozenset({"help", "info"})
# What Twilio itself recognises, as the whole message in any case; source: its page on opt-out keywords.
CARRIERS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "start", "yes",
                      "unstop", "help", "info"})  # fmt: skip

# Words that change nothing about the one stop word beside them. Those in the second pair of lists may stand beside
# words that mean nothing but stop: "ok cancel it" is about an interview as likely as not.
POLITE = ("please", "pls", "plz", "kindly", "thanks", "thank you", "thank u", "thx", "ty", "por favor", "gracias")
BEFORE = ("ok", "okay", "hey", "hi", "hello", "no", "nope", "sorry", "just", "so", "and", "then", "yes", "can", "could",
          "would", "you", "u", "i said", "i want to", "i would like to", "i'd like to", "i want you to")  # fmt: skip
AFTER = ("it", "this", "that", "now", "already", "immediately", "asap", "right now", "right away", "for good", "ok",
         "okay", "sir", "me", "bye", "ya", "everything")  # fmt: skip
ONLY_STOP = ("stop", "stopall", "unsubscribe", "optout", "alto", "parar", "pare", "basta")

WRONG = r"(?:wrong\s+(?:number|person|phone)|numero\s+equivocado)"
_WRONG = re.compile(rf"\b{WRONG}\b")
_TEXTS = r"(?:texts?|messages?|texting|sms|mensajes?|textos?)"
_SOFT = re.compile(
    r"\b(?:"
    r"(?:stop|quit|cease)\s+(?:(?:the|these|your|all|any|with\s+the)\s+)*"
    r"(?:text|texts|texting|message|messages|messaging|sms|contact|contacting|sending|calling|bothering|harassing|spamming)"
    r"|(?:don't|dont|do\s+not|never|not\s+to)\s+(?:ever\s+)?(?:text|message|contact|call)\s+(?:me|this|us)"
    rf"|no\s+more\s+{_TEXTS}"
    r"|(?:don't|dont|do\s+not|no\s+longer)\s+(?:want|wish|need)\s+(?:to\s+(?:get|receive|have|see)\s+)?"
    rf"(?:(?:any|more|these|those|your|the|further|such|of)\s+)*{_TEXTS}"
    r"|(?:remove|unsubscribe|delete)\s+(?:me|my\s+(?:number|phone|info|contact))"
    r"|take\s+(?:me|my\s+number)\s+off"
    r"|opt\s+me\s+out|(?:want|wish|like|need|have)\s+to\s+(?:optout|unsubscribe)|opting\s+out"
    r"|revoke\s+(?:my\s+)?consent"
    rf"|{WRONG}"
    r"|lose\s+(?:my|this)\s+number"
    r"|leave\s+me\s+alone"
    r"|please\s+stop\s*(?:it|this|thanks|thank\s+you)?\s*$"
    r"|no\s+me\s+(?:escrib|mand|envi|contact|mensaje|molest|llam)\w*"
    rf"|no\s+(?:quiero|deseo)\s+(?:recibir\s+)?(?:mas\s+|sus\s+|estos\s+)*{_TEXTS}|no\s+mas\s+{_TEXTS}"
    r"|dej[ae]n?\s+de\s+(?:escrib|mand|envi|contact|molest|llam)\w*"
    r")"
)


def _beside(words: Sequence[str], stops: Iterable[str], before: Sequence[str], after: Sequence[str]) -> re.Pattern[str]:
    """One of *stops*, once or more, with nothing but the given words around it."""
    first, last, stop = ("|".join(map(re.escape, each)) for each in ((*words, *before), (*words, *after), stops))
    return re.compile(rf"(?:(?:{first})\s+)*(?:{stop})(?:\s+(?:{stop}))*(?:\s+(?:{last}))*")


_ASKS = (
    _beside(POLITE, ONLY_STOP, BEFORE, AFTER),
    _beside(POLITE, sorted(STOP), (), ()),
)


@enum.unique
class Keyword(enum.StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"
    # A sentence that sounds like stop.
    SOFT_STOP = "soft_stop"


def classify(body: str, *, opted_out: bool = False) -> Keyword | None:
    """What *body* asks for; *opted_out* says whether its sender is, for then YES means start."""
    word = _bare(body)
    if word in STOP:
        return Keyword.STOP
    if word in HELP:
        return Keyword.HELP
    if word in (START_WHEN_OPTED_OUT if opted_out else START):
        return Keyword.START
    return Keyword.SOFT_STOP if sounds_like_stop(body) else None


def is_carriers(body: str) -> bool:
    """Whether Twilio itself obeys and answers *body*, where it handles keywords."""
    return body.strip().casefold() in CARRIERS


def sounds_like_stop(body: str) -> bool:
    """Whether a sentence of *body* asks to end the texts, or is little else than a stop word."""
    for sentence in re.split(r"[.!?;\n]+", body):
        words = _words(sentence)
        if _bare(sentence) in STOP or _SOFT.search(words) or any(asks.fullmatch(words) for asks in _ASKS):
            return True
    return False


def says_wrong_number(body: str) -> bool:
    """Whether *body* says that somebody else has this number: the candidate has to be asked for theirs."""
    return _WRONG.search(_words(body)) is not None


def _words(text: str) -> str:
    """The words alone, folded and without accents, one blank apart; "opt out" and "stop all" as one."""
    folded = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    letters = "".join(character for character in folded if not unicodedata.combining(character))
    words = " ".join(re.findall(r"[\w']+", letters))
    return re.sub(r"\bopt out\b", "optout", re.sub(r"\bstop all\b", "stopall", words))


def _bare(text: str) -> str:
    """Only the letters and digits, folded: "Opt-Out!" and "OPT OUT 🛑" are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())

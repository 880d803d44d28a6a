"""What a received text says about wanting texts.

A keyword counts only as the whole message, so that "Please stop by at 3" opts nobody out. A sentence that means stop
is only a suggestion, for a person to confirm. Words: the carrier's and the CTIA's lists, and 47 CFR 64.1200(a)(10).
"""

import enum
import re
import unicodedata

STOP = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "alto", "parar", "cancelar"}
)
START = frozenset({"start", "unstop"})
# An answer to a recruiter's question unless the number is opted out.
START_WHEN_OPTED_OUT = START | {"yes"}
HELP = frozenset({"help", "info"})

WRONG = r"wrong\s+(?:number|person|phone)"
_WRONG = re.compile(rf"\b{WRONG}\b")
_SOFT = re.compile(
    r"\b(?:"
    r"(?:stop|quit|cease)\s+(?:(?:the|these|your|all|any|with\s+the)\s+)*"
    r"(?:text|texts|texting|message|messages|messaging|sms|contact|contacting|sending|calling|bothering|harassing|spamming)"
    r"|(?:don't|dont|do\s+not|never|not\s+to)\s+(?:ever\s+)?(?:text|message|contact|call)\s+(?:me|this|us)"
    r"|no\s+more\s+(?:texts?|messages?|texting|sms)"
    r"|(?:remove|unsubscribe|delete)\s+(?:me|my\s+(?:number|phone|info|contact))"
    r"|take\s+(?:me|my\s+number)\s+off"
    r"|opt\s+me\s+out|(?:want|wish|like|need|have)\s+to\s+(?:opt\s*out|unsubscribe)|opting\s+out"
    rf"|{WRONG}"
    r"|lose\s+(?:my|this)\s+number"
    r"|leave\s+me\s+alone"
    r"|please\s+stop\s*(?:it|this|thanks|thank\s+you)?\s*$"
    r")"
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


def sounds_like_stop(body: str) -> bool:
    """Whether a sentence of *body* asks to end the texts, or is a stop word by itself."""
    for sentence in re.split(r"[.!?;\n]+", body):
        words = " ".join(sentence.casefold().replace("’", "'").split())
        if _bare(sentence) in STOP or _SOFT.search(words):
            return True
    return False


def says_wrong_number(body: str) -> bool:
    """Whether *body* says that somebody else has this number: the candidate has to be asked for theirs."""
    return _WRONG.search(" ".join(body.casefold().split())) is not None


def _bare(text: str) -> str:
    """Only the letters and digits, folded: "Opt-Out!" and "OPT OUT 🛑" are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())

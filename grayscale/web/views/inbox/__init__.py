"""The texting inbox: list, conversation, composer, and what keeps them live."""

from grayscale.web.views.inbox import acts, drafts, interviews, live, matching, messages, pages, words
from grayscale.web.views.inbox.blueprint import bp

__all__ = ["acts", "bp", "drafts", "interviews", "live", "matching", "messages", "pages", "words"]

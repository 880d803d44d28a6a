"""What a simulated candidate answers: short, fitting, and the same each time for the same seed."""

from __future__ import annotations

import random
import re

_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"\b(reschedul|move (it|our)|different time|another time)",
        (
            "No problem, what times do you have?",
            "That's fine. Mornings are best for me.",
            "Sure, any time Thursday?",
        ),
    ),
    (
        r"\b(interview|call|chat|talk|phone screen|meet|available|availability|time|schedule)\b",
        (
            "Yes, I can do tomorrow after 2pm. Does that work?",
            "I'm free Thursday morning or any time Friday.",
            "Anytime before noon works for me!",
            "Yes! I get off shift at 3, so 3:30 or later would be great",
        ),
    ),
    (
        r"\b(licen[cs]e|certif|resume|cv|document|transcript|background|reference)",
        (
            "I have it, I'll email it over tonight.",
            "Yes, it's current through next June.",
            "Sure, where should I send it?",
        ),
    ),
    (
        r"\b(offer|salary|pay|rate|benefits|start date|start on)\b",
        (
            "That's great news, thank you! Can you email me the details?",
            "Thanks! Is the pay the same for weekends?",
            "I could start in two weeks.",
        ),
    ),
    (
        r"\b(interested|position|role|opening|opportunity|apply|applied|application)\b",
        (
            "Yes, I'm still interested!",
            "Hi! Yes I am. Is it day or night shift?",
            "Thanks for reaching out. Which location is this for?",
        ),
    ),
    (
        r"\b(thank|thanks|great|perfect|see you|confirmed)\b",
        ("See you then!", "Perfect, thanks!", "Sounds good 👍"),
    ),
    (r"\?", ("Yes, that works.", "I think so, let me check and get back to you.", "Yes")),
)
_OTHERWISE = ("Ok, thank you!", "Got it, thanks.", "Thanks for letting me know.", "Sounds good!")
_ASKED = re.compile(r"\[reply:\s*(.*?)\]", re.IGNORECASE | re.DOTALL)


def reply_to(body: str, *, seed: int, phone: str, turn: int) -> str | None:
    """The answer to `body`, or None for silence. `[reply: …]` in the body asks for one, `[no reply]` for none."""
    asked = _ASKED.search(body)
    if asked:
        return asked.group(1)
    if "[no reply]" in body.lower() or not body.strip():
        return None
    rng = random.Random(f"{seed} {phone} {turn}")
    if rng.random() < 0.06:
        return None  # people do not always answer
    for pattern, answers in _RULES:
        if re.search(pattern, body, re.IGNORECASE):
            return rng.choice(answers)
    return rng.choice(_OTHERWISE)

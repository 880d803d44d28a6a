"""Twilio's Programmable Messaging: sending, looking up, and reading its webhooks."""

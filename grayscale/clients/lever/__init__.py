"""Lever's Data API v1 and its webhooks."""

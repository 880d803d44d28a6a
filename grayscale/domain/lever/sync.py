"""The sync of Lever: asking for it, running it, watching it."""

from grayscale.domain.lever.sync_requests import (
    ResourceStatus,
    SyncStatus,
    cancel,
    current,
    last_success,
    request,
    status,
)

__all__ = ["ResourceStatus", "SyncStatus", "cancel", "current", "last_success", "request", "status"]

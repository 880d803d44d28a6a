"""Servers that speak Lever's and Twilio's HTTP on loopback ports. Share no code with the application.

In a test: ``with start_sandbox(candidates=60) as sandbox:`` and then ``sandbox.lever_url``, ``sandbox.api_key``,
``sandbox.team.move(...)``, ``sandbox.faults.add("lever", "status", status=429)``, ``sandbox.settle()``.
As a process: ``flask --app app sandbox``; the same by HTTP under ``/control`` of either port.
"""

from grayscale.sandbox.runner import Sandbox, start_sandbox

__all__ = ["Sandbox", "start_sandbox"]

"""Servers that speak Lever's and Twilio's HTTP on loopback ports. Share no code with the application."""

from grayscale.sandbox.runner import Sandbox, start_sandbox

__all__ = ["Sandbox", "start_sandbox"]

"""Typed HTTP clients of the services outside: they know no model and no Flask."""

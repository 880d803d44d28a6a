"""How much memory the web process takes; see README.md beside this."""

"""How long a process takes to stop that waits for an answer from outside."""

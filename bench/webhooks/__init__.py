"""How quickly and how safely webhooks are received. Run it: ``python -m bench.webhooks``."""

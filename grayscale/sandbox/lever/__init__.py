"""A simulated Lever: Data API v1, webhooks, and a small web application to play the recruiting team."""

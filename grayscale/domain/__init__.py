"""What the product does: plain functions, the only place that commits."""

"""The processes of the product: what each does, how it starts, logs and stops, and who keeps them running."""

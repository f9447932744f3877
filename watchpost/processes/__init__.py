"""The processes of the product: their entry points, supervision and logging."""

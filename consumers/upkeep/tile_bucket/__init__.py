"""Minute tiles in a bucket of S3, which browsers and caches read without the hub."""

"""The archive: the bytes that events refer to, in append-only packs of an hour, and the index over them."""

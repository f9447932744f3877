"""The archive: the bytes that events refer to, in append-only packs of five minutes, and the index over them."""

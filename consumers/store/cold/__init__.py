"""Cold storage: the copies of packs, and of closed days of the journal, in a bucket of S3."""

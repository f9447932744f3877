"""The journal: every accepted event, append-only, in commit order."""

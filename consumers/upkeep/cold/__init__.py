"""Cold storage: uploads closed packs and closed days of the journal, and makes a hub of what a bucket holds."""

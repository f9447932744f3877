"""Transfers a range of the log: reads it, publishes it again, exports it to a file, and imports one."""

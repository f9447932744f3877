"""A stretch of the log: read, sent again, put into a file, and taken out of one."""

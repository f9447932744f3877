"""What people are told about incidents: raised and cleared in pairs, never more often than they can bear."""

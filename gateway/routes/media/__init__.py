"""Pictures and video: live, recorded, and minute by minute."""

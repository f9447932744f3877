"""Routes of pictures and video: live, recorded, and minute by minute."""

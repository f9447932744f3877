"""What a site needs: events, bytes of links and disks, and memory, computed from its configuration."""

"""What is old or too much goes, hour by hour, and is told: nothing is deleted silently."""

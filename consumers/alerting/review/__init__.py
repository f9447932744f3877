"""What people say of incidents: reviews, and mutes of their alerts."""

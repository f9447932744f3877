"""What is wrong and who is told: rules, incidents, alerts, notifications, what-if trials."""

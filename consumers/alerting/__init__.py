"""Alerting: rules, incidents, alerts, notifiers, and what-if trials."""

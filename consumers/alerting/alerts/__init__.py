"""Alerts: raised and cleared in pairs, with a cool-down so that people do not get too many."""

"""The broker: its configuration, and a launcher that starts the real mosquitto."""

"""Plays requests to the newest Glance and keeps its answers."""

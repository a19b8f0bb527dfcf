"""Asks Glance and Python what property protection files mean."""

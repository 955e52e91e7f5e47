"""Believable sample data, so that every page has something to show on the first day."""

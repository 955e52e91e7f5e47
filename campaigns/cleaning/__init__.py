"""Cleaning: who is in the list twice, merging them and taking that back, and how good addresses are."""

"""Sending: messages planned, leased, handed to the mail server once, and accounted for."""

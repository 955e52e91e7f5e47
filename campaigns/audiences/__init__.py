"""Audiences: rules about contacts, who fits them, and who of those may be mailed."""

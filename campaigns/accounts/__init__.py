"""The organisation, its users and their roles, and the audit log."""

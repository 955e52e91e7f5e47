"""An email campaign manager: consented contacts, audiences, letters sent once, and who engaged."""

__version__ = "0.1.0"

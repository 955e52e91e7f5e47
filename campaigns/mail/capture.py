"""Captured mail: letters that stay here, one file each, until a real mail server is set."""

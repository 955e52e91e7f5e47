"""Contacts, their companies, categories and tags."""

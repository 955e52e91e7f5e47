"""Imports: files of contacts, read with care, stored with evidence of consent."""

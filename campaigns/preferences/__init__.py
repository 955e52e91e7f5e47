"""The contact's own pages, reached by a signed link."""

"""Files that leave: contacts and companies as tables, cards and pages, and lists for ad platforms."""

"""Rules over what is known of contacts, each becoming one select."""

"""Messages: planned, claimed, handed over and accounted for."""

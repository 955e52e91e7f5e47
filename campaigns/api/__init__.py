"""What other programs may ask for: JSON over HTTP, by a key of their own."""

"""Opens and clicks: taken in, told from machines, counted."""

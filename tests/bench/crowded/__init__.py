"""The parts of a large invented crowd: how rows are poured in, who they are, and the letters they got."""

"""An email as bytes: written, signed, handed over or captured; no database."""

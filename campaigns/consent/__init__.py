"""The consent ledger, the gate that everybody is asked through, and the suppression list."""

"""Public forms: people sign themselves up, and confirm it by a letter to their own address."""

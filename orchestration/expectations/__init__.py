"""What we expect of each decoded table, and the gate a day must pass before anything uses it."""

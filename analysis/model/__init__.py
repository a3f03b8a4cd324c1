"""Tables to results."""

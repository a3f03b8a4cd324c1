"""Reports to tables."""

"""Results to what a person sees."""

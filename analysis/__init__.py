"""Compare Chinese local governments' annual reports on law-based government."""

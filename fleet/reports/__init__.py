"""What is asked of the store: sums, charts, turnover, the roster, and the law of money."""

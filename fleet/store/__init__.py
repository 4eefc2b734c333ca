"""The database: engine, transactions, dialects, steps between versions, days, and what is dropped by age."""

"""What Alembic runs: the steps, on the connection and in the transaction of fleet.store.migrate."""

from alembic import context

# SQLite changes its schema in a transaction as well as PostgreSQL does; Alembic does not take that for granted.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()

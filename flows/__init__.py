"""Prefect flows: order, retries, schedules and artifacts. No domain work lives here."""

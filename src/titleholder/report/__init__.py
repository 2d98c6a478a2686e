"""What people look at: the report card, findings as Markdown, findings in the terminal.

Nothing is decided here. Every name that comes from data goes through `titleholder.report.text`
before it reaches a page, and numbers are rounded in `titleholder.report.numbers` alone.
"""

"""titleholder: may this candidate take the title from the champion?"""

__version__ = "0.1.0"

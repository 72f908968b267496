"""Long-context ModernBERT-bio encoders in spaCy.

Importing this package imports nothing else: `encoder` runs where spaCy is absent. The registered
names reach spaCy through the entry points in setup.cfg, with no import by the user.
"""

__version__ = "0.1.0"

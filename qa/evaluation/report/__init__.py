"""report.html: one self-contained page that a person reads."""

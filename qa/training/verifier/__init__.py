"""Training the verifier: training rows -> what the reader finds in them (`candidates.py`) -> examples -> model folder."""

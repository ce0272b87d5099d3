"""Trains the span reader: `python -m qa.training.reader $QA_DATA --out DIR`. Never imported at run time.

In reading order: `recipe` (every number, and why), `rows`, `spans`, `negatives`, `examples` (data to model inputs),
`batches`, `model`, `schedule`, `checkpoint`, `trainer` (the run), `probe` (how it is doing).
"""

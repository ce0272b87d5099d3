"""Answers over an archive that a store holds (`index/stores`), which may be larger than this machine.

loading.py    articles into a store: what has changed is embedded and sent, what is gone goes
archive.py    `StoredIndex`: what an index tells of its articles, each fetched when it is asked for
finding.py    the articles that a question may be answered from
pipeline.py   `StorePipeline`: a small index of those articles, and `QAPipeline` over it
telling.py    what is wrong with a store: to the log, and in other words to readers
live.py       the pipeline of a running server, renewed when somebody has built into the store
opening.py    from settings to store and pipeline
"""

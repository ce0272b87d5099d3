"""Documents of every kind, read into articles.

files.py     which documents there are: files, folders (folder.py), addresses, and what each is called
reading.py   documents -> articles and problems; what has not changed since the last index is taken from it
jsonl.py     rows of JSON, an article each
html.py      a page's article text (trafilatura); charset.py what its bytes are written in
pdf.py       a PDF's text, with its pages (pypdf)
extractor.py the processes of their own that run the last two (worker.py), so that no file takes this one down
fetch.py     pages fetched from addresses, when asked to; kept.py keeps them beside the index
"""

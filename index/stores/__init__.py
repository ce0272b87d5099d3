"""Where the vectors, terms and texts of an archive are kept: in a folder of this machine, or in Milvus.

protocol.py   `VectorStore`: what every store does, and what it gives
rows.py       articles as stores take and give them, and a small index made of some
embedded.py   the folder: FAISS and bm25s, one process, all in memory
milvus.py     Milvus by pymilvus: a cluster by its address, or Milvus Lite in a local file
opening.py    which of them an address names
"""

from index.stores.opening import open_store
from index.stores.protocol import Counts, Head, Hit, Kind, StoredArticle, VectorStore

__all__ = ["Counts", "Head", "Hit", "Kind", "StoredArticle", "VectorStore", "open_store"]

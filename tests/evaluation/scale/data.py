"""A folder of data in small, laid out like the public sets'."""

import gzip
import json
from pathlib import Path

LAKES = {
    "Lake_Anna": [
        "Lake Anna lies between seven mountains. Its water freezes every winter. Fishermen built wooden houses there.",
        "The lake drains through the river Tolva. Merchants crossed the river on wooden bridges.",
    ],
    "Lake_Berta": [
        "Lake Berta covers ninety square kilometres. Swimmers cross the lake every summer.",
        "A steamer called Hope carried passengers. The steamer burned during a storm in 1911.",
    ],
    "Lake_Clara": ["Lake Clara dried after farmers diverted streams. Birds return whenever heavy rains fill the basin."],
}
"""Each sentence has words that a copy may alter."""


def write_data(folder: Path) -> Path:
    """Three articles with a question on each paragraph; a copy of one of them; two documents of the training data."""
    (folder / "dev").mkdir(parents=True)
    _write(folder / "dev" / "lakes.json", LAKES)
    _write(folder / "dev" / "repeated.json", {"Anna": LAKES["Lake_Anna"][:1]})
    rows = [
        {"source": "s", "article": "A_mill", "context": "The mill ground barley. Water turned its wheels."},
        {"source": "s", "article": "A_mill", "context": "The mill ground barley. Water turned its wheels."},
        {"source": "s", "article": "A_mill", "context": "Later owners installed engines. Workers lived nearby."},
        {"source": "s", "article": "A_tower", "context": "The tower leans. Engineers measured its angle twice."},
    ]
    with gzip.open(folder / "train.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def _write(path: Path, articles: dict[str, list[str]]) -> None:
    data = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {
                            "id": f"{path.stem}-{title}-{place}",
                            "question": f"What of {context.split('.')[0]}?",
                            "answers": [],
                        }
                    ],
                }
                for place, context in enumerate(contexts)
            ],
        }
        for title, contexts in articles.items()
    ]
    path.write_text(json.dumps({"data": data}))

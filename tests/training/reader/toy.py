"""A training file of a few rows, and a BERT small enough to train in a test."""

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from index.model_folder import packaged_folder
from qa.training.reader.rows import Row
from qa.training.reader.written import passage_digest

CONTEXTS = (
    "The old mill on the river was built in 1820 by Jane Marsh and burnt down in 1901.",
    "A dam above the river feeds the lake, and the lake feeds the canal that the town dug in 1830.",
    "The town market is held on Tuesday; on Friday the fish market opens by the river.",
    "Trains reach the town from the north, over a bridge of seven arches across the river.",
    "The school beside the bridge teaches four hundred pupils, most of whom walk.",
)
ANSWERED = (
    ("Who built the old mill on the river?", 0, "Jane Marsh"),
    ("When is the town market held?", 2, "Tuesday"),
    ("What does the lake feed below the dam on the river?", 1, "the canal"),
    ("How many pupils does the school beside the bridge teach?", 4, "four hundred"),
)
ROWS = (
    *(Row("qed", "a", asked, CONTEXTS[at], ((said, CONTEXTS[at].index(said)),)) for asked, at, said in ANSWERED),
    Row("squad2", "a", "Who painted the bridge of seven arches?", CONTEXTS[3], ()),
    Row(
        "qed",
        "a",
        "Where do trains to the town come from?",
        CONTEXTS[3],
        (("the north", CONTEXTS[3].index("the north")),),
    ),
)


def as_fields(row: Row) -> dict[str, Any]:
    """The row as the training file has it."""
    return {
        "id": "train-000001",
        "source": row.source,
        "article": row.article,
        "question": row.question,
        "context": row.context,
        "answers": [{"text": text, "start": start} for text, start in row.answers],
    }


def write_data(folder: Path, lines: Iterable[str] | None = None) -> Path:
    """A data folder whose training file has these lines; the toy rows when None."""
    folder.mkdir(exist_ok=True)
    with gzip.open(folder / "train.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines or map(json.dumps, map(as_fields, ROWS)))
    return folder


def write_probe(data: Path, name: str) -> None:
    """A development set of two questions, one of them answerable."""
    asked = [
        {"id": "1", "question": "Who built the mill?", "answers": [{"text": "Jane Marsh", "answer_start": 47}]},
        {"id": "2", "question": "Who painted the mill?", "answers": []},
    ]
    (data / "dev").mkdir()
    document = {"data": [{"title": "Mill", "paragraphs": [{"context": CONTEXTS[0], "qas": asked}]}]}
    (data / "dev" / f"{name}.json").write_text(json.dumps(document))


def write_encoder(folder: Path) -> Path:
    """The packaged encoder's tokenizer with a random BERT of two narrow layers."""
    torch.manual_seed(0)
    narrow = BertConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128)
    BertModel(narrow).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copyfile(packaged_folder() / name, folder / name)
    return folder


def write_written(folder: Path, *passages: dict[str, Any]) -> Path:
    """A file of written rows with these passages; one on a toy context and one of its own when there are none."""
    path = folder / "written.jsonl.gz"
    of_a_context = {
        "sha256": passage_digest(CONTEXTS[2]),
        "rows": [["fish, which day", "Friday"], ["Who sells fish?", None]],
    }
    of_its_own = {
        "article": "news",
        "passage": "The mayor, Ada Roe, resigned.",
        "rows": [["Who gave up office?", "Ada Roe"]],
    }
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(passage)}\n" for passage in passages or (of_a_context, of_its_own))
    return path

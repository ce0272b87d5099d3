"""Every setting in one table: name, default, environment variable, meaning.

`python -m qa serve --help` and the README are checked against this table by a test. A wrong value stops the start with one
line that names the variable.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import SettingsError

ENV_PREFIX = "ARTICLE_QA_"


class Settings(BaseSettings):
    """What the owner of a server or a run may choose; each field is `ARTICLE_QA_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="address the server listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port the server listens on; 0 takes a free one")] = 7860
    index: Annotated[Path, Field(description="folder of the built index")] = Path("index/built")
    articles: Annotated[
        tuple[Path, ...], Field(min_length=1, description="article files that the index is built from, as a JSON list")
    ] = (Path("seeds/article.md"),)
    encoder: Annotated[
        str | None,
        Field(description="another sentence-transformers model, by path or hub name; none = the packaged all-MiniLM-L6-v2"),
    ] = None
    dense_sentence: Annotated[float, Field(ge=0, le=100, description="weight of sentence similarity in fusion")] = 1.0
    bm25_sentence: Annotated[float, Field(ge=0, le=100, description="weight of sentence BM25 in fusion")] = 0.5
    dense_passage: Annotated[float, Field(ge=0, le=100, description="weight of passage similarity in fusion")] = 0.5
    bm25_passage: Annotated[float, Field(ge=0, le=100, description="weight of passage BM25 in fusion")] = 0.25


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, overridden by every keyword that is not None.

    :raises SettingsError: a value cannot be used; one line that names each bad setting.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(problem) for problem in error.errors())) from error


def _describe(problem: object) -> str:
    location = ".".join(str(part) for part in problem["loc"]) or "settings"  # type: ignore[index]
    return f"{ENV_PREFIX}{location.upper()}={problem['input']!r}: {problem['msg'].lower()}"  # type: ignore[index]

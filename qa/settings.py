"""Every setting in one table: name, default, environment variable, meaning.

`python -m qa serve --help` and the README are checked against this table by a test. A wrong value stops the start with one
line that names the variable.
"""

from pathlib import Path
from typing import Annotated, cast

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import SettingsError

ENV_PREFIX = "ARTICLE_QA_"


def Weight(measure: str) -> FieldInfo:
    """The field of a measure's weight in retrieval's weighted sum."""
    return cast(FieldInfo, Field(ge=0, le=100, description=f"weight in retrieval of {measure}"))


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
        Field(
            description="another sentence-transformers model, by path or hub name; none = the packaged all-MiniLM-L6-v2"
        ),
    ] = None
    dense_sentence: Annotated[float, Weight("sentence similarity (z-score)")] = 0.78
    bm25_sentence: Annotated[float, Weight("sentence BM25 (z-score)")] = 0.05
    dense_passage: Annotated[float, Weight("passage similarity (z-score)")] = 0.93
    bm25_passage: Annotated[float, Weight("passage BM25 (z-score)")] = 0.8
    coverage: Annotated[float, Weight("the share of the question's terms that the sentence holds")] = 4.9


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

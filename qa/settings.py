"""Every setting in one table: name, default, environment variable, meaning.

`python -m qa serve --help` and the README are checked against this table by a test. A wrong value stops the start with one
line that names the variable.
"""

import json
import os
import re
from difflib import get_close_matches
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from index.addresses import store_address
from index.errors import SettingsError

ENV_PREFIX = "ARTICLE_QA_"

_SECRET = {"store", "store_token"}  # what they hold is in no message: it may be a password

_A_LIST_OF_HOSTS = '["qa.example.org"]'
_A_LIST_OF_PROXIES = '["127.0.0.1", "10.0.0.0/8"]'
_A_LIST_OF_ORIGINS = '["https://blog.example.org"]'
UTF_8 = 4  # most bytes of a code point

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^/:@?#\[\]]+)(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}

PROJECT = Path(__file__).resolve().parents[1]


def project_path(path: str) -> Path:
    """A path as it stands when run in a project's folder (this one, or any with `seeds`); this project's from elsewhere."""
    return Path(path) if Path("seeds").is_dir() else PROJECT / path


def Weight(measure: str) -> FieldInfo:
    """The field of a measure's weight in retrieval's weighted sum."""
    return cast(FieldInfo, Field(ge=0, le=100, description=f"weight in retrieval of {measure}"))


def Rank(measure: str) -> FieldInfo:
    """The field of a measure's weight in the ranking of what was read."""
    return cast(FieldInfo, Field(ge=0, le=100, description=f"weight in ranking of {measure}"))


class Settings(BaseSettings):
    """What the owner of a server or a run may choose; each field is `ARTICLE_QA_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="address the server listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port the server listens on; 0 takes a free one")] = 7860
    hosts: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="names besides localhost that requests may be for, as a proxy's: one, or a JSON list; "
            "without any, a server that listens beyond loopback answers to every name"
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="origins of other sites whose pages may ask, with the widget or by themselves, and may frame /embed: "
            "one, as https://blog.example.org, or a JSON list"
        ),
    ] = ()
    index: Annotated[
        Path, Field(default_factory=lambda: project_path("index/built"), description="folder of the built index")
    ]
    articles: Annotated[
        tuple[Path, ...],
        NoDecode,
        Field(
            default_factory=lambda: (project_path("seeds/article.md"),),
            min_length=1,
            description="what the index is built from: a file or folder of articles, or a JSON list of such",
        ),
    ]
    store: Annotated[
        str | None,
        Field(
            description="where the articles are kept instead of the index's folder: http(s)://host:port of a Milvus server, "
            "a file of Milvus Lite that ends in .db, or another folder; none = the index's folder"
        ),
    ] = None
    store_token: Annotated[
        SecretStr | None, Field(description="user:password, or a token, that the Milvus server asks for; never shown")
    ] = None
    store_shards: Annotated[
        int, Field(ge=1, le=64, description="shards that a new archive is made with on a Milvus server")
    ] = 1
    encoder: Annotated[
        str | None,
        Field(
            description="another sentence-transformers model, by path or hub name; none = the packaged all-MiniLM-L6-v2"
        ),
    ] = None
    depth: Annotated[
        int,
        Field(ge=0, le=10_000, description="windows of text, about a paragraph each, that are read; 0 reads all of them"),
    ] = 6
    reader: Annotated[
        str | None,
        Field(description="another extractive question-answering model, by path or hub name; none = the packaged one"),
    ] = None
    feedback: Annotated[
        Path | None,
        Field(description="SQLite file that readers' questions and votes are kept in; none = nothing is kept"),
    ] = None
    feedback_days: Annotated[
        int, Field(ge=1, le=3_650, description="days that a question and its votes are kept after it was last asked")
    ] = 90
    workers: Annotated[
        int,
        Field(ge=0, le=64, description="answers that are computed at a time; 0 = as many as the process may use cores"),
    ] = 0
    queue: Annotated[
        int,
        Field(
            ge=0, le=10_000, description="questions that wait for a free worker; one more is refused with 503, at once"
        ),
    ] = 64
    time_limit: Annotated[
        float,
        Field(gt=0, le=600, description="seconds a question may take, waiting included; then it is refused with 503"),
    ] = 15.0
    rate: Annotated[
        float, Field(gt=0, le=10_000, description="questions a second that one client may ask for long; more get 429")
    ] = 2.0
    burst: Annotated[
        int, Field(ge=1, le=100_000, description="questions that one client may ask at once, before the rate counts")
    ] = 120
    trusted_proxies: Annotated[
        tuple[str, ...],
        NoDecode,
        Field(
            description="proxies whose X-Forwarded-For tells the client's address: an address or network, as 127.0.0.1 or "
            "10.0.0.0/8, or a JSON list; without any, the client is whoever connects"
        ),
    ] = ()
    streams: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="connections at a time that wait for the chat page's answers, one client holding an eighth at "
            "most; more get 503",
        ),
    ] = 256
    connections: Annotated[
        int,
        Field(
            ge=8,
            le=100_000,
            description="connections at a time; one more takes the place of the one that has longest kept the server "
            "waiting, for a request or to take an answer; it gets 503 where all wait for answers",
        ),
    ] = 512
    transfer_limit: Annotated[
        float,
        Field(
            gt=0,
            le=3_600,
            description="seconds in which a request's headers, and then its body, must arrive (else 408), and in which a "
            "client must take what it is sent (else it is cut off)",
        ),
    ] = 30.0
    question_length: Annotated[
        int, Field(ge=10, le=100_000, description="longest question, in code points; a longer one gets 422")
    ] = 1_000
    history_turns: Annotated[
        int,
        Field(
            ge=6, le=1_000, description="most earlier turns of a question; more get 422; the page and the widget send six"
        ),
    ] = 20
    batch: Annotated[int, Field(ge=1, le=10_000, description="most questions of a batch; more get 422")] = 64
    body_bytes: Annotated[
        int, Field(ge=1_024, le=2**30, description="largest body of a question, in bytes; a larger one gets 413")
    ] = 65_536
    batch_bytes: Annotated[
        int,
        Field(ge=1_024, le=2**30, description="largest body of a batch of questions, in bytes; a larger one gets 413"),
    ] = 1_048_576
    page_bytes: Annotated[
        int,
        Field(
            ge=1_024,
            le=2**30,
            description="largest body of the chat page, which sends its conversation, in bytes; a larger one gets 413",
        ),
    ] = 262_144
    header_bytes: Annotated[
        int, Field(ge=1_024, le=2**20, description="largest request line and headers together, in bytes; larger get 431")
    ] = 16_384
    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=600,
            description="seconds for which a server that is told to stop still takes questions, while /readyz says 503, so "
            "that a balancer hears of it; answers in progress are finished in any case",
        ),
    ] = 0.0
    root_path: Annotated[
        str | None,
        Field(
            pattern=r"^(?:/[A-Za-z0-9_.~-]+)+$",
            description="path that a proxy has put the server under, and takes off again, as /qa; none = under none",
        ),
    ] = None
    page: Annotated[bool, Field(description="whether the chat page is served; without it Gradio is not loaded")] = True
    log_format: Annotated[
        Literal["text", "json"],
        Field(
            description="text: lines for a person; json: an object a line, for a machine, which tells of every request"
        ),
    ] = "text"
    log_questions: Annotated[
        bool, Field(description="whether the log tells what was asked: people type anything into a box")
    ] = False
    dense_sentence: Annotated[float, Weight("sentence similarity (z-score)")] = 0.78
    bm25_sentence: Annotated[float, Weight("sentence BM25 (z-score)")] = 0.05
    dense_passage: Annotated[float, Weight("passage similarity (z-score)")] = 0.93
    bm25_passage: Annotated[float, Weight("passage BM25 (z-score)")] = 0.8
    coverage: Annotated[float, Weight("the share of the question's terms that the sentence holds")] = 4.9

    retrieval: Annotated[float, Rank("retrieval's score")] = 0.42
    reader_odds: Annotated[float, Rank("the reader's log odds of an answer in the sentence")] = 0.31
    kind: Annotated[float, Rank("a span that could be the number, time or name asked for")] = 0.63

    @field_validator("encoder", "reader", "feedback", "root_path", "store", "store_token", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        """`none`, as the table writes it, is none of them, and no name."""
        if value == "":
            raise ValueError("it is empty; unset it, or say none")
        return None if value == "none" else value

    @field_validator("store")
    @classmethod
    def _address(cls, uri: str | None) -> str | None:
        try:
            return uri and store_address(uri)
        except SettingsError as error:
            raise ValueError(str(error)) from error

    @field_validator("articles", mode="before")
    @classmethod
    def _files(cls, value: object) -> object:
        if value == "":
            raise ValueError("it is empty; unset it, or name a file or folder")
        return _one_or_list(value, 'a file or folder or a JSON list of such like ["a.md", "reports"]')

    @field_validator("articles")
    @classmethod
    def _here(cls, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        """No addresses: nothing that a server does by itself asks the network."""
        if pages := [path for path in paths if re.match(r"https?:/", str(path), re.IGNORECASE)]:
            raise ValueError(
                f"found {str(pages[0])!r}; expected files or folders: a page is fetched by python -m qa build --fetch, and "
                "served without being named again"
            )
        return paths

    @field_validator("hosts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _one_or_list(value, f"a name or a JSON list of names like {_A_LIST_OF_HOSTS}")

    @field_validator("hosts")
    @classmethod
    def _bare(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """In lower case, an IPv6 address without its brackets, as requests are compared with them."""
        bare = tuple(name.lower().removeprefix("[").removesuffix("]") for name in names)
        if wrong := [name for name, host in zip(names, bare, strict=True) if not _is_host(host)]:
            raise ValueError(f"found {wrong[0]!r}; expected names without scheme, port or star, like {_A_LIST_OF_HOSTS}")
        return bare

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies(cls, value: object) -> object:
        return _one_or_list(value, f"an address or a JSON list of addresses like {_A_LIST_OF_PROXIES}")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        """As networks, an address being one of its own: `127.0.0.1/32`."""
        try:
            networks = [ip_network(proxy) for proxy in proxies]
        except ValueError as error:
            raise ValueError(f"{error}; expected addresses or networks like {_A_LIST_OF_PROXIES}") from error
        if everyone := next((network for network in networks if network.prefixlen == 0), None):
            raise ValueError(
                f"{everyone} is every address, so that anyone could name any client; expected your proxies' own, like "
                f"{_A_LIST_OF_PROXIES}"
            )
        return tuple(map(str, networks))

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return _one_or_list(value, f"an origin or a JSON list of origins like {_A_LIST_OF_ORIGINS}")

    @field_validator("allowed_origins")
    @classmethod
    def _exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """As browsers write them in the Origin header, with which they are compared."""
        return tuple(_as_sent(origin) for origin in origins)

    @model_validator(mode="after")
    def _agreeing(self) -> "Settings":
        """No limit may be out of reach behind another."""
        longest = UTF_8 * self.question_length
        for lower, least, upper, why in (
            ("body_bytes", self.body_bytes, "batch_bytes", "a batch holds at least a question"),
            ("batch", self.batch, "burst", "a batch costs as many questions as it holds, and could never be asked"),
            ("streams", self.streams, "connections", "every stream is a connection"),
            ("question_length", longest, "body_bytes", f"a question of that length takes up to {longest:,} bytes"),
            ("question_length", longest, "page_bytes", f"a question of that length takes up to {longest:,} bytes"),
        ):
            if least > getattr(self, upper):
                raise ValueError(
                    f"{_told(lower, self)} does not fit {_told(upper, self)}: {why}; lower the first or raise the second"
                )
        return self


def _told(name: str, settings: Settings) -> str:
    return f"{ENV_PREFIX}{name.upper()}={getattr(settings, name)}"


def _as_sent(origin: str) -> str:
    """`https://Blog.example.org:443` as `https://blog.example.org`.

    :raises ValueError: it is no origin that a browser could send.
    """
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None or not _is_host(found[2].strip("[]")) or int(found[3] or 0) > 65_535:
        raise ValueError(
            f"found {origin!r}; expected exact origins, scheme://host or scheme://host:port in ASCII, without path, star "
            f"or null, like {_A_LIST_OF_ORIGINS}"
        )
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{int(port)}"


def _one_or_list(value: object, expected: str) -> object:
    """The environment's text: a JSON list when it opens like one, else the one value that it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.lstrip().startswith("[") else (value,)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected {expected} ({error})") from error


def _is_host(name: str) -> bool:
    if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name):
        return True
    try:
        return bool(IPv6Address(name))
    except ValueError:
        return False


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, overridden by every keyword that is not None.

    :raises SettingsError: a value cannot be used, or the environment has a setting that is none; one line that names each.
    """
    if unknown := [name for name in os.environ if name.upper().startswith(ENV_PREFIX) and _field(name) is None]:
        raise SettingsError("; ".join(map(_misnamed, sorted(unknown))))
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(problem) for problem in error.errors())) from error


def _field(name: str) -> FieldInfo | None:
    """The setting that a variable of the environment sets."""
    return Settings.model_fields.get(name.upper().removeprefix(ENV_PREFIX).lower())


def _misnamed(name: str) -> str:
    near = get_close_matches(name[len(ENV_PREFIX) :].lower(), Settings.model_fields, 1)
    meant = f"is {ENV_PREFIX}{near[0].upper()} meant?" if near else "the README lists those that there are"
    return f"{name} is no setting; {meant}"


def _describe(problem: object) -> str:
    said = problem["msg"].removeprefix("Value error, ")  # type: ignore[index]
    if not problem["loc"]:  # type: ignore[index]
        return str(said)  # of several settings, which it names
    location = ".".join(str(part) for part in problem["loc"])  # type: ignore[index]
    given = "" if location in _SECRET else f"={problem['input']!r:.1000}"  # type: ignore[index]
    return f"{ENV_PREFIX}{location.upper()}{given}: {said[:1].lower()}{said[1:]}"

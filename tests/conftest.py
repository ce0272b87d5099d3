"""What several tests share. The toy encoder and reader serve wherever meaning does not matter: they need no model file, and
what they find does not change with one.
"""

import shutil
from pathlib import Path

import hypothesis
import pytest

from index.article import Article, article_from_text, load_article
from index.encoder import Encoder, load_encoder
from index.store import Index, build_index, save_index
from qa.reader import Reader, load_reader
from tests.toy import ToyEncoder, ToyReader

ROOT = Path(__file__).parent.parent

hypothesis.settings.register_profile("untimed", deadline=None)  # how long one example takes is the machine's affair
hypothesis.settings.load_profile("untimed")

# All that could come back changed: line ends of every kind, a decomposed accent, an emoji of several code points,
# another script, and a paragraph longer than the toy encoder's window.
AWKWARD = (
    "Water on the Moon\r\n\r\nIce was found near the south pole. It is older than the oceans.\r\n\r\n"
    "A cafe\u0301 opened \U0001f469\u200d\U0001f680 there in 2031.\u2028Nobody\u0085came. מים על הירח נמצאו בקוטב.\n\n"
    + " ".join(f"Crater number {n} holds {n} tons of ice, the survey of the year said." for n in range(20))
)


@pytest.fixture(scope="session")
def seed_article() -> Article:
    return load_article(ROOT / "seeds" / "article.md")


@pytest.fixture(scope="session")
def awkward_article() -> Article:
    return article_from_text(AWKWARD, id="moon", title="Water on the Moon", published="2031-02-03")


@pytest.fixture(scope="session")
def toy_encoder() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture(scope="session")
def toy_reader() -> ToyReader:
    return ToyReader()


@pytest.fixture(scope="session")
def toy_index(seed_article: Article, awkward_article: Article, toy_encoder: ToyEncoder) -> Index:
    """Two articles, in memory: the seed article and an awkward one called "moon"."""
    return build_index([seed_article, awkward_article], toy_encoder)


@pytest.fixture(scope="session")
def _saved_toy_index(toy_index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("toy") / "index"
    save_index(toy_index, directory)
    return directory


@pytest.fixture
def index_dir(_saved_toy_index: Path, tmp_path: Path) -> Path:
    """The toy index on disk, for the test to damage as it likes."""
    return shutil.copytree(_saved_toy_index, tmp_path / "index")


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="session")
def real_reader() -> Reader:
    """The packaged one."""
    return load_reader()


@pytest.fixture(scope="session")
def real_index(seed_article: Article, real_encoder: Encoder) -> Index:
    """The seed article with the real encoder, in memory."""
    return build_index([seed_article], real_encoder)


@pytest.fixture(scope="session")
def real_index_dir(real_index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, saved; not to be changed."""
    directory = tmp_path_factory.mktemp("real") / "index"
    save_index(real_index, directory)
    return directory

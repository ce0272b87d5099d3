"""What can go wrong, as one tree of exceptions.

    ArticleQAError
    ├── ArticleError            an article that cannot be read, or says nothing
    ├── EncoderError            a model that cannot be loaded, or is not the one it claims to be
    ├── ReaderError             likewise, of the models that read
    ├── IndexFault              an index that must not be answered from
    │   ├── IndexMissing        there is none
    │   ├── IndexStale          its article, encoder or segmenter has changed since it was built
    │   ├── IndexForeign        another schema, or not an index of this program
    │   ├── IndexDamaged        a file is missing, cut or altered
    │   └── StoreUnavailable    the store that holds it cannot be reached, or refuses
    ├── QuestionError           a question that cannot be asked: empty, too long, control characters
    ├── DataError               evaluation or calibration data that cannot be used
    ├── FeedbackError           a feedback file that cannot be used
    └── SettingsError           a setting that cannot be used

Every message is one line that says what was found, what was expected and the next step, so the command line prints it as
it is and the page shows it as it is.
"""


class ArticleQAError(Exception):
    """Root of every error that this program raises on purpose."""


class ArticleError(ArticleQAError):
    """The article cannot be read, or holds no text."""


class EncoderError(ArticleQAError):
    """The encoder cannot be loaded, or its weights are not those expected."""


class ReaderError(ArticleQAError):
    """The reader cannot be loaded, or is not the one it claims to be."""


class IndexFault(ArticleQAError):
    """The index must not be answered from; the message names the command that mends it."""


class IndexMissing(IndexFault):
    """There is no index at this place."""


class IndexStale(IndexFault):
    """The article, the encoder or the segmenter has changed since the index was built."""


class IndexForeign(IndexFault):
    """The folder holds something else, or an index of another schema version."""


class IndexDamaged(IndexFault):
    """A file of the index is missing, cut or altered."""


class StoreUnavailable(IndexFault):
    """The store that holds the index cannot be reached, refuses, or its client is not installed."""


class QuestionError(ArticleQAError):
    """The question is empty, too long or holds control characters."""


class DataError(ArticleQAError):
    """Evaluation or calibration data cannot be used; `problems` lists every bad row."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class FeedbackError(ArticleQAError):
    """The file that holds what readers asked and voted cannot be used."""


class SettingsError(ArticleQAError):
    """A setting has a value that cannot be used."""

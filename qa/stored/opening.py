"""From settings to a store, and to a pipeline over it."""

from index.encoder import Encoder, load_encoder
from index.errors import SettingsError
from index.stores import VectorStore, open_store
from index.stores.protocol import EncoderIdentity
from qa.settings import Settings
from qa.stored.pipeline import StorePipeline


def store_of(settings: Settings, encoder: Encoder, *, create: bool = False) -> VectorStore:
    """The store that the settings name.

    :raises SettingsError: they name none.
    :raises IndexFault: it cannot be reached, or must not be answered from; see `open_store`.
    """
    if settings.store is None:
        raise SettingsError("no store is named; give --store, or set ARTICLE_QA_STORE")
    token = None if settings.store_token is None else settings.store_token.get_secret_value()
    identity = EncoderIdentity(encoder.name, encoder.fingerprint, encoder.dimension)
    return open_store(settings.store, identity, token=token, create=create, shards=settings.store_shards)


def store_pipeline(settings: Settings) -> StorePipeline:
    """A pipeline over it, with the models that the settings name, and the decision of the index's folder if there is one.

    :raises EncoderError, ReaderError: a model cannot be loaded. :raises IndexFault: as `store_of`, or the store is empty.
    """
    from qa.decision import decision_for
    from qa.reader import load_reader

    encoder = load_encoder(settings.encoder)
    store = store_of(settings, encoder)
    try:
        reader = load_reader(settings.reader)
        decision = decision_for(encoder.fingerprint, reader.fingerprint, settings.index)
        return StorePipeline(store, encoder, settings, reader=reader, decision=decision)
    except BaseException:
        store.close()
        raise

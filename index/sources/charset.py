"""What the bytes of a page are written in: text, by byte order mark, header, `<meta>`, and the bytes themselves."""

import codecs
import re

from index.errors import ArticleError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_WITHIN = 4096  # bytes; the HTML standard asks for the first 1,024, pages keep to it loosely
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)

# Python's names of those that the web uses (the WHATWG Encoding Standard's). Others are refused: some, as `punycode`, take
# time with the square of the length; some, as `unicode_escape`, are programs' own.
_ENCODINGS = re.compile(
    r"utf-8|utf-16(-le|-be)?|cp(866|874|932|949|950|125\d)|iso8859-\d{1,2}|koi8-[ru]|mac-(roman|cyrillic)|gbk|gb2312|gb18030"
    r"|big5(hkscs)?|euc_(jp|kr)|shift_jis|iso2022_jp|tis-620"
)
# As browsers do: what says that it is the narrower is usually the wider one.
_WIDER = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}


def decoded(raw: bytes, header: str | None = None) -> str:
    """`raw` as text, without a byte order mark.

    A byte order mark is believed first. Bytes beyond ASCII that are UTF-8 are taken for that, whatever header or `<meta>`
    say: by chance hardly any text is. Then come the header's charset and the page's, then the likeliest.

    :param header: the charset of the Content-Type header, if there was one.
    :raises ArticleError: none of them can read the bytes.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _read(raw.removeprefix(mark), encoding) or _refuse(encoding)
    if not raw.isascii() and (text := _read(raw, "utf-8")) is not None:
        return text
    declared = _META.search(raw, 0, _META_WITHIN) or _XML.search(raw, 0, _META_WITHIN)
    names = [header, declared[1].decode("ascii", "replace") if declared else None, "utf-8"]
    for encoding in filter(None, map(_known, names)):
        if (text := _read(raw, encoding)) is not None:
            return text
    return _guessed(raw) or _refuse(", ".join(filter(None, names)))


def _known(name: str | None) -> str | None:
    """Python's name of the encoding, None for one that pages are not written in."""
    try:
        found = codecs.lookup((name or "").strip("\"' ")).name
    except (LookupError, ValueError):
        return None
    found = _WIDER.get(found, found)
    return found if _ENCODINGS.fullmatch(found) else None


def _read(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _guessed(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(raw[:200_000]).best()
    encoding = _known(found.encoding) if found else None
    return _read(raw, encoding) if encoding else None


def _refuse(tried: str) -> str:
    raise ArticleError(f"its bytes are no text in {tried}; save it as UTF-8")

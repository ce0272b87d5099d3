"""Documents for the tests: pages of HTML, and PDFs of printed lines."""

import io
from collections.abc import Sequence

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

WORDS = (
    "The rocket left Earth on Monday, and the crew of four waved to those who stayed.",
    "It had been planned for years by people who never agreed on anything else.",
)

PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Mars: the plan | The Post</title>
<meta property="og:title" content="Mars: the plan"><meta property="og:site_name" content="The Post">
<link rel="canonical" href="https://post.example.org/mars-plan">
<meta property="article:published_time" content="2025-03-27T10:00:00Z">
</head><body><nav><ul><li><a href="/">Home</a></li><li><a href="/news">All the news</a></li></ul></nav>
<article><h1>Mars: the plan</h1>
<p>The rocket left Earth on <b>Monday</b>, and
   the crew of four waved.&nbsp;It was a good day for all who had worked for years on “the mission”.</p>
<h2>The landing</h2>
<p>They may land in 2029,<br>said the director. Nothing else is known of the date at present, and she would not say more.</p>
<ul><li>One apple for each of them</li><li>Two <i>pears</i> for all</li></ul>
<blockquote><p>We will go there, and we will come back from there as well.</p></blockquote>
<table><tr><th>Year</th><th>Cost</th></tr><tr><td>2025</td><td>10 million</td></tr></table>
<p>A last paragraph tells that the mission was paid for by nobody in particular, which surprised everybody.</p>
</article><footer>Copyright The Post, all rights reserved</footer></body></html>
"""


def page(words: str, head: str = "") -> str:
    """A page with one article."""
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in words.split("\n\n"))
    return f"<!doctype html><html><head>{head}</head><body><article>{paragraphs}</article></body></html>"


def pdf(pages: Sequence[Sequence[str]], *, title: str | None = None, password: str | None = None) -> bytes:
    """A PDF with these lines on its pages."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for lines in pages:
        sheet = writer.add_blank_page(width=595, height=842)
        shown = "".join(f"({escaped(line)}) Tj T* " for line in lines)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 11 Tf 14 TL 60 780 Td {shown}ET".encode("cp1252"))
        sheet[NameObject("/Contents")] = writer._add_object(content)
        sheet[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
        )
    if title:
        writer.add_metadata({"/Title": title})
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")

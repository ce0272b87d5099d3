"""`python -m qa verify`: derive everything stored in an index again, and compare."""

import typer

from qa.cli.build import counts
from qa.cli.messages import waiting
from qa.cli.options import IndexOption
from qa.cli.terminal import printable


def verify(index: IndexOption = None) -> None:
    """Check the built index against its articles.

    Every stored offset, text, checksum and vector is derived again; exit status 1 if any is off.
    """
    from index.errors import IndexDamaged, IndexStale
    from index.generations import read_manifest
    from qa.settings import load_settings
    from qa.startup import refuse_changed

    settings = load_settings(index=index)
    problems: list[str] = []
    try:
        refuse_changed(settings.index)
    except (IndexDamaged, IndexStale) as error:
        problems.append(str(error))
    with waiting("Verifying …"):
        from index.encoder import load_encoder
        from index.verify import verify_index

        found = verify_index(settings.index, load_encoder(settings.encoder))
    problems += [problem for problem in found if problem not in problems]
    if problems:
        print("\n".join(map(printable, problems)))
        raise typer.Exit(1)
    print(f"{settings.index} is sound: {counts(read_manifest(settings.index))}; all agree with the articles")

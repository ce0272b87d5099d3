"""`python -m qa.training.verifier CANDIDATES --out DIR --start READER`: from candidates to a final model folder."""

import argparse
import sys

from qa.training.reader.__main__ import main, make_parser
from qa.training.verifier.candidates import CANDIDATES_FILE
from qa.training.verifier.trainer import VerifierTrainer


def verifier_parser() -> argparse.ArgumentParser:
    return make_parser("python -m qa.training.verifier", "Train the verifier, on a reader's weights.", CANDIDATES_FILE)


if __name__ == "__main__":
    sys.exit(main(kind=VerifierTrainer, parser=verifier_parser()))

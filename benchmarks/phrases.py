"""How long the tables of phrases and sentences take to read: `python benchmarks/phrases.py`.

Prints the processor's time for 1,000 phrases and 1,000 sentences, and as a multiple of `dateutil.parser.parse` on the
same texts in the same run: it guesses one date of each or gives up. Refused phrases are counted, with what they offer.
"""

from __future__ import annotations

import csv
import os
import statistics
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dateutil.parser import parse

from pressrelease.errors import EmbargoRefused
from pressrelease.promises import promises_in
from pressrelease.when import read_embargo

ROUNDS = int(os.environ.get("ROUNDS", "5"))
EXAMPLES = Path(__file__).parents[1] / "tests" / "examples"


def rows(name: str) -> list[dict[str, str]]:
    """A table of examples."""
    with (EXAMPLES / f"{name}.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def a_thousand(texts: list[dict[str, str]], read: Callable[[dict[str, str]], object]) -> float:
    """Seconds of the processor for 1,000 of them: the median of the rounds, after one that doesn't count."""
    took = []
    for number in range(ROUNDS + 1):
        began = time.process_time()
        for row in texts:
            with suppress(EmbargoRefused, ValueError, OverflowError):
                read(row)
        if number:
            took.append((time.process_time() - began) / len(texts) * 1000)
    return statistics.median(took)


def phrase(row: dict[str, str]) -> object:
    """The reading of a phrase, or its refusal with every reading that it offers."""
    hour = datetime.strptime(row["default_time"], "%H:%M").time()
    now = datetime.fromisoformat(row["reference_now"])
    return read_embargo(row["text"].replace("\\n", "\n"), now=now, timezone=row["default_tz"], release_time=hour)


def sentence(row: dict[str, str]) -> object:
    """What a sentence promises."""
    now = datetime.fromisoformat(row["reference_now"])
    return promises_in(row["text"].replace("\\n", "\n"), now=now, timezone=row["default_tz"])


def main() -> None:
    """Print both, each beside the guess."""
    warnings.simplefilter("ignore")  # the guess says of every zone that it doesn't know it
    for what, name, read in (("phrases", "embargo_phrases", phrase), ("sentences", "promise_sentences", sentence)):
        texts = rows(name)
        guess = a_thousand(texts, lambda row: parse(row["text"], fuzzy=True))
        took = a_thousand(texts, read)
        print(f"1,000 {what}: {took:.2f} s, {took / guess:.1f} times a guess ({len(texts)} texts)")


if __name__ == "__main__":
    main()

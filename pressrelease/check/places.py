"""How American streets are written."""

from __future__ import annotations

import re

KINDS_OF_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Way|Circle|Cir|Terrace|Ter"
    r"|Parkway|Pkwy"
    r"|Highway|Hwy|Trail|Trl|Loop|Alley|Square|Sq)"
)
_ORDINAL = r"\d{1,3}(?:st|nd|rd|th)"
#: A street by its name: "Maple Street", "Old Mill Rd.", "12th Avenue".
STREET = re.compile(
    rf"\b(?:(?:[NSEW]\.? |North |South |East |West )?(?:(?:[A-Z][\w'’.-]+ ){{1,3}}"
    rf"|{_ORDINAL} )){KINDS_OF_STREET}\b(?!['’\w])"
)
#: A house: a number and a street. "1200 block of Maple Street" is no house.
HOUSE = re.compile(
    rf"\b(?!(?:19|20)\d\d (?:North |South |East |West )?\w+ (?:Loop|Square|Court|Way"
    rf"|Place)\b)\d{{1,5}}(?:-\d+)?(?: ½)? (?:(?:[NSEW]\.? |North |South |East "
    rf"|West )?(?:(?:[A-Z][\w'’.-]+ ){{1,3}}"
    rf"|{_ORDINAL} )){KINDS_OF_STREET}\b(?!['’\w])"
)

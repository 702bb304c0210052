"""Write config.toml of this project again: the sample that `init` writes, for the office of the two sample releases."""

from __future__ import annotations

from pathlib import Path

from pressrelease.config.sample import sample_config
from pressrelease.release import Contact

OFFICE = "Placer County District Attorney's Office"
CONTACT = Contact(name="Press Office", phone="530-555-0100", email="press@example.org")

sample = sample_config(OFFICE, "America/Los_Angeles", url="https://news.example.org", contact=CONTACT)
Path(__file__).parents[1].joinpath("config.toml").write_text(sample, encoding="utf-8")

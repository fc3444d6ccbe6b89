"""The term: reads term.yml, says what is wrong with it, and gives the site what it says.

COURSE_EDITION=instructor builds the site with all solutions, whatever their dates.
"""

import os
import re
import sys
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from kernel_environment import ROOT

TEXT, ADDRESS = {"type": "string"}, {"type": "string", "pattern": "^(https?://[^ ]+[^/ ])?$"}
DATE = {"type": "string", "format": "date and time"}
OPENS = {"anyOf": [{"enum": ["never", "always"]}, {"type": "string", "format": "date"}]}
FIELDS = {
    "term": TEXT, "institution": TEXT, "instructor": TEXT, "contact": TEXT,
    "time_zone": {"type": "string", "format": "time zone"},
    "minutes": {"type": "integer"},
    "classes": {"type": "array", "items": {
        "type": "object", "additionalProperties": False, "required": ["date", "lessons"],
        "properties": {"date": DATE, "lessons": {
            "type": "array", "items": {"type": "string", "format": "lesson"}}}}},
    "solutions": {"type": "object", "required": ["all"], "properties": {"all": OPENS},
                  "propertyNames": {"format": "lesson or all"},
                  "additionalProperties": OPENS},
    "addresses": {"type": "object", "additionalProperties": False,
                  "required": ["repository", "branch", "students", "site", "binder", "jupyterhub"],
                  "properties": {"repository": ADDRESS, "branch": TEXT, "students": ADDRESS,
                                 "site": ADDRESS, "binder": ADDRESS, "jupyterhub": ADDRESS}}}
SCHEMA = {"type": "object", "additionalProperties": False, "required": list(FIELDS),
          "properties": FIELDS}


class Strings(yaml.SafeLoader):
    """Reads a date as the text that it is, so that all dates are read in one place."""


Strings.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


class TermError(ValueError):
    """What is wrong with term.yml, in one line: where, and what is allowed there."""


def lesson_names():
    return sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb"))


@cache
def _formats():
    checker = FormatChecker(formats=())
    checker.checks("date and time", ValueError)(lambda text: len(text) > 10 and datetime.fromisoformat(text))
    checker.checks("date", ValueError)(date.fromisoformat)
    checker.checks("time zone")(lambda name: name in available_timezones())
    checker.checks("lesson")(lambda name: name in lesson_names())
    checker.checks("lesson or all")(lambda name: name in ["all", *lesson_names()])
    return checker


TYPES = {"string": "text; put it between quotation marks", "integer": "a whole number",
         "array": "a list", "object": "made of names with values"}
ALLOWED = {ADDRESS["pattern"]: "an address that begins with https:// and does not end with a slash",
           "date and time": "a date and a time, such as 2027-01-12 10:00",
           "date": "never, always or a date, such as 2027-01-26",
           "time zone": "a time zone by its name, such as America/Toronto"}


def read_term(path=ROOT / "term.yml"):
    """Return what term.yml says, with datetimes for the dates of classes.

    Raises TermError for what it may not say.
    """
    try:
        term = yaml.load(path.read_text(encoding="utf8"), Strings)
    except FileNotFoundError:
        raise TermError("there is none; take the one of the course's repository") from None
    except yaml.MarkedYAMLError as error:
        raise TermError(f"line {error.problem_mark.line + 1}: {error.problem}") from None
    error = best_match(Draft202012Validator(SCHEMA, format_checker=_formats()).iter_errors(term))
    if error:
        raise TermError(_explain(error))
    zone, before = ZoneInfo(term["time_zone"]), None
    for number, lecture in enumerate(term["classes"], 1):
        lecture["date"] = datetime.fromisoformat(lecture["date"]).replace(tzinfo=zone)
        if before and lecture["date"] <= before:
            raise TermError(f"classes, number {number}: {lecture['date']:%Y-%m-%d %H:%M} is not after "
                            f"the class before it, {before:%Y-%m-%d %H:%M}; sort them")
        before = lecture["date"]
    return term


@cache
def current():
    """Return what term.yml says now, or end the build with the line that says what is wrong with it."""
    try:
        return read_term()
    except TermError as error:
        sys.exit(f"term.yml: {error}")


def _explain(error):
    while error.parent is not None:   # of alternatives none fits: all of them are named
        error = error.parent
    place = "".join(f"number {key + 1}, " if isinstance(key, int) else f"{key}, "
                    for key in error.absolute_path).removesuffix(", ")
    place = f"{place}: " if place else ""
    value, rule = error.instance, error.validator_value
    if error.validator == "required":
        return f"{place}{next(key for key in rule if key not in value)} is missing"
    if error.validator == "additionalProperties":
        unknown = next(key for key in value if key not in error.schema["properties"])
        return f"{place}{unknown} is unknown; allowed are {', '.join(error.schema['properties'])}"
    if rule in ("lesson", "lesson or all"):
        return f"{place}{value} is no lesson; the lessons are {', '.join(lesson_names())}"
    if error.validator == "type":
        return f"{place}{value!r} is not {TYPES[rule]}"
    return f"{place}{value!r} is not {ALLOWED['date' if error.validator == 'anyOf' else rule]}"


def site_address():
    """Return the site's address with a slash at its end, or "" where it has none.

    The environment variable COURSE_ADDRESS goes before term.yml: whoever publishes may know better.
    """
    address = os.environ.get("COURSE_ADDRESS") or current()["addresses"]["site"]
    if address and not re.match(r"https?://[^ /]", address):
        sys.exit(f"COURSE_ADDRESS is to begin with https://, but is {address}")
    return address and address.rstrip("/") + "/"


def tell_site(app, config):
    """Give the theme and the extensions what they want to know of the term."""
    term, addresses = current(), current()["addresses"]
    # pages name the term and the addresses: they are written again when one of them changes
    config.html_context["term"] = {name: term[name] for name in (
        "term", "institution", "instructor", "contact", "addresses")}
    theme = config.html_theme_options
    # the theme's buttons open this one, which with `students` has no solution before its date
    theme["repository_url"] = addresses["students"] or addresses["repository"]
    theme["repository_branch"] = "main" if addresses["students"] else addresses["branch"]
    theme["launch_buttons"] = {**theme.get("launch_buttons", {}), "binderhub_url": addresses["binder"],
                               "jupyterhub_url": addresses["jupyterhub"]}


def setup(app):
    # what hangs on the addresses reads the configuration after this
    app.connect("config-inited", tell_site, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

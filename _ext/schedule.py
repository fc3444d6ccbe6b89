"""The `schedule` directive: the term's classes as a table and as a file for calendars.

Without classes it is a plan for a reader alone: the lessons with the time that each takes.
"""

import re
from datetime import timedelta, timezone
from pathlib import Path

from docutils import nodes
from icalendar import Calendar, Event
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from results_page import lessons, table
from term import current

FILE = "schedule.ics"


class Schedule(SphinxDirective):
    """The classes of term.yml in their order, each with its lessons and when their solutions open."""

    def run(self):
        self.lessons = list(lessons(self.env))
        result = self.teacher()
        if classes := current()["classes"]:
            rows = [[nodes.Text(f"{lecture['date']:%A, %-d %B %Y, %H:%M}"),
                     self.links(f"lessons/{name}" for name in lecture["lessons"]),
                     nodes.Text(self.opening(lecture["lessons"]))] for lecture in classes]
            link = nodes.reference("", "The dates for your calendar", refuri=FILE, internal=True)
            return [*result, table(["class", "lessons", "solutions"], rows), nodes.paragraph(
                "", "", link, nodes.Text(f" (times are those of {current()['time_zone']})."))]
        return [*result, table(["lesson", "to read", "to run"],
                      [[self.links([name]), *map(nodes.Text, self.minutes(name))]
                       for name in self.lessons])]

    def teacher(self):
        """Return a line that says who teaches this term, and how to write to them."""
        who, contact = current()["instructor"], current()["contact"]
        if not who and not contact:
            return []
        address = contact if "://" in contact else f"mailto:{contact}"
        link = [nodes.reference("", contact, refuri=address)] if contact else []
        return [nodes.paragraph("", f"Taught by {who}. " if who else "", *link)]

    def links(self, names):
        result = nodes.inline()
        for name in names:
            result += [nodes.Text(", ")] * bool(result.children) + [addnodes.pending_xref(
                "", nodes.inline(), refdomain="std", reftype="doc", reftarget=f"/{name}",
                refexplicit=False, refwarn=True, refdoc=self.env.docname)]
        return result

    def opening(self, lessons):
        """Return when the solutions of these lessons open, in words; each date once."""
        solutions = current()["solutions"]
        words = [solutions.get(name, solutions["all"]) for name in lessons]
        return ", ".join({"always": "open", "never": "not published"}.get(word, f"from {word}")
                         for word in dict.fromkeys(words))

    def minutes(self, name):
        """Return the minutes that a lesson says of itself: to read it, and to run all its cells."""
        text = Path(self.env.doc2path(name)).read_text(encoding="utf8")
        said = re.search(r"Reading takes (.*?); running all cells, (.*?)\.\*", text)
        return said.groups() if said else ("", "")


def write_calendar(app, exception):
    """Write the classes as a file that calendars read, where there are any."""
    term, path = current(), Path(app.outdir) / FILE
    path.unlink(missing_ok=True)
    if exception or not term["classes"] or app.builder.format != "html":
        return
    calendar = Calendar()
    calendar.add("prodid", "-//Improving neural networks//EN")
    calendar.add("version", "2.0")
    for number, lecture in enumerate(term["classes"], 1):
        event = Event()
        event.add("uid", f"{lecture['date']:%Y%m%dT%H%M}-{number}")
        event.add("dtstamp", lecture["date"].astimezone(timezone.utc))   # the same at each build
        event.add("dtstart", lecture["date"])
        event.add("dtend", lecture["date"] + timedelta(minutes=term["minutes"]))
        event.add("summary", f"{app.config.html_title}, class {number}")
        event.add("description", "Lessons: " + ", ".join(lecture["lessons"]))
        calendar.add_component(event)
    calendar.add_missing_timezones()
    path.write_bytes(calendar.to_ical())


def setup(app):
    app.setup_extension("term")
    app.add_directive("schedule", Schedule)
    app.connect("build-finished", write_calendar)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

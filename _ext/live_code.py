"""A button on each lesson's page that makes its cells live: _static/live-code/, with thebe.

Nothing of it is loaded before the button is pressed.
"""

import json

# as published; the browser compares what it gets with the hash
THEBE = "https://cdn.jsdelivr.net/npm/thebe-core@0.5.0/dist/lib/thebe-core.min.js"
INTEGRITY = "sha384-b+btB9AXDUyC9o6RCPuQjbO5517zuWfiGiYS0WKexbWkiLZkBVPX5niDLK+en+Zf"


def add_button(app, name, template, context, document):
    """Give a lesson's page the button and what the script has to know."""
    for kind in ["script_files", "css_files"]:
        context[kind] = [file for file in context.get(kind, [])
                         if "live-code/" not in str(getattr(file, "filename", None))]
    if name not in app.env.lesson_digests:
        return
    script = context["pathto"]("_static/live-code/live-code.js", resource=True)
    context["header_buttons"].append({
        "type": "javascript", "label": "live-code-button", "icon": "fas fa-play",
        "classes": "pst-navbar-icon", "tooltip": "Live code: edit this page's cells and run them",
        "javascript": "this.disabled = true; document.head.append(Object.assign("
                      f"document.createElement('script'), {{src: '{script}'}}))"})
    context["body"] += ('<script type="application/json" id="live-code-settings">'
                        + json.dumps(settings(app, name, context)).replace("</", "<\\/") + "</script>")


def settings(app, name, context):
    """Return what the script has to know about this page and about the servers it may use."""
    theme = app.config.html_theme_options
    repository, launch = theme.get("repository_url"), theme.get("launch_buttons", {})
    found = {"thebe": THEBE, "integrity": INTEGRITY, "lesson": f"{name}.ipynb"}
    if repository:
        *_, owner, found["repository"] = repository.strip("/").split("/")
        provider = next(kind for kind in ["github", "gitlab", "git"]
                        if kind == "git" or f"{kind}_url" in context)
        if launch.get("binderhub_url"):
            found["binder"] = {
                "binderUrl": launch["binderhub_url"], "repoProvider": provider,
                "repo": repository if provider == "git" else f"{owner}/{found['repository']}",
                "ref": theme.get("repository_branch")}
        found["hub"] = next((button["url"] for group in context["header_buttons"]
                             for button in group.get("buttons", [])
                             if button.get("text") == "JupyterHub"), None)
    return found


def setup(app):
    app.setup_extension("lesson_execution")
    app.connect("html-page-context", add_button, priority=900)   # after the theme's launch buttons
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""A class at once: students who run a lesson at the same time, each on a server that a JupyterHub starts.

    make load-test [STUDENTS=12] [WHOLE=3] [LESSON=over-fitting]

The hub is a real one, on 127.0.0.1, with what hub/values.yaml says. Each student follows the lesson's
link: logs in, gets a server and the course, runs the notebook in a kernel and saves it after each cell;
up to the lesson's first training, WHOLE of them to its end. Once all have begun to train, a student's
server is killed, and the hub. Prints how long each waited, how much memory each took, and what larger
classes need; fails if a student failed, or lost what was saved.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import filelock
import nbformat
import psutil
import requests
import websocket
from requests.cookies import get_cookie_header

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "_ext"))

from lesson_execution import find_data

HUB = ROOT / "hub"
PROGRAMS = ROOT / "_build/hub"
REPOSITORY = "https://github.com/owner/course"   # in the link; git takes it from this computer instead
TRAINING = re.compile(r"\b(?:lecture\.train|training\.fit|model\.fit|over_seeds)\(")
PATIENCE = 600   # seconds until a server has to be there, or a cell done


def install():
    """Install a student's image and the hub into _build/hub, unless it has them; return its programs' folder."""
    named = [ROOT / ".binder/requirements.txt", HUB / "requirements.txt", HUB / "package-lock.json"]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in named) + sys.version.encode()).hexdigest()
    mark = PROGRAMS / "installed"
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(PROGRAMS.parent / "hub.lock"):
        if mark.exists() and mark.read_text() == state:
            return PROGRAMS / "bin"
        uv = [sys.executable, "-m", "uv", "--quiet"]
        run([*uv, "venv", "--clear", "--python", sys.executable, PROGRAMS])
        into = [*uv, "pip", "install", "--python", PROGRAMS / "bin/python", "--requirement"]
        run([*into, named[0]])
        run([*into, named[1], "--require-hashes"])
        for name in ["package.json", "package-lock.json"]:
            shutil.copy(HUB / name, PROGRAMS)
        run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=PROGRAMS)
        (PROGRAMS / "bin/configurable-http-proxy").symlink_to("../node_modules/.bin/configurable-http-proxy")
        mark.write_text(state)
    return PROGRAMS / "bin"


def run(command, **options):
    """Run a command that has to succeed; what it printed is in the error if it does not."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {done.stdout[-2000:]}")


def publish(folder):
    """Make `folder` the repository that students get, with all solutions, so that a whole lesson runs."""
    run([sys.executable, ROOT / "tools/publish_student.py", folder], env={**os.environ, "COURSE_EDITION": "instructor"})
    run(["git", "init", "--quiet", "--initial-branch=main", folder])
    commit(folder)


def commit(folder):
    git = ["git", "-C", folder, "-c", "user.name=course", "-c", "user.email=course@example.org"]
    run([*git, "add", "--all"])
    run([*git, "commit", "--quiet", "--message=course"])


def link(hub, lesson):
    """Return where a lesson's page leads to on the hub at this address."""
    return f"{hub}/hub/user-redirect/git-pull?" + urlencode({
        "repo": REPOSITORY, "urlpath": f"lab/tree/{REPOSITORY.rpartition('/')[2]}/lessons/{lesson}.ipynb",
        "branch": "main"}, safe="/")


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Hub:
    """A JupyterHub and its proxy, with all that they keep in `folder`; a context manager."""

    def __init__(self, folder, programs, values=HUB / "values.yaml"):
        self.folder, self.programs = folder, programs
        publish(folder / "course")   # first: until they are used, others may take the ports
        public, behind, api = (f"http://127.0.0.1:{port}" for port in free_ports(3))
        self.address, self.behind, self.proxy_api = public, behind, api
        self.environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8",
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(32), "HUB_VALUES": str(values), "HUB_FOLDER": str(folder),
            "HUB_ADDRESS": public, "HUB_BEHIND_PROXY": behind, "HUB_PROXY_API": api, "HUB_REPOSITORY": REPOSITORY,
            "HUB_COURSE": (folder / "course").as_uri(), "MNIST_NPZ": os.environ["MNIST_NPZ"]}

    def __enter__(self):
        behind, api = urlsplit(self.behind), urlsplit(self.proxy_api)
        self.proxy = self._start(
            "configurable-http-proxy", "--ip=127.0.0.1", f"--port={urlsplit(self.address).port}",
            "--api-ip=127.0.0.1", f"--api-port={api.port}", f"--default-target={behind.geturl()}",
            f"--error-target={behind.geturl()}/hub/error")
        self.start()
        return self

    def __exit__(self, *error):
        for _, process in self.processes():
            process.kill()
        self.process.wait()
        self.proxy.wait()

    def start(self):
        """Start the hub, for the first time or again; return when it answers."""
        self.process = self._start("jupyterhub", "--config", HUB / "jupyterhub_config.py")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if requests.get(f"{self.address}/hub/api/", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.2)
        raise RuntimeError(f"the hub did not start: {self.log()}")

    def kill(self):
        """Kill the hub, and with it its culler, as when its pod is lost; proxy and students' servers run on."""
        for student, process in self.processes():
            if not student and process.pid != self.proxy.pid:
                process.kill()
        self.process.wait()

    def processes(self):
        """Yield each process with the name of its student; "" for those of hub, culler and proxy."""
        for process in psutil.process_iter():
            try:
                environment = process.environ()
            except psutil.Error:
                continue
            if (environment.get("JUPYTERHUB_API_URL", "").startswith(self.behind)
                    or environment.get("HUB_FOLDER") == str(self.folder)):
                yield environment.get("JUPYTERHUB_USER", ""), process

    def seconds(self, student):
        """Return the core-seconds that the student's processes have taken."""
        taken = 0
        for name, process in self.processes():
            if name == student:
                with contextlib.suppress(psutil.Error):   # it has just ended
                    times = process.cpu_times()
                    taken += times.user + times.system
        return taken

    def home(self, student):
        return self.folder / "homes" / student

    def log(self):
        """Return the end of what hub, proxy and servers printed."""
        return (self.folder / "log").read_text(encoding="utf8", errors="replace")[-3000:]

    def _start(self, program, *arguments):
        with open(self.folder / "log", "a") as log:
            return subprocess.Popen([self.programs / program, *arguments], cwd=self.folder, env=self.environment,
                                    stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


class Meter(threading.Thread):
    """Reads every two seconds how much memory each student's processes take."""

    def __init__(self, hub):
        super().__init__(daemon=True)
        self.hub = hub
        # MiB, at most, by student; "" is the hub with its proxy. What processes share counts once for all, or else
        # for each of them: that is more than a container counts.
        self.memory, self.container = Counter(), Counter()
        self.together = 0
        self._stopped = threading.Event()

    def run(self):
        while not self._stopped.wait(2):
            memory, container = Counter(), Counter()
            for student, process in self.hub.processes():
                try:
                    taken = process.memory_full_info()
                except psutil.Error:   # it has just ended
                    continue
                memory[student] += taken.pss / 2**20
                container[student] += taken.rss / 2**20
            self.memory |= memory   # the larger ones
            self.container |= container
            self.together = max(self.together, memory.total())

    def stop(self):
        self._stopped.set()
        self.join()


class Lost(Exception):
    """Saved work is gone, or is not what was saved."""


class Student(threading.Thread):
    """Follows the lesson's link and runs its notebook, cell after cell, saving after each."""

    def __init__(self, name, hub, lesson, whole=False):
        super().__init__(name=name, daemon=True)
        self.hub, self.whole = hub, whole
        self.link = link(hub.address, lesson)
        self.server = f"{hub.address}/user/{name}/"
        self.path = f"{REPOSITORY.rpartition('/')[2]}/lessons/{lesson}.ipynb"
        self.web = requests.Session()
        self.waited, self.seconds = {}, {}   # until something was there: seconds, and core-seconds
        self.saved = None                    # the notebook as it was saved last
        self.returned = 0                    # how often, after the server was lost
        self.doing, self.trouble = "", ""
        self.began = time.monotonic()

    def run(self):
        try:
            self.arrive()
            while not self.study():
                self.returned += 1
                self.arrive()
        except Exception as error:
            self.trouble = f"{self.doing}: {error}" if isinstance(error, Lost) else (
                f"{self.doing}: {type(error).__name__}: {error}")

    def reach(self, what):
        """Note how long it took until this was reached for the first time."""
        if what not in self.waited:
            self.waited[what] = time.monotonic() - self.began
            self.seconds[what] = self.hub.seconds(self.name)

    def arrive(self):
        """Follow the link: log in, have a server started, have the course brought up to date."""
        self.doing = "starting a server"
        end = time.monotonic() + PATIENCE
        address = self.link
        while True:
            try:
                page = self.web.get(address, timeout=60)
                if urlsplit(page.url).path == "/hub/login":
                    page = self.web.post(page.url, data={
                        "username": self.name, "password": "", "_xsrf": self._xsrf("/hub/")}, timeout=60)
                if page.url.startswith(f"{self.server}git-pull") and page.ok:
                    break
                if "Spawn failed" in page.text:
                    raise RuntimeError(f"it failed to start; the log ends: {self.hub.log()}")
                seen = f"status {page.status_code} at {page.url}"
                # as a browser waits, on that page: the link would start another server where one has failed
                address = page.url if 'id="progress-bar"' in page.text else self.link
            except requests.RequestException as error:   # while the hub is away
                seen, address = error, self.link
            if time.monotonic() > end:
                raise TimeoutError(f"no server in {PATIENCE} seconds: {seen}")
            time.sleep(0.5)
        self.reach("server")
        self.doing = "pulling the course"
        asked = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
        phases = [json.loads(line[6:]) for line in self.web.get(
            f"{self.server}git-pull/api", params={**asked, "_xsrf": self._xsrf()},
            timeout=PATIENCE).text.splitlines() if line.startswith("data: ")]
        if not phases or phases[-1]["phase"] != "finished":
            raise RuntimeError(f"git-pull: {phases[-1] if phases else page.text[:500]}")
        self.web.get(self.server + asked["urlpath"], timeout=60).raise_for_status()
        self.reach("course")

    def study(self):
        """Run the lesson's cells; return whether there was a server to the end."""
        notebook = self.open()
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        first = next(number for number, cell in enumerate(code) if TRAINING.search(cell.source))
        kernel = self.kernel()
        for number, cell in enumerate(code if self.whole else code[:first + 1]):
            self.doing = f"running code cell {number + 1}"
            if number == first:
                self.reach("before training")
            try:
                cell.outputs, cell.execution_count = kernel.run(cell.source), number + 1
            except (websocket.WebSocketException, OSError) as error:
                if self.returned or isinstance(error, websocket.WebSocketTimeoutException):
                    raise
                return False
            if errors := [output for output in cell.outputs if output.output_type == "error"]:
                raise RuntimeError(f"{errors[0].ename}: {errors[0].evalue}")
            self.save(notebook)
            if cell.outputs:
                self.reach("first output")
            if number == first:
                self.reach("first training")
        if self.whole:
            self.reach("whole lesson")
        return True

    def open(self):
        """Return the notebook, with a line of the student's own in it; what was saved has to be there."""
        self.doing = "opening the notebook"
        notebook = nbformat.from_dict(self.ask("get", f"api/contents/{self.path}")["content"])
        if self.saved is None:
            notebook.cells.insert(1, nbformat.v4.new_markdown_cell(f"{self.name} guesses {secrets.token_hex(4)}"))
        elif essence(notebook) != essence(self.saved):
            raise Lost("saved work is lost: the notebook is not what was saved")
        return notebook

    def kernel(self):
        """Return a kernel for the notebook."""
        return Kernel(self.web, self.server, self.ask("post", "api/sessions", {
            "path": self.path, "name": "", "type": "notebook", "kernel": {"name": "python3"}})["kernel"]["id"])

    def save(self, notebook):
        self.doing += ", saving"
        self.ask("put", f"api/contents/{self.path}", {"type": "notebook", "content": notebook})
        self.saved = json.loads(json.dumps(notebook))

    def ask(self, method, path, content=None):
        """Ask the student's server; again, as a person would, while something on the way is away."""
        end = time.monotonic() + 60
        while True:
            try:
                answer = self.web.request(method, self.server + path, json=content, timeout=60,
                                          headers={"X-XSRFToken": self._xsrf()})
                answer.raise_for_status()
                return answer.json()
            except requests.RequestException as error:
                refused = error.response is not None and error.response.status_code < 500
                if refused or time.monotonic() > end:
                    raise
            time.sleep(1)

    def _xsrf(self, path=None):
        path = path or urlsplit(self.server).path
        return next((cookie.value for cookie in self.web.cookies if cookie.name == "_xsrf" and cookie.path == path), "")


class Kernel:
    """A kernel of a Jupyter server, over a WebSocket."""

    def __init__(self, web, server, name):
        self.session = uuid4().hex
        channels = f"{server}api/kernels/{name}/channels?session_id={self.session}"
        self.socket = websocket.create_connection(
            channels.replace("http", "ws", 1), timeout=PATIENCE, origin=server.split("/user/")[0],
            cookie=get_cookie_header(web.cookies, requests.Request("GET", channels).prepare()))

    def run(self, source):
        """Run the source; return the outputs of its cell."""
        header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": self.session,
                  "username": "", "version": "5.4"}
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        self.socket.send(json.dumps({
            "header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": content}))
        outputs, waiting = [], {"execute_reply", "idle"}
        while waiting:
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            kind, content = message["msg_type"], message["content"]
            waiting -= {kind, content.get("execution_state")}
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(message))
        return outputs


def essence(notebook):
    """Return what is a student's work in a notebook: what programs add of their own is left out."""
    return [(cell["source"], cell.get("outputs")) for cell in notebook["cells"]]


def hold_class(folder, programs, students=12, whole=3, lesson="over-fitting"):
    """Let the class work on the lesson; return its students and the meter.

    Once all have saved something and begun to train, a student's server is killed, and the hub. Both come back.
    """
    with Hub(folder, programs) as hub:
        meter = Meter(hub)
        present = [Student(f"student-{number + 1}", hub, lesson, number < whole) for number in range(students)]
        for thread in [meter, *present]:
            thread.start()
        while any(student.is_alive() and "before training" not in student.waited for student in present):
            time.sleep(0.05)
        # who came last is in the middle of it
        unlucky = max(present, key=lambda student: student.waited.get("before training", 0))
        for name, process in hub.processes():
            if name == unlucky.name:
                process.kill()
        hub.kill()
        time.sleep(2)
        hub.start()
        for student in present:
            student.join()
        meter.stop()
        if not unlucky.returned:
            unlucky.trouble = unlucky.trouble or "did not notice that the server was killed"
        for student in present:
            if not student.trouble:
                student.trouble = what_is_lost(student, hub.home(student.name) / student.path)
    return present, meter


def what_is_lost(student, path):
    """Return what is wrong with the student's file when all is over; nothing if it is as it was saved."""
    if not path.exists():
        return f"saved work is lost: {path.name} is gone"
    if essence(nbformat.read(path, as_version=4)) != essence(student.saved):
        return f"saved work is lost: {path.name} is not what was saved"
    return ""


COLUMNS = ["server", "course", "first output", "first training", "whole lesson"]


def report(present, meter):
    """Yield the lines of the table of a class, a student a row."""
    yield "| student | " + " | ".join(f"{name}, s" for name in COLUMNS) + " | core-seconds | memory, MiB | |"
    yield "| --- |" + " --- |" * (len(COLUMNS) + 3)
    for student in present:
        waited = [f"{student.waited[name]:.0f}" if name in student.waited else "" for name in COLUMNS]
        said = student.trouble or ("its server was killed; came back to what was saved" if student.returned else "")
        yield (f"| {student.name} | {' | '.join(waited)} | {max(student.seconds.values(), default=0):.0f} | "
               f"{meter.memory[student.name]:.0f}, at most {meter.container[student.name]:.0f} | {said} |")
    yield ""
    yield (f"{len(present)} students, {sum(bool(student.trouble) for student in present)} failed; all together at most "
           f"{meter.together / 1024:.1f} GiB, the hub and its proxy {meter.memory['']:.0f} MiB")


def larger_classes(present, meter, sizes=(10, 30, 60, 120), cores=(4, 8, 16, 32)):
    """Yield the lines of the table of what other classes need, by what these students took."""
    calm = [student for student in present if not student.returned and not student.trouble]
    if not calm:
        return
    each = max(meter.container[student.name] for student in calm) / 1024
    needs = {name: median(student.seconds[name] for student in calm if name in student.seconds)
             for name in COLUMNS[2:] if any(name in student.seconds for student in calm)}
    yield "core-seconds of a student, from the link: " + ", ".join(f"{name} {need:.0f}" for name, need in needs.items())
    yield ""
    yield "| students | memory, GiB | " + " | ".join(f"{number} cores" for number in cores) + " |"
    yield "| --- | --- |" + " --- |" * len(cores)
    for size in sizes:
        waits = [" / ".join(minutes(need * max(1, size / number)) for need in needs.values()) for number in cores]
        yield f"| {size} | {size * each + meter.memory[''] / 1024:.0f} | {' | '.join(waits)} |"
    yield ""
    yield f"minutes until {' / '.join(needs)}, if all begin at once"
    here = len(os.sched_getaffinity(0))
    reckoned = needs["first training"] * max(1, len(present) / here)
    waited = max(student.waited["first training"] for student in calm)
    yield f"so reckoned, this class was to have trained after {reckoned:.0f} s; it took {waited:.0f}"


def minutes(seconds):
    return f"{seconds / 60:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=12)
    parser.add_argument("--whole", type=int, default=3)
    parser.add_argument("--lesson", default="over-fitting")
    options = parser.parse_args()
    print(f"on {find_data()}, {psutil.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        present, meter = hold_class(Path(folder), install(), **vars(options))
    print(*report(present, meter), "", *larger_classes(present, meter), sep="\n")
    sys.exit(any(student.trouble for student in present))


if __name__ == "__main__":
    main()

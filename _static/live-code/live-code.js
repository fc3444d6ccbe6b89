// Live code: the cells of a page, edited in place and run on a Jupyter server through thebe.
// The page's button brings this script; thebe comes once a server has answered.
(() => {
  const page = JSON.parse(document.getElementById("live-code-settings").textContent);
  const ANSWER = 10_000, START = 60_000;   // milliseconds to wait for a server, for its Python
  const REMEMBERED = "live-code server";
  const cells = [...document.querySelectorAll(".bd-article div.cell")].map(node =>
    ({node, code: node.querySelector(".cell_input pre")})).filter(cell => cell.code);
  let session, rendermime, notebook, running = false;
  let inStep = 0;   // so many cells have run in their order since they were last edited

  const style = document.createElement("link");
  Object.assign(style, {rel: "stylesheet", href: new URL("live-code.css", document.currentScript.src)});
  document.head.append(style);

  const panel = document.createElement("section");
  panel.className = "live-code";
  panel.setAttribute("aria-label", "Live code");
  panel.innerHTML = `
    <div class="choices">
    <p>Here the cells of this page can be edited and run. A Jupyter server runs them.</p>
    <form>
      <label>Address of your server, as Jupyter prints it, with its token
        <input type="text" inputmode="url" spellcheck="false" autocomplete="off"
               placeholder="http://127.0.0.1:8888/lab?token=…"></label>
      <button>Connect</button>
      <p>The address is remembered on this device only. To start a server, in the folder of the course:</p>
      <pre><code>.venv/bin/jupyter lab --ServerApp.allow_origin='${
        location.origin.startsWith("http") ? location.origin : "*"}'</code></pre>
    </form>
    </div>
    <p role="status" tabindex="-1"></p>
    <div class="session" hidden>
      <button type="button" data-do="all">Run all</button>
      <button type="button" data-do="stop">Stop</button>
      <button type="button" data-do="restart">Start anew</button>
      <button type="button" data-do="leave">Disconnect</button>
    </div>`;
  const form = panel.querySelector("form"), address = panel.querySelector("input");
  const status = panel.querySelector("[role=status]"), controls = panel.querySelector(".session");
  address.value = localStorage.getItem(REMEMBERED) ?? "";
  if (page.binder) {
    const button = document.createElement("button");
    Object.assign(button, {type: "button", textContent: "Start on Binder"});
    button.onclick = () => connect(onBinder);
    const words = document.createElement("p");
    words.append(button, " It is free, needs no account, and takes a minute or more.");
    form.before(words);
  }
  if (page.hub) {
    const words = document.createElement("p");
    words.innerHTML = `Or open this lesson on <a>JupyterHub</a>.`;
    words.firstElementChild.href = page.hub;
    form.after(words);
  }
  document.querySelector(".bd-article h1").after(panel);
  form.onsubmit = event => { event.preventDefault(); connect(onServer) };
  controls.onclick = event => actions[event.target.dataset.do]?.();
  panel.querySelector("button, input").focus();

  function say(words, failed = false) {
    status.textContent = words;
    panel.classList.toggle("failed", failed);
  }

  async function connect(how) {
    panel.querySelectorAll("button, input").forEach(control => control.disabled = true);
    try {
      const server = await how();
      say("Starting Python …");
      rendermime = thebeCore.api.makeRenderMimeRegistry({mathjaxUrl: "", mathjaxConfig: ""});
      session = await within(START, server.startNewSession(rendermime, {
        path: await placeOfLesson(server.settings), kernelName: "python3"}),
        "The server answers, but starts no Python.");
      makeCellsLive();
      say("Connected. Each cell has a button to run it, after the cells above it.");
    } catch (error) {
      say(error.message ?? String(error), true);
    }
    panel.querySelectorAll("button, input").forEach(control => control.disabled = false);
  }

  async function onServer() {
    let url;
    try { url = new URL(address.value.trim()) }
    catch { throw Error("This is no address. Jupyter prints one like http://127.0.0.1:8888/lab?token=…") }
    const token = url.searchParams.get("token") ?? "";
    const baseUrl = url.origin + url.pathname.replace(/(lab|tree|notebooks|doc)(\/.*)?$/, "");
    say(`Asking ${baseUrl} …`);
    await ask({baseUrl, token}, "api/kernelspecs");
    localStorage.setItem(REMEMBERED, address.value.trim());
    return reach("connectToJupyter", {serverSettings: {baseUrl, token, appendToken: true}});
  }

  async function onBinder() {
    say("Asking Binder …");
    return reach("connectToBinder", {binderOptions: page.binder});
  }

  // Return an answer of the server; throw an error in words where there is none.
  async function ask({baseUrl, token}, path) {
    const url = new URL(path, baseUrl.replace(/\/?$/, "/"));
    const options = {signal: AbortSignal.timeout(ANSWER)};
    try {
      const answer = await fetch(`${url}${url.search ? "&" : "?"}token=${encodeURIComponent(token)}`, options);
      if (![401, 403].includes(answer.status)) return answer;
    } catch {
      // Jupyter refuses without the words that let a page read why: is there a server at all?
      try { await fetch(url, {...options, mode: "no-cors"}) }
      catch { throw Error(`No Jupyter server answers at ${baseUrl}. Does it run?`) }
    }
    throw Error(`The server at ${baseUrl} does not let this page in. Copy the whole address that Jupyter `
                + "prints, with its token, and start Jupyter with the option below.");
  }

  async function reach(method, options) {
    await loadThebe();
    const events = thebeCore.api.makeEvents();
    let heard;
    const silent = new Promise((_, fail) => {
      const wait = () => { clearTimeout(heard); heard = setTimeout(fail, START, Error(
        "No server has answered for a minute. Try again later, or use a server of your own.")) };
      wait();
      events.on("status", (_, {message}) => {
        wait();
        if (message.startsWith("Binder is: ")) say(`Binder: ${message.slice(11)}`);
      });
    });
    const server = thebeCore.api[method](thebeCore.api.makeConfiguration(options, events));
    try { return await Promise.race([server.ready, silent]) }
    catch (reason) {
      throw reason instanceof Error ? reason : Error(`No server could be had: ${reason}`);
    } finally { clearTimeout(heard) }
  }

  function loadThebe() {
    if (window.thebeCore) return;
    say("Loading thebe …");
    return new Promise((resolve, fail) => {
      const script = document.createElement("script");
      Object.assign(script, {src: page.thebe, integrity: page.integrity, crossOrigin: "anonymous",
                             onload: resolve});
      script.onerror = () => {
        script.remove();
        fail(Error(`thebe, which talks to Jupyter servers, could not be loaded from ${script.src}. `
                   + "Is there a network?"));
      };
      document.head.append(script);
    });
  }

  // Return where the server has this lesson: its folder is where the cells run.
  async function placeOfLesson(settings) {
    const name = page.lesson.split("/").pop();
    for (const path of [page.lesson, name, ...page.repository ? [`${page.repository}/${page.lesson}`] : []])
      if ((await ask(settings, `api/contents/${path}?content=0`)).ok) return path;
    throw Error(`The server does not have ${page.lesson}. Start it in the folder of the course.`);
  }

  function within(milliseconds, promise, words) {
    return Promise.race([promise, new Promise((_, fail) => setTimeout(fail, milliseconds, Error(words)))]);
  }

  function makeCellsLive() {
    notebook = thebeCore.api.setupNotebookFromBlocks(
      cells.map((cell, index) => ({id: `cell-${index}`, source: source(cell)})), thebeCore.api.makeConfiguration({}),
      rendermime);
    notebook.attachSession(session);
    session.kernel.connectionStatusChanged.connect((_, state) => {
      if (state === "disconnected") lose("The connection to the server is lost.");
    });
    session.kernel.statusChanged.connect((_, state) => {
      if (state === "dead" || state === "autorestarting")
        lose("Python on the server has ended, perhaps for want of memory.");
    });
    inStep = 0;
    cells.forEach((cell, index) => {
      cell.code.contentEditable = "plaintext-only";
      Object.assign(cell.code, {role: "textbox", spellcheck: false, ariaMultiLine: "true",
                                ariaLabel: `Code of cell ${index + 1}; Shift+Enter runs it`});
      cell.code.oninput = () => { inStep = Math.min(inStep, index) };
      cell.code.onkeydown = event => {
        event.stopPropagation();   // the page has shortcuts of its own
        if (event.key !== "Enter") return;
        event.preventDefault();
        if (event.shiftKey) return runUpTo(index);
        const spaces = indentation(cell.code);
        document.execCommand("insertLineBreak");
        document.execCommand("insertText", false, spaces);
      };
      if (cell.button) return;
      cell.button = document.createElement("button");
      Object.assign(cell.button, {type: "button", className: "run-cell", textContent: "Run",
                                  onclick: () => runUpTo(index)});
      cell.button.setAttribute("aria-label", `Run cell ${index + 1}`);
      const input = cell.node.querySelector(".cell_input");
      (input.closest("div.cell > details") ?? input).after(cell.button);   // a folded cell can be run, too
    });
    showControls(true);
  }

  // While it is connected the panel has what a run needs, and stays in sight.
  function showControls(connected) {
    panel.querySelector(".choices").hidden = connected;
    controls.hidden = !connected;
    panel.classList.toggle("connected", connected);
  }

  function source(cell) {
    return textOf(cell.code.cloneNode(true)).replace(/\n$/, "");
  }

  // Return the text of a part of a cell, which the browser breaks into lines as it likes; a folded
  // cell has no innerText.
  function textOf(part) {
    part.querySelectorAll("br").forEach(end => end.replaceWith("\n"));
    return part.textContent.replace(/\u00a0/g, " ");
  }

  // Return the spaces that the line with the caret begins with.
  function indentation(code) {
    const caret = getSelection().getRangeAt(0), before = document.createRange();
    before.setStart(code, 0);
    before.setEnd(caret.startContainer, caret.startOffset);
    return textOf(before.cloneContents()).split("\n").pop().match(/^ */)[0];
  }

  // Run a cell, and first those before it that have not run since one of them was edited.
  async function runUpTo(last) {
    if (running || !session) return;
    running = true;
    let done = 0;
    const first = Math.min(inStep, last);
    for (let index = first; index <= last; index++) {
      say(`Running cell ${index + 1} of ${cells.length} …`);
      if (!await run(index)) {
        say(`Cell ${index + 1} ended with an error.`, true);
        cells[index].node.scrollIntoView({block: "nearest"});
        break;
      }
      inStep = index + 1;
      done++;
    }
    if (first + done === last + 1) say(`Cell ${last + 1} has run.`);
    running = false;
  }

  async function run(index) {
    const cell = cells[index], live = notebook.cells[index];
    if (!cell.output) {   // the page's own output gives way to the first of this run
      cell.output = document.createElement("div");
      cell.output.className = "cell_output live";
      cell.node.querySelector(".cell_output")?.remove();
      cell.node.append(cell.output);
      live.attachToDOM(cell.output);
    }
    inStep = Math.min(inStep, index);
    cell.node.classList.add("running");
    const result = await live.execute(source(cell));
    cell.node.classList.remove("running");
    const figures = live.outputs.filter(output => output.data?.["image/png"]);
    cell.output.querySelectorAll("img").forEach((image, number) =>
      image.alt = [figures[number]?.data["text/plain"] ?? ""].flat().join(""));
    return result && !result.error;
  }

  function lose(words) {
    if (!session) return;
    session = null;
    say(words + " Connect again to go on.", true);
    showControls(false);
  }

  const actions = {
    all: () => runUpTo(cells.length - 1),
    stop: () => session.kernel.interrupt(),
    restart: async () => {
      await session.kernel.restart();
      inStep = 0;
      say("Python has started anew: nothing has run.");
    },
    leave: async () => {
      const leaving = session;
      lose("Disconnected.");
      await leaving.shutdown();
    },
  };
  addEventListener("pagehide", () => session?.shutdown());
})();

"use strict";
// The laboratory: controls for a network's settings, its training, and what can be seen of it.
// What trains is in network.js and training.js, what can be chosen in settings.js, what is drawn in
// charts.js.

(() => {
  const {node, lines, bars, dots, interval, table, tiles} = laboratoryCharts;
  const {CONTROLS, PRESETS, ABOUT, settingsOf, say, changesIn, fullName, toAddress,
         fromAddress} = laboratorySettings;
  const DATA = new URL("data.js", document.currentScript.src);
  const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const SEEDS = [...Array(10).keys()];

  // ---- Runs ---------------------------------------------------------------------------------------

  /** What is known of the training of one network. */
  class Run {
    constructor(preset, choices) {
      Object.assign(this, {preset, choices, epoch: 0, step: 0, rows: [], at: [], done: false});
      this.settings = settingsOf(choices);
    }

    get seed() { return Number(this.choices.seed); }
    get last() { return this.at.at(-1); }
    get name() { return fullName(this.preset, this.choices); }

    receive({epoch, step, rows = [], at = [], done = false}) {
      this.rows.push(...rows);
      this.at.push(...at);
      Object.assign(this, {epoch, step, done});
    }
  }

  let images;   // of all laboratories of a page, loaded when the first of them starts
  function loadImages() {
    images ??= new Promise((resolve, reject) => {
      const script = node("script", {src: DATA});
      script.onload = () => resolve(laboratoryUnpack(laboratoryData));
      script.onerror = () => reject(new Error(
        "The images did not load: is data.js beside this page's scripts?"));
      document.head.append(script);
    });
    images.catch(() => { images = undefined; });   // so that one can try again
    return images;
  }

  // ---- Numbers in words -------------------------------------------------------------------------

  const percent = share => share === undefined ? "–" : `${(100 * share).toFixed(1)}%`;
  const points = share => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
  const costly = cost => cost === undefined ? "–"
    : Number.isFinite(cost) ? cost.toPrecision(3) : "not a number";
  const count = number => Number.isInteger(number) ? number.toLocaleString("en-US") : number.toFixed(2);

  const CHALLENGES = [
    {words: "85% of the test images right, from 500 images: any settings.", address: "preset=model1",
     met: run => run.last.test.accuracy >= 0.85},
    {words: "75% on raw pixels, with 30 sigmoids, the squared error and the rate 0.01.",
     address: "preset=model1",
     met: ({last, choices: {pixels, hidden, activation, cost, optimizer, learningRate}}) =>
       last.test.accuracy >= 0.75 && pixels === "raw" && hidden === "30" && activation === "sigmoid"
       && cost === "mean_squared_error" && optimizer === "sgd" && learningRate === "0.01"},
    {words: "68% from 100 images.", address: "preset=model1&pixels=scaled&trainingImages=100",
     met: run => run.last.test.accuracy >= 0.68 && Number(run.choices.trainingImages) <= 100},
    {words: "80% of the test images right within 10 epochs.",
     address: "preset=model1&pixels=scaled&epochs=10",
     met: run => run.last.test.accuracy >= 0.8 && Number(run.choices.epochs) <= 10},
  ];

  // ---- The element ------------------------------------------------------------------------------

  let elements = 0;

  class Laboratory {
    constructor(place) {
      const {preset, settings = "", against = "last", controls, views, home} = place.dataset;
      this.sources = JSON.parse(place.querySelector("script")?.textContent ?? "{}");
      this.id = `laboratory-${++elements}`;
      this.whole = controls === undefined;
      this.home = home;
      this.first = [`preset=${preset}`, `against=${against}`, ...settings.split(" ")].join("&");
      this.controls = this.whole ? Object.keys(CONTROLS) : controls.split(" ");
      this.views = this.whole ? ["hidden", "weights", "wrong"] : (views ?? "").split(" ").filter(Boolean);
      this.seedRuns = new Map();   // by settings: what their ten seeds gave
      this.drawn = 0;
      this.build(place);
      this.take(this.first);
      if (this.whole) {
        this.readAddress();
        addEventListener("hashchange", () => this.readAddress());
      }
      new ResizeObserver(() => this.draw(true)).observe(this.parts.charts);
    }

    // ---- Building ---------------------------------------------------------------------------------

    build(place) {
      const parts = this.parts = {};
      const keep = (name, element) => parts[name] = element;
      const button = (words, action) => {
        const made = node("button", {type: "button"}, words);
        made.addEventListener("click", () => action.call(this));
        return made;
      };
      const figure = (name, words) => node("figure", {class: name}, node("figcaption", {}, words),
                                           keep(name, node("div", {class: "plot"})));

      this.inputs = {};
      const actions = node("div", {class: "actions"},
        keep("start", button("Start", this.startOrPause)), keep("step", button("One step", this.oneStep)),
        keep("epoch", button("One epoch", this.oneEpoch)), keep("reset", button("Reset", this.renew)),
        keep("seeds", button("Ten seeds", this.tenSeeds)));
      actions.firstChild.classList.add("main");

      place.replaceChildren(
        this.whole ? this.buildMenus() : "", this.buildControls(), actions,
        keep("progress", node("progress", {"aria-label": "Progress of the training", value: 0})),
        keep("trained", node("p", {class: "trained"})),
        keep("source", node("p", {class: "source"})),
        keep("trouble", node("p", {class: "trouble", role: "alert"})),
        keep("status", node("p", {class: "said", role: "status"})),
        keep("scores", node("div", {class: "scores scrolls", role: "group", "aria-label": "Results of the runs"})),
        keep("names", node("p", {class: "names"})),
        keep("charts", node("div", {class: "charts"},
          figure("accuracy", "Accuracy"), figure("cost", "Cost"))),
        node("p", {class: "legend"},
          node("span", {class: "key training"}, "training, as fit prints it"),
          node("span", {class: "key test"}, "test"),
          keep("ghostKey", node("span", {class: "key ghost"}))),
        this.details("curves", "The curves as a table"),
        ...this.views.map(view => this[`build_${view}`](figure)),
        keep("seedsView", node("figure", {class: "seeds", hidden: true},
          node("figcaption", {}, "Ten seeds: test accuracy at the end"),
          keep("seedsPlot", node("div", {class: "plot"})), keep("seedsWords", node("p")),
          this.details("seedsTable", "The seeds as a table"))),
        ...this.whole ? [this.details("code", "As Keras code"), this.buildChallenges()] : [],
        node("p", {class: "link"}, keep("link", node("a", {}, this.whole ? "A link to these settings"
          : "Open these settings in the laboratory"))));
    }

    details(name, words) {
      const content = this.parts[name] = node("div", {class: "scrolls", tabindex: 0, role: "region",
                                                      "aria-label": words});
      const made = node("details", {}, node("summary", {}, words), content);
      made.addEventListener("toggle", () => this.draw(true));
      return made;
    }

    menu(label, name, options, action) {
      const id = `${this.id}-${name}`;
      const select = node("select", {id}, ...options.map(([value, words]) =>
        node("option", {value}, words)));
      select.addEventListener("change", () => action.call(this, select.value));
      this.parts[name] = select;
      return node("div", {class: "control"}, node("label", {for: id}, label), select);
    }

    buildMenus() {
      const networks = Object.keys(PRESETS).map(name => [name, `${name}: ${ABOUT[name]}`]);
      return node("div", {class: "menus"},
        this.menu("Start from", "preset", networks, preset => this.take(toAddress({
          preset, choices: PRESETS[preset], against: this.against}))),
        this.menu("Compare with", "against",
          [["last", "the last run"], ...networks, ["nothing", "nothing"]], this.compareWith));
    }

    buildControls() {
      const made = {};
      for (const name of this.controls) {
        const {label, few, number} = CONTROLS[name];
        const id = `${this.id}-${name}`;
        const input = this.inputs[name] = number
          ? node("input", {id, type: "number", min: 0, max: 9999, step: 1, inputmode: "numeric"})
          : node("select", {id}, ...few.map(value => node("option", {value}, say(name, String(value)))));
        input.addEventListener("change", () => this.change(name, input.value));
        made[name] = node("div", {class: "control"}, node("label", {for: id}, label), input);
      }
      if (!this.whole) return node("div", {class: "controls"}, ...Object.values(made));
      const groups = [...new Set(this.controls.map(name => CONTROLS[name].group))];
      this.changed = new Map();   // by a group's controls: the words for what is changed in it
      return node("div", {class: "groups"}, ...groups.map(group => {
        const names = this.controls.filter(name => CONTROLS[name].group === group);
        const changed = node("span", {class: "changed"});
        this.changed.set(names, changed);
        return node("details", {class: "group", open: innerWidth > 700},
          node("summary", {}, node("strong", {}, group), " ", changed),
          node("div", {class: "controls"}, ...names.map(name => made[name])));
      }));
    }

    build_hidden(figure) {
      return node("div", {class: "view"},
        figure("hidden", "What the hidden units put out for the training images"),
        this.parts.hiddenWords = node("p"), this.details("hiddenTable", "The histogram as a table"));
    }

    build_weights() {
      return node("figure", {class: "view weights"},
        node("figcaption", {}, "Weights into the hidden units, an image each: blue is negative, orange is "
          + "positive"),
        this.parts.weights = node("canvas", {role: "img", "aria-label": "Weights"}),
        this.parts.weightsWords = node("p"), this.details("weightsTable", "The weights as a table"));
    }

    build_wrong() {
      const words = this.menu("Images still wrong, of", "of",
        [["training", "the training images"], ["test", "the test images"]], () => this.look());
      return node("div", {class: "view wrong"}, words, this.parts.wrongWords = node("p"),
        this.parts.wrong = node("ul"));
    }

    buildChallenges() {
      this.challenges = CHALLENGES.map(({words, address}) => node("li", {}, words, " ",
        node("a", {href: `#${address}`}, "Set it up"), " ", node("strong", {class: "met"})));
      return node("div", {class: "view"}, node("p", {class: "caption"}, "Challenges"),
        node("ol", {class: "challenges"}, ...this.challenges));
    }

    // ---- Settings ---------------------------------------------------------------------------------

    readAddress() {
      const isPlace = !location.hash.includes("=");   // in this page, such as a heading
      if (!isPlace && location.hash !== this.address) this.take(location.hash);
    }

    /** Take the settings that an address says; if it is wrong, say so and leave all as it is. */
    take(address) {
      try {
        Object.assign(this, fromAddress(address));
        this.parts.trouble.textContent = "";
      } catch (error) {
        this.parts.trouble.textContent = error.message;
        if (!this.choices) Object.assign(this, fromAddress(this.first));
      }
      this.renew();
    }

    change(name, value) {
      const choices = {...this.choices, [name]: value};
      try {
        settingsOf(choices);
      } catch (error) {
        this.parts.trouble.textContent = error.message;
        this.inputs[name].setAttribute("aria-invalid", "true");
        return;
      }
      this.choices = choices;
      this.parts.trouble.textContent = "";
      this.renew();
    }

    showSettings() {
      for (const [name, input] of Object.entries(this.inputs)) {
        const value = this.choices[name];
        input.removeAttribute("aria-invalid");
        if (input.localName === "select" && ![...input.options].some(option => option.value === value))
          input.add(new Option(say(name, value), value));   // what only an address has said
        input.value = value;
      }
      if (this.inputs.momentum)
        this.inputs.momentum.parentElement.hidden =
          !["momentum", "nesterov"].includes(this.choices.optimizer);
      for (const [names, changed] of this.changed ?? [])
        changed.textContent = changesIn(this.preset, this.choices, names);
      this.address = toAddress(this);
      this.parts.link.href = (this.whole ? "" : this.home) + this.address;
      if (this.whole) {
        this.parts.preset.value = this.preset;
        this.parts.against.value = this.against;
      }
    }

    // ---- Training ---------------------------------------------------------------------------------

    /** Make a new network, untrained; the run that there was stays to be compared with. */
    renew() {
      const keepAddress = !this.run;
      this.pause();
      if (this.run?.step > 0) this.before = this.run;
      this.run = new Run(this.preset, this.choices);
      this.seen = this.startKernel = undefined;
      this.training?.reset({settings: this.run.settings, seeds: [this.run.seed]});
      this.meetRival();
      this.showSettings();
      if (this.whole && !keepAddress) history.replaceState(null, "", this.address);
      this.draw(true);
    }

    /** Compare with another run from now on, and leave the present one as it is. */
    compareWith(against) {
      this.pause();
      this.against = against;
      this.meetRival();
      this.showSettings();
      history.replaceState(null, "", this.address);
      this.draw(true);
    }

    /** See to it that there is a network of the lecture to compare with, where one is asked for. */
    meetRival() {
      const asked = this.against in PRESETS;
      if (!asked || this.rival?.preset === this.against && this.rival.seed === this.run.seed) return;
      this.rival = new Run(this.against, {...PRESETS[this.against], seed: this.choices.seed});
      this.rivalTraining?.reset({settings: this.rival.settings, seeds: [this.rival.seed]});
    }

    /** The run that is drawn in gray: the last one, or a network of the lecture; there may be none. */
    get ghost() {
      return this.against === "last" ? this.before : this.against in PRESETS ? this.rival : undefined;
    }

    get others() {   // that train beside the present one
      return this.against in PRESETS && !this.rival.done ? [this.rivalTraining] : [];
    }

    async prepare() {
      if (this.training && (this.rivalTraining || !(this.against in PRESETS))) return;
      this.say("Loading the images.");
      const data = await loadImages();
      const train = run => laboratoryTraining({
        settings: this[run].settings, seeds: [this[run].seed], data, workers: 1,
        onMessage: message => this.receive(this[run], message)});
      this.training ??= train("run");
      if (this.against in PRESETS) this.rivalTraining ??= train("rival");
      this.use(data);
    }

    use(data) {
      this.data = data;
      if (data.source !== "MNIST")
        this.parts.source.textContent = "These are not MNIST's images, which could not be had when this "
          + "page was built, but a stand-in made from scikit-learn's digits.";
    }

    /** Do something with the training, and say so if that fails. */
    async attempt(action) {
      try {
        await this.prepare();
        if (this.views.length && this.run.step === 0) await this.look();   // before the weights move
        action();
      } catch (error) {
        this.parts.trouble.textContent = error.message;
        this.pause();
      }
    }

    startOrPause() {
      if (this.running) {
        this.pause();
        this.say(`Paused. ${this.summary()}`);
        this.look();
        return;
      }
      if (this.run.done && (!this.ghost || this.ghost.done)) this.renew();
      this.running = true;
      this.quarter = 0;
      this.showState();
      this.attempt(() => {
        if (!this.running) return;   // paused while the images came
        this.say("Training.");
        for (const training of [this.training, ...this.others]) training.start();
      });
    }

    pause() {
      this.running = false;
      for (const training of [this.training, this.rivalTraining]) training?.pause();
      this.showState();
    }

    oneStep() { this.steps(() => 1); }

    oneEpoch() {
      this.steps(({settings: {trainingImages, batchSize}}) => Math.ceil(trainingImages / batchSize));
    }

    steps(number) {
      if (this.run.done) this.renew();
      this.pause();
      this.attempt(() => {
        this.training.step(number(this.run));
        for (const training of this.others) training.step(number(this.rival));
      });
    }

    receive(run, message) {
      if (message.type === "error") {
        this.parts.trouble.textContent = message.message;
        this.pause();
        return;
      }
      if (message.type === "finished") return;
      run.receive(message);
      if (run === this.run && this.running) {
        const quarter = Math.floor(4 * run.epoch / run.settings.epochs);
        if (quarter > this.quarter && !run.done) this.say(this.summary());
        this.quarter = quarter;
      }
      if (this.running && this.run.done && this.others.length === 0) {
        this.running = false;
        this.say(`Done. ${this.summary()}`);
        this.showMet();
      }
      this.showState();
      this.draw(!this.running);
      const due = performance.now() - (this.lookedAt ?? 0) > (CALM ? 3000 : 1000);
      if (message.type === "curves" && (due || !this.running)) this.look();
    }

    /** Say something to those who listen to the page: seldom, since it interrupts. */
    say(words) {
      this.parts.status.textContent = words;
    }

    summary() {
      return [["Now", this.run], [this.ghostName, this.ghost]].filter(([, run]) => run?.last)
        .map(([name, {last: {epoch, training, test}}]) => `${name}, epoch ${count(epoch)}: `
          + `training accuracy ${percent(training.accuracy)}, test accuracy ${percent(test.accuracy)}.`)
        .join(" ");
    }

    get ghostName() {
      return this.against === "last" ? "Last run" : this.against;
    }

    showMet() {
      CHALLENGES.forEach(({met}, index) => {
        if (this.challenges && met(this.run))
          this.challenges[index].querySelector(".met").textContent =
            `✓ Met: ${percent(this.run.last.test.accuracy)}.`;
      });
    }

    showState() {
      const {start, step, epoch, reset, seeds, progress} = this.parts;
      const busy = Boolean(this.pool);
      start.textContent = this.running ? "Pause" : this.run?.done ? "Start again"
        : this.run?.step ? "Go on" : "Start";
      for (const button of [start, step, epoch, reset]) button.disabled = busy;
      seeds.textContent = busy ? "Stop" : "Ten seeds";
      if (!busy) {
        progress.max = this.run?.settings.epochs ?? 1;
        progress.value = this.run?.epoch ?? 0;
      }
    }

    // ---- Looking ----------------------------------------------------------------------------------

    /** Ask the network in training for its weights and what it does with the images; draw that. */
    async look() {
      if (!this.views.length || !this.training || this.looking) return;
      const {run} = this, all = number => [...Array(number).keys()];
      this.looking = true;
      this.lookedAt = performance.now();
      try {
        const seen = await this.training.look({seed: run.seed, weights: true, of: "training",
                                               images: all(run.settings.trainingImages)});
        if (run !== this.run) return;
        this.startKernel ??= seen.step === 0 ? seen.weights[0].kernel : undefined;
        if (this.parts.of?.value === "test")
          seen.test = (await this.training.look({seed: run.seed, of: "test",
                                                 images: all(this.data.test.labels.length)})).images;
        if (run !== this.run) return;
        this.seen = seen;
        for (const view of this.views) this[`draw_${view}`]();
      } catch {
        // the network was reset meanwhile: the next look shows the new one
      } finally {
        this.looking = false;
      }
    }

    draw_hidden() {
      const place = this.parts.hidden, {seen, run} = this;
      if (!seen) {
        place.replaceChildren(node("p", {}, "Comes when the training starts."));
        this.parts.hiddenWords.textContent = "";
        return;
      }
      const values = Float32Array.from(seen.images.flatMap(({hidden}) => [...hidden[0]])).sort();
      const fixed = run.choices.batchNormalization === "after" ? undefined
        : {sigmoid: [0, 1], tanh: [-1, 1]}[run.choices.activation];
      const at = share => values[Math.floor(share * (values.length - 1))];
      let [low, high] = fixed ?? [Math.min(0, at(0.005)), at(0.995)];   // some may lie far off
      if (!(high > low)) high = low + 1;
      const shares = new Array(40).fill(0);
      for (const value of values) {
        const bin = Math.floor((value - low) / (high - low) * 40);
        shares[Math.min(39, Math.max(0, bin))] += 100 / values.length;
      }
      const top = Math.max(...shares);
      let words = "";
      if (fixed) {
        const ends = values.filter(value => value < low + 0.01 || value > high - 0.01);
        words = `${percent(ends.length / values.length)} of all outputs are saturated, `
          + `within 0.01 of ${low} or ${high}.`;
      } else if (run.choices.activation === "relu" && run.choices.batchNormalization !== "after") {
        const zero = values.filter(value => value === 0).length / values.length;
        const dead = [...seen.images[0].hidden[0].keys()].filter(
          unit => seen.images.every(({hidden}) => hidden[0][unit] === 0)).length;
        words = `${percent(zero)} of all outputs are zero; units that are zero for every image: ${dead}.`;
      }
      bars(place, {label: `Histogram of the hidden outputs, ${low.toPrecision(3)} to `
                     + `${high.toPrecision(3)}. ${words}`, shares,
                   x: {title: "hidden output", low, high}, y: {title: "share (%)", low: 0, high: top}});
      this.parts.hiddenWords.textContent = words;
      if (this.parts.hiddenTable.parentElement.open)
        this.parts.hiddenTable.replaceChildren(table(
          "Hidden outputs, all training images and units", ["from", "to", "share"],
          Array.from({length: 10}, (_, bin) => [
            ...[bin, bin + 1].map(edge => (low + edge / 10 * (high - low)).toFixed(2)),
            `${shares.slice(4 * bin, 4 * bin + 4).reduce((sum, share) => sum + share).toFixed(1)}%`])));
    }

    draw_weights() {
      const {weights: canvas, weightsWords, weightsTable} = this.parts;
      canvas.hidden = !this.seen;
      if (!this.seen) {
        weightsWords.textContent = "Comes when the training starts.";
        return;
      }
      const {kernel, units} = this.seen.weights[0], shown = Math.min(units, 30);
      const ofUnit = unit => Float32Array.from({length: 784}, (_, pixel) => kernel[pixel * units + unit]);
      const largest = kernel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
      tiles(canvas, Array.from({length: shown}, (_, unit) => ofUnit(unit)), weight => {
        const share = Math.abs(weight) / largest;   // in the lessons' colors: "signed" in code/plots.py
        return [...weight > 0 ? [213, 94, 0] : [0, 114, 178], 255 * share];
      });
      const moved = this.startKernel && kernel.reduce((sum, weight, index) =>
        sum + Math.abs(weight - this.startKernel[index]), 0)
        / this.startKernel.reduce((sum, weight) => sum + Math.abs(weight), 0);
      weightsWords.textContent = `The first ${shown} of ${units} units. `
        + `The largest weight is ${largest.toPrecision(2)}.` + (Number.isFinite(moved)
          ? ` Mean change since the start: ${percent(moved)} of the mean size then.` : "");
      canvas.setAttribute("aria-label", `Weights into the hidden units. ${weightsWords.textContent}`);
      if (weightsTable.parentElement.open)
        weightsTable.replaceChildren(table(
          "Weights into each unit", ["unit", "mean size", "least", "largest"],
          Array.from({length: shown}, (_, unit) => {
            const weights = ofUnit(unit);
            const size = weights.reduce((sum, weight) => sum + Math.abs(weight), 0) / weights.length;
            return [String(unit + 1), ...[size, Math.min(...weights), Math.max(...weights)].map(
              value => value.toPrecision(3))];
          })));
    }

    draw_wrong() {
      const {wrong, wrongWords, of} = this.parts;
      const seen = of.value === "test" ? this.seen?.test : this.seen?.images;
      if (!seen) {
        wrongWords.textContent = this.seen ? "" : "Comes when the training starts.";
        wrong.replaceChildren();
        return;
      }
      const answer = ({output}) => output.indexOf(Math.max(...output));
      const missed = seen.filter(image => answer(image) !== image.label);
      wrongWords.textContent = `${missed.length} of ${count(seen.length)} are wrong`
        + (missed.length > 24 ? "; the first 24:" : missed.length ? ":" : ".");
      wrong.replaceChildren(...missed.slice(0, 24).map(image => {
        const canvas = node("canvas", {"aria-hidden": "true"});
        const {pixels} = this.data[of.value];
        tiles(canvas, [pixels.subarray(784 * image.index, 784 * (image.index + 1))],
              value => [0, 0, 0, value]);
        return node("li", {}, canvas, `${image.label}, taken for ${answer(image)}`);
      }));
    }

    // ---- Drawing ----------------------------------------------------------------------------------

    /** Draw what has changed, soon; not more often than can be followed, unless `now`. */
    draw(now = false) {
      if (this.waiting && !now) return;
      clearTimeout(this.waiting);
      const pause = now ? 0 : Math.max(0, (CALM ? 1500 : 100) - (performance.now() - this.drawn));
      this.waiting = setTimeout(() => requestAnimationFrame(() => {
        this.waiting = undefined;
        this.drawn = performance.now();
        this.drawCurves();
        if (now) for (const view of this.views) this[`draw_${view}`]();
        if (now) this.drawSeeds();
        if (now) this.drawCode();
      }), pause);
    }

    drawCurves() {
      const {run, ghost} = this;
      const runs = [[ghost, "ghost "], [run, ""]].filter(([one]) => one);
      const last = Math.max(...runs.map(([one]) => one.settings.epochs));
      const shown = quantity => runs.flatMap(([one, kind]) => [
        {kind: `${kind}training`, points: one.rows.map(row => [row.epoch, row[quantity]])},
        {kind: `${kind}test`, points: one.at.map(at => [at.epoch, at.test[quantity]])}]);
      const costs = runs.flatMap(([{rows, at}]) => [
        ...rows.slice(1).map(row => row.cost), ...at.map(at => at.test.cost)]).filter(Number.isFinite);
      for (const [quantity, title, high] of [["accuracy", "accuracy (fraction correct)", 1],
                                             ["cost", "cost", 1.05 * Math.max(...costs, 0) || 1]])
        lines(this.parts[quantity], {label: `${quantity} against epochs. ${this.summary()}`,
          x: {title: "epoch", low: 0, high: last}, y: {title, low: 0, high}, lines: shown(quantity)});
      this.parts.ghostKey.textContent = ghost ? this.ghostName.toLowerCase() : "";
      this.parts.ghostKey.hidden = !ghost;
      this.drawScores(runs);
      if (this.parts.curves.parentElement.open) this.drawTable(run, ghost);
    }

    drawScores(runs) {
      const row = (name, one) => {
        const {epoch, training, test} = one.last ?? {epoch: 0};
        return [name, count(epoch), percent(training?.accuracy), percent(test?.accuracy),
                training ? points(training.accuracy - test.accuracy) : "–", costly(test?.cost)];
      };
      const made = table("", ["run", "epoch", "training", "test", "gap", "cost"],
        [...runs].reverse().map(([one, kind]) => row(kind ? this.ghostName : "Now", one)));
      made.querySelector("caption").remove();
      made.setAttribute("aria-label", "Accuracy of the present network and of the one it is compared "
        + "with; the gap is training less test accuracy in points, the cost is that of the test images");
      made.querySelectorAll("tbody th").forEach((heading, index) =>
        heading.classList.add("key", index ? "ghost" : "present"));
      const scores = this.parts.scores;
      scores.replaceChildren(made);
      scores.tabIndex = scores.scrollWidth > scores.clientWidth ? 0 : -1;   // a stop where it scrolls
      this.parts.names.textContent = [["Now", this.run], [this.ghostName, this.ghost]]
        .filter(([name, one]) => one && one.name !== name)
        .map(([name, one]) => `${name}: ${one.name}.`).join(" ");
    }

    drawTable(run, ghost) {
      const runs = [["Now", run], ...ghost ? [[this.ghostName, ghost]] : []];
      const header = runs.flatMap(([name]) => ["training accuracy", "test accuracy", "training cost",
                                               "test cost"].map(column => `${name}: ${column}`));
      const longest = ghost?.at.length > run.at.length ? ghost.at : run.at;
      const every = Math.ceil(longest.length / 21);   // that many rows
      const rows = longest.filter((_, index) => index % every === 0 || index === longest.length - 1)
        .map(({epoch}) => [count(epoch), ...runs.flatMap(([, one]) => {
          const {training, test} = one.at.find(at => at.epoch === epoch) ?? {};
          return [percent(training?.accuracy), percent(test?.accuracy), costly(training?.cost),
                  costly(test?.cost)];
        })]);
      this.parts.curves.replaceChildren(table("Measured with every unit, as evaluate does",
                                              ["epoch", ...header], rows));
    }

    drawCode() {
      const {code} = this.parts;
      if (!code?.parentElement.open) return;
      const text = laboratoryCode(this.run.settings, this.run.seed, this.sources);
      const copy = node("button", {type: "button"}, "Copy");
      copy.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text);
        this.say("Copied.");
        copy.textContent = "Copied";
      });
      code.replaceChildren(navigator.clipboard ? copy : "", node("pre", {}, node("code", {}, text)));
    }

    // ---- Ten seeds --------------------------------------------------------------------------------

    /** The settings of which ten seeds are compared: the present ones, and the ghost's if they differ. */
    get compared() {
      const key = ({preset, choices: {seed, ...others}}) => JSON.stringify(others);
      const both = [{key: key(this.run), kind: "present", name: "Now", run: this.run},
                    ...this.ghost ? [{key: key(this.ghost), kind: "ghost", name: this.ghostName,
                                      run: this.ghost}] : []];
      return both.filter((one, index) => index === 0 || one.key !== both[0].key);
    }

    async tenSeeds() {
      if (this.pool) {
        this.pool.stop();
        return;
      }
      this.pause();
      const asked = this.compared.filter(({key}) => !this.seedRuns.get(key)?.every(Boolean));
      if (!asked.length) {
        this.drawSeeds();
        return;
      }
      this.pool = {stop: () => {}};
      this.showState();
      try {
        const data = await loadImages();
        this.use(data);
        this.say(`Training ${asked.length * SEEDS.length} networks.`);
        const total = asked.length * SEEDS.length, epochs = new Map();
        const tell = () => {
          const done = asked.flatMap(({key}) => this.seedRuns.get(key) ?? []).filter(Boolean).length;
          const words = `Ten seeds: ${done} of ${total} trained`;
          if (this.parts.trained.textContent === words) return;
          this.parts.trained.textContent = words;
          if (done === total / 2) this.say(words);
        };
        tell();
        for (const {key, run} of asked) await this.trainSeeds(data, run.settings, key, share => {
          epochs.set(key, share);
          this.parts.progress.max = total;
          this.parts.progress.value = [...epochs.values()].reduce((sum, share) => sum + share, 0);
          tell();
        });
      } catch (error) {
        this.parts.trouble.textContent = error.message;
      }
      const stopped = this.pool.stopped;
      this.pool = undefined;
      this.parts.trained.textContent = "";
      this.showState();
      this.drawSeeds();
      this.say(stopped ? "Stopped." : `Ten seeds are done. ${this.parts.seedsWords.textContent}`);
    }

    /** Train the ten seeds on all cores; report how many runs that makes, in parts of a run. */
    trainSeeds(data, settings, key, report) {
      if (this.pool.stopped) return;
      const results = new Array(SEEDS.length).fill(null), epochs = new Array(SEEDS.length).fill(0);
      this.seedRuns.set(key, results);
      return new Promise((resolve, reject) => {
        const training = laboratoryTraining({settings, seeds: SEEDS, data,
          workers: Math.min(SEEDS.length, navigator.hardwareConcurrency || 2),
          onMessage: message => {
            if (message.type === "error") finish(new Error(message.message));
            if (message.type === "finished") finish();
            if (message.type !== "curves") return;
            epochs[message.seed] = message.epoch / settings.epochs;
            if (message.done) {
              results[message.seed] = message.at.at(-1);
              this.drawSeeds();
            }
            report(epochs.reduce((sum, share) => sum + share, 0));
          }});
        const finish = error => {
          training.close();
          error ? reject(error) : resolve();
        };
        this.pool.stop = () => {
          this.pool.stopped = true;
          finish();
        };
        training.start();
      });
    }

    drawSeeds() {
      const {seedsView, seedsPlot, seedsWords, seedsTable} = this.parts;
      const rows = this.compared.map(one => ({...one, results: this.seedRuns.get(one.key) ?? []}))
        .filter(({results}) => results.some(Boolean))
        .map(row => ({...row, values: row.results.filter(Boolean).map(({test}) => test.accuracy)}));
      seedsView.hidden = !rows.length;
      if (!rows.length) return;
      const all = rows.flatMap(({values}) => values), room = 0.02;
      const low = Math.max(0, Math.min(...all) - room), high = Math.min(1, Math.max(...all) + room);
      const mean = ({name, values}) => {
        const {mean, half} = interval(values);
        return `${name}: mean ${percent(mean)}`
          + (Number.isFinite(half) ? ` ± ${(100 * half).toFixed(1)}` : "")
          + ` (${values.length} seeds).`;
      };
      let words = rows.map(mean).join(" ");
      if (rows.length === 2) {
        const [now, then] = rows;
        const gains = SEEDS.filter(seed => now.results[seed] && then.results[seed])
          .map(seed => now.results[seed].test.accuracy - then.results[seed].test.accuracy);
        if (gains.length > 1) {
          const {mean, half} = interval(gains);
          words += ` Gain, seed by seed: ${points(mean)} ± ${(100 * half).toFixed(1)} points.`;
        }
      }
      seedsWords.textContent = `${words} Bars are 95% intervals of the mean.`;
      dots(seedsPlot, {label: `Test accuracy of each seed. ${words}`, rows,
                       x: {title: "test accuracy (fraction correct)", low, high}});
      if (seedsTable.parentElement.open)
        seedsTable.replaceChildren(table("At the end of the training", ["seed", ...rows.flatMap(
          ({name}) => [`${name}: training`, `${name}: test`])],
          SEEDS.map(seed => [String(seed), ...rows.flatMap(({results}) =>
            [percent(results[seed]?.training.accuracy), percent(results[seed]?.test.accuracy)])])));
    }
  }

  for (const place of document.querySelectorAll("div.laboratory"))
    place.laboratory = new Laboratory(place);
})();

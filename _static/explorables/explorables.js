"use strict";
// Two figures to play with, on the laboratory's own activations and optimizers (network.js).

(() => {
  const {node, svg, lines, frame, path, table, MARGIN} = laboratoryCharts;
  const {activations, optimizers} = laboratoryNetwork();
  const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let elements = 0;

  function control(label, input) {
    input.id = `explorable-${++elements}`;
    return node("div", {class: "control"}, node("label", {for: input.id}, label), input);
  }

  const menu = (values, chosen, say = value => value) => node("select", {}, ...values.map(value =>
    node("option", {value, selected: value === chosen}, say(value))));

  const scrolling = words =>
    node("div", {class: "scrolls", tabindex: 0, role: "region", "aria-label": words});

  // ---- One unit that should put out 0, on two costs ------------------------------------------------

  const [sigmoid, slopeOf] = activations.sigmoid;
  const COSTS = {   // for the wanted output 0: the cost and its slope over z, by the output a
    "squared error": {kind: "method-0", of: a => a * a / 2, slope: a => a * slopeOf(0, a)},
    // -ln(1 - a), but from z: an a that is rounded to 1 has no such logarithm
    "cross-entropy": {kind: "method-2", slope: a => a,
                      of: (a, z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))},
  };
  const NAMES = Object.keys(COSTS);
  const LOW = -6, HIGH = 9, STEPS = 20;

  /** Return z now and after each of the next steps, of a unit with w = b = z / 2 and the input 1. */
  function nextSteps(z, slope, learningRate) {
    const unit = {value: Float64Array.of(z / 2, z / 2), gradient: new Float64Array(2)};
    const seen = [z];
    while (seen.length <= STEPS) {
      unit.gradient.fill(slope(sigmoid(seen.at(-1))));
      optimizers.sgd(unit, {learningRate});
      seen.push(unit.value[0] + unit.value[1]);
    }
    return seen;
  }

  function oneUnit(place) {
    const slider = node("input", {type: "range", min: LOW, max: HIGH, step: 0.1, value: 4});
    const rate = menu(["0.05", "0.15", "0.5", "1.5"], "0.15");
    const figures = ["Output a and its slope", "Cost, and where twenty steps lead",
                     "Slope of the cost over z", "Output in the next twenty steps"].map(words =>
      node("figure", {}, node("figcaption", {}, words), node("div", {class: "plot"})));
    const [output, cost, slope, steps] = figures.map(figure => figure.lastChild);
    const numbers = scrolling("Numbers at the point");
    const key = (kind, words) => node("span", {class: `key ${kind}`}, words);
    place.replaceChildren(
      node("div", {class: "controls"}, control("Input z of the unit", slider),
           control("Learning rate", rate)),
      node("p", {class: "legend"}, ...NAMES.map(name => key(COSTS[name].kind, name)),
           key("plain", "output"), key("faint", "slope of the output")),
      node("div", {class: "charts"}, ...figures), numbers);

    const grid = Array.from({length: 151}, (_, index) => LOW + index / 150 * (HIGH - LOW));
    const along = values => grid.map(z => [z, values(sigmoid(z), z)]);
    const forBoth = values => NAMES.map(name => ({kind: COSTS[name].kind, points: values(name)}));
    const inWords = (words, values) =>
      `${words} ${NAMES.map(name => `${name} ${values(name)}`).join(", ")}.`;
    const x = {title: "input z", low: LOW, high: HIGH};

    function mark({drawing, toX, toY}, z, value, kind, r = 6) {
      drawing.append(svg("circle", {class: `point ${kind}`, cx: toX(z), cy: toY(value), r}));
    }

    function draw() {
      const z = Number(slider.value), a = sigmoid(z);
      slider.setAttribute("aria-valuetext", `z ${z}, output ${a.toFixed(4)}`);
      const way = Object.fromEntries(NAMES.map(name =>
        [name, nextSteps(z, COSTS[name].slope, Number(rate.value))]));
      const costAt = name => COSTS[name].of(a, z).toFixed(4);
      const slopeAt = name => COSTS[name].slope(a).toFixed(4);
      const after = name => sigmoid(way[name].at(-1)).toFixed(4);

      const first = lines(output, {x, y: {title: "output, slope", low: 0, high: 1.05},
        label: `The sigmoid: at z ${z} its output is ${a.toFixed(4)}, `
          + `its slope ${slopeOf(z, a).toFixed(4)}.`,
        lines: [{kind: "plain", points: along(a => a)},
                {kind: "faint", points: along((a, z) => slopeOf(z, a))}]});
      mark(first, z, a, "plain");
      mark(first, z, slopeOf(z, a), "faint");

      const second = lines(cost, {x, y: {title: "cost", low: 0, high: 9.5},
        label: inWords("The two costs over z:", costAt), lines: forBoth(name => along(COSTS[name].of))});
      for (const name of NAMES) {
        const {of, kind} = COSTS[name];
        for (const later of way[name].slice(1)) mark(second, later, of(sigmoid(later), later), kind, 3);
        mark(second, z, of(a, z), kind);
      }

      const third = lines(slope, {x, y: {title: "slope of the cost", low: 0, high: 1.05},
        label: inWords("The slopes of the two costs over z:", slopeAt),
        lines: forBoth(name => along(COSTS[name].slope))});
      for (const name of NAMES) mark(third, z, COSTS[name].slope(a), COSTS[name].kind);

      lines(steps, {x: {title: "step", low: 0, high: STEPS},
        y: {title: "output a (wanted: 0)", low: 0, high: 1.05},
        label: inWords(`The output is ${a.toFixed(4)}; twenty steps later:`, after),
        lines: forBoth(name => way[name].map((z, step) => [step, sigmoid(z)]))});

      numbers.replaceChildren(table(
        `At z = ${z}: output ${a.toFixed(4)}, slope of the output ${slopeOf(z, a).toFixed(4)}`,
        ["trained on", "cost", "slope of the cost", "output after 20 steps"],
        NAMES.map(name => [name, costAt(name), slopeAt(name), after(name)])));
    }

    for (const plot of [output, cost, slope]) {   // the point follows a finger or a mouse
      const move = event => {
        const {left, width} = plot.getBoundingClientRect();
        const share = (event.clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
        slider.value = LOW + share * (HIGH - LOW);   // which keeps it between its ends
        draw();
      };
      plot.classList.add("movable");
      plot.addEventListener("pointerdown", event => {
        plot.setPointerCapture(event.pointerId);
        move(event);
      });
      plot.addEventListener("pointermove", event => { if (event.buttons) move(event); });
    }
    for (const input of [slider, rate]) input.addEventListener("input", draw);
    new ResizeObserver(draw).observe(output);
  }

  // ---- Optimizers in one valley ---------------------------------------------------------------------

  const BEGIN = [-1.2, 1], GOAL = 1e-4, LIMIT = 20000, FAR = 1e3;   // as in the lesson
  const W1 = {title: "parameter w₁", low: -1.7, high: 1.5};
  const W2 = {title: "parameter w₂", low: -0.7, high: 2.2};
  const RATES = ["0.0001", "0.0003", "0.0005", "0.001", "0.002", "0.003", "0.01", "0.03", "0.1", "0.3",
                 "1", "3"];
  const RACERS = {   // each at the best of the rates that the lesson tries, in its color there
    sgd: {name: "gradient descent", letter: "G", rate: "0.002", kind: "method-0"},
    momentum: {name: "momentum", letter: "M", rate: "0.003", kind: "method-1"},
    nesterov: {name: "Nesterov", letter: "N", rate: "0.001", kind: "method-3"},
    rmsprop: {name: "RMSprop", letter: "R", rate: "0.0005", kind: "method-2"},
    adam: {name: "Adam", letter: "A", rate: "1", kind: "method-4"},
  };

  const valley = (first, second) => (1 - first) ** 2 + 100 * (second - first ** 2) ** 2;
  const slopes = ([first, second]) => [-2 * (1 - first) - 400 * first * (second - first ** 2),
                                       200 * (second - first ** 2)];

  /** An optimizer on its way, with all the points where it has been. */
  class Racer {
    constructor(optimizer, learningRate, momentum) {
      const [gradient, velocity, square] = [0, 0, 0].map(() => new Float64Array(2));
      this.parameter = {value: Float64Array.from(BEGIN), gradient, velocity, square};
      Object.assign(this, {optimizer, settings: {learningRate, momentum}, points: [BEGIN]});
      Object.assign(this, RACERS[optimizer]);
    }

    get steps() { return this.points.length - 1; }
    get cost() { return valley(...this.points.at(-1)); }
    get diverged() { return !this.points.at(-1).every(value => Math.abs(value) <= FAR); }
    get done() { return this.cost < GOAL || this.diverged || this.steps >= LIMIT; }
    get state() {
      return this.cost < GOAL ? "at the goal" : this.diverged ? "diverged"
        : this.done ? "gave up" : this.steps ? "on its way" : "at the start";
    }

    step() {
      const {value, gradient} = this.parameter;
      gradient.set(slopes(value));
      optimizers[this.optimizer](this.parameter, this.settings, this.points.length);
      this.points.push([...value]);
    }
  }

  /** Return a picture of the valley, the darker the lower, as an address. */
  function valleyPicture() {
    const canvas = node("canvas", {width: 320, height: 290}), bands = 12;
    const pen = canvas.getContext("2d"), picture = pen.createImageData(canvas.width, canvas.height);
    for (let pixel = 0; pixel < canvas.width * canvas.height; pixel++) {
      const x = pixel % canvas.width / canvas.width, y = Math.floor(pixel / canvas.width) / canvas.height;
      const cost = valley(W1.low + x * (W1.high - W1.low), W2.high - y * (W2.high - W2.low));
      const band = Math.min(bands, Math.floor((Math.log10(cost + 1e-3) + 3) / 6.5 * bands));
      picture.data.set([128, 128, 128, 190 * (1 - band / bands)], 4 * pixel);   // on any ground
    }
    pen.putImageData(picture, 0, 0);
    return canvas.toDataURL();
  }

  function race(place) {
    const choices = Object.entries(RACERS).map(([optimizer, {name, rate}]) => ({
      optimizer, rate: menu(RATES, rate),
      runs: node("input", {type: "checkbox", checked: true, "aria-label": `${name} takes part`})}));
    const momentum = menu(["0", "0.5", "0.8", "0.9", "0.95", "0.99"], "0.9");
    const speed = menu(["1", "10", "100"], "10", value => `${value} a frame`);
    const map = node("div", {class: "plot"}), numbers = scrolling("The race in numbers");
    const status = node("p", {class: "said", role: "status"});
    const picture = valleyPicture();
    let racers = [], running = false;

    const button = (words, action) => {
      const made = node("button", {type: "button"}, words);
      made.addEventListener("click", action);
      return made;
    };
    const start = button("Start", () => running ? pause() : go());
    start.classList.add("main");

    place.replaceChildren(
      node("div", {class: "controls"}, ...choices.map(({optimizer, rate, runs}) => {
        const box = control(`${RACERS[optimizer].letter}: ${RACERS[optimizer].name}, rate`, rate);
        box.classList.add("racer", RACERS[optimizer].kind);
        box.prepend(runs);
        return box;
      }), control("Momentum of M and N", momentum), control("Speed, in steps", speed)),
      node("div", {class: "actions"}, start, button("One step", oneStep), button("Reset", reset)), status,
      node("figure", {}, node("figcaption", {},
        "The valley from above, shaded where the cost is low; the star is its lowest point"), map),
      numbers);

    function reset() {
      racers = choices.filter(({runs}) => runs.checked).map(({optimizer, rate}) =>
        new Racer(optimizer, Number(rate.value), Number(momentum.value)));
      pause();
      draw();
    }

    function pause() {
      running = false;
      start.textContent = racers.every(racer => racer.done) ? "Start again"
        : racers.some(racer => racer.steps) ? "Go on" : "Start";
    }

    function advance(steps) {
      for (const racer of racers)
        for (let step = 0; step < steps && !racer.done; step++) racer.step();
    }

    function oneStep() {
      advance(1);
      pause();
      draw();
    }

    function go() {
      if (racers.every(racer => racer.done)) reset();
      running = true;
      start.textContent = "Pause";
      if (CALM) next();   // nothing moves: all is there at once
      else requestAnimationFrame(next);
    }

    function next() {
      if (!running) return;
      advance(CALM ? LIMIT : Number(speed.value));
      draw();
      if (!racers.every(racer => racer.done)) {
        requestAnimationFrame(next);
        return;
      }
      pause();
      status.textContent = racers.map(({name, state, steps}) =>
        `${name}: ${state} after ${steps.toLocaleString("en-US")} steps.`).join(" ");
    }

    function draw() {
      if (!map.clientWidth) return;   // the page is not laid out yet
      const rows = racers.map(({name, settings, steps, cost, state}) =>
        [name, String(settings.learningRate), steps.toLocaleString("en-US"),
         Number.isFinite(cost) ? cost.toPrecision(3) : "∞", state]);
      numbers.replaceChildren(table(`The goal is a cost below ${GOAL}`,
                                    ["method", "rate", "steps", "cost", "state"], rows));
      const {drawing, toX, toY, left, right, top, bottom} = frame(map, {x: W1, y: W2,
        height: Math.round(Math.min(430, map.clientWidth * 0.85)),
        label: `A curved valley and the ways of the optimizers in it. ${rows.map(
          ([name, , steps, cost, state]) => `${name}: ${steps} steps, cost ${cost}, ${state}.`).join(" ")}`});
      const size = {x: left, y: top, width: right - left, height: bottom - top};
      const clip = `clip-race-${++elements}`, ways = svg("g", {"clip-path": `url(#${clip})`});
      drawing.prepend(svg("image", {...size, href: picture, preserveAspectRatio: "none"}));
      drawing.append(svg("clipPath", {id: clip}, svg("rect", size)),
                     svg("text", {class: "star", x: toX(1), y: toY(1) + 7}, "★"), ways);
      for (const {kind, letter, points} of racers) {
        const some = Math.ceil(points.length / 3000);   // of a long way, which creeps, not each point
        const drawn = points.filter((_, index) => index < 500 || index % some === 0)
          .concat([points.at(-1)]).filter(point => point.every(value => Math.abs(value) < FAR));
        const [x, y] = drawn.at(-1);
        ways.append(svg("path", {class: `way ${kind}`, d: path(drawn, toX, toY)}),
                    svg("circle", {class: `head ${kind}`, cx: toX(x), cy: toY(y), r: 9}),
                    svg("text", {class: "letter", x: toX(x), y: toY(y) + 4.5}, letter));
      }
    }

    for (const input of [momentum, ...choices.flatMap(({rate, runs}) => [rate, runs])])
      input.addEventListener("change", reset);
    reset();
    new ResizeObserver(draw).observe(map);
  }

  const FIGURES = {"one-unit": oneUnit, race};
  for (const place of document.querySelectorAll("div.explorable"))
    FIGURES[place.dataset.name](place);
})();

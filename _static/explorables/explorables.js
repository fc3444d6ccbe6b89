"use strict";
// Two figures to play with, on the laboratory's own activations and optimizers (network.js).

(() => {
  const {node, svg, lines, frame, path, table} = laboratoryCharts;
  const {activations, optimizers} = laboratoryNetwork();
  const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let elements = 0;

  const control = (label, input) => {
    input.id = `explorable-${++elements}`;
    return node("div", {class: "control"}, node("label", {for: input.id}, label), input);
  };

  const menu = (values, chosen, say = value => value) => node("select", {}, ...values.map(value =>
    node("option", {value, selected: value === chosen}, say(value))));

  // ---- One unit that should put out 0, on two costs ------------------------------------------------

  const [sigmoid, slopeOf] = activations.sigmoid;
  const COSTS = {   // over z, with the wanted output 0: the cost and its slope, by the output a
    "squared error": {kind: "training", of: a => a * a / 2, slope: a => a * slopeOf(0, a)},
    // -ln(1 - a), from z, since an a that is rounded to 1 has no such logarithm
    "cross-entropy": {kind: "test", of: (a, z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
                      slope: a => a},
  };
  const LOW = -6, HIGH = 9, STEPS = 20;

  /** Return z before each of the next steps of a unit with w = b = z / 2, whose input is 1. */
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
    const plots = ["Output a and its slope over z", "Cost, and its next twenty steps", "Slope of the cost over z: what a step is proportional to",
                   "Output in the next twenty steps"].map(words =>
      node("figure", {}, node("figcaption", {}, words), node("div", {class: "plot"})));
    const numbers = node("div", {class: "scrolls", tabindex: 0, role: "region", "aria-label": "Numbers at the point"});
    place.replaceChildren(
      node("div", {class: "controls"}, control("Input z of the unit", slider), control("Learning rate", rate)),
      node("p", {class: "legend"}, node("span", {class: "key training"}, "squared error"),
           node("span", {class: "key test"}, "cross-entropy"), node("span", {class: "key plain"}, "output"),
           node("span", {class: "key faint"}, "slope of the output")),
      node("div", {class: "charts"}, ...plots), numbers);
    const [output, cost, slope, steps] = plots.map(figure => figure.lastChild);

    const grid = Array.from({length: 151}, (_, index) => LOW + index / 150 * (HIGH - LOW));
    const along = values => grid.map(z => [z, values(sigmoid(z), z)]);
    const x = {title: "input z", low: LOW, high: HIGH};

    function draw() {
      const z = Number(slider.value), a = sigmoid(z), learningRate = Number(rate.value);
      slider.setAttribute("aria-valuetext", `z ${z}, output ${a.toFixed(4)}`);
      const ways = Object.fromEntries(Object.entries(COSTS).map(([name, {slope}]) => [name, nextSteps(z, slope, learningRate)]));
      const at = (plot, value, kind, more = "") => plot.drawing.append(svg("circle", {
        class: `point ${kind} ${more}`, cx: plot.toX(value[0]), cy: plot.toY(value[1]), r: more ? 3 : 6}));
      const both = values => Object.entries(COSTS).map(([name, cost]) => ({kind: cost.kind, points: values(name, cost)}));

      const first = lines(output, {label: `The sigmoid: at z ${z} the output is ${a.toFixed(4)}, its slope ${slopeOf(z, a).toFixed(4)}.`,
        x, y: {title: "output, slope", low: 0, high: 1.05},
        lines: [{kind: "plain", points: along(a => a)}, {kind: "faint", points: along((a, z) => slopeOf(z, a))}]});
      at(first, [z, a], "plain");
      at(first, [z, slopeOf(z, a)], "faint");

      const high = 9.5;
      const second = lines(cost, {label: "The two costs over z. " + Object.entries(COSTS).map(([name, cost]) =>
        `${name} ${cost.of(a, z).toFixed(3)}`).join(", "), x, y: {title: "cost", low: 0, high},
        lines: both((_, cost) => along(cost.of))});
      for (const [name, {of, kind}] of Object.entries(COSTS)) {
        for (const later of ways[name].slice(1)) at(second, [later, of(sigmoid(later), later)], kind, "later");
        at(second, [z, of(a, z)], kind);
      }

      const third = lines(slope, {label: "The slope of the two costs over z. " + Object.entries(COSTS).map(([name, cost]) =>
        `${name} ${cost.slope(a).toFixed(4)}`).join(", "), x, y: {title: "slope of the cost", low: 0, high: 1.05},
        lines: both((_, cost) => along(a => cost.slope(a)))});
      for (const {slope, kind} of Object.values(COSTS)) at(third, [z, slope(a)], kind);

      const last = name => sigmoid(ways[name].at(-1));
      lines(steps, {label: "The output in the next twenty steps. " + Object.keys(COSTS).map(name =>
        `${name}: from ${a.toFixed(3)} to ${last(name).toFixed(3)}`).join(", "),
        x: {title: "step", low: 0, high: STEPS}, y: {title: "output a (wanted: 0)", low: 0, high: 1.05},
        lines: both(name => ways[name].map((z, step) => [step, sigmoid(z)]))});

      numbers.replaceChildren(table(`At z = ${z}: output ${a.toFixed(4)}, slope of the output ${slopeOf(z, a).toFixed(4)}`,
        ["trained on", "cost", "slope of the cost", "output after 20 steps"],
        Object.entries(COSTS).map(([name, {of, slope}]) =>
          [name, of(a, z).toFixed(4), slope(a).toFixed(4), last(name).toFixed(4)])));
    }

    // the point follows a finger or a mouse in each of the three charts over z
    for (const plot of [output, cost, slope]) {
      plot.classList.add("movable");
      const move = event => {
        const box = plot.getBoundingClientRect(), left = 54, right = 10;   // the margins of charts.js
        const share = (event.clientX - box.left - left) / (box.width - left - right);
        slider.value = LOW + Math.min(1, Math.max(0, share)) * (HIGH - LOW);
        draw();
      };
      plot.addEventListener("pointerdown", event => {
        plot.setPointerCapture(event.pointerId);
        move(event);
      });
      plot.addEventListener("pointermove", event => { if (event.buttons) move(event) });
    }
    for (const input of [slider, rate]) input.addEventListener("input", draw);
    new ResizeObserver(draw).observe(plots[0]);
  }

  // ---- Optimizers in one valley ---------------------------------------------------------------------

  const START = [-1.2, 1], GOAL = 1e-4, LIMIT = 20000, FAR = 1e3;   // as in the lesson
  const valley = (first, second) => (1 - first) ** 2 + 100 * (second - first ** 2) ** 2;
  const slopes = ([first, second]) => [-2 * (1 - first) - 400 * first * (second - first ** 2),
                                       200 * (second - first ** 2)];
  const RATES = ["0.0001", "0.0003", "0.0005", "0.001", "0.002", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3"];
  const RACERS = {   // each at the best of the rates that the lesson tries
    sgd: {name: "gradient descent", letter: "G", rate: "0.002"},
    momentum: {name: "momentum", letter: "M", rate: "0.003"},
    nesterov: {name: "Nesterov", letter: "N", rate: "0.001"},
    rmsprop: {name: "RMSprop", letter: "R", rate: "0.0005"},
    adam: {name: "Adam", letter: "A", rate: "1"},
  };

  class Racer {
    constructor(optimizer, learningRate, momentum) {
      const zeros = () => new Float64Array(2);
      Object.assign(this, {optimizer, settings: {learningRate, momentum}, steps: 0, points: [START],
                           parameter: {value: Float64Array.from(START), gradient: zeros(), velocity: zeros(), square: zeros()}});
    }

    get cost() { return valley(...this.points.at(-1)); }
    get there() { return this.cost < GOAL; }
    get diverged() { return !this.points.at(-1).every(value => Math.abs(value) <= FAR); }
    get done() { return this.there || this.diverged || this.steps >= LIMIT; }

    step() {
      const {value, gradient} = this.parameter;
      gradient.set(slopes(value));
      optimizers[this.optimizer](this.parameter, this.settings, ++this.steps);
      this.points.push([...value]);
    }

    get state() {
      return this.there ? "at the goal" : this.diverged ? "diverged"
        : this.done ? "gave up" : this.steps ? "on its way" : "at the start";
    }
  }

  function race(place) {
    const choices = Object.fromEntries(Object.entries(RACERS).map(([optimizer, {rate}]) =>
      [optimizer, {runs: node("input", {type: "checkbox", checked: true}), rate: menu(RATES, rate)}]));
    const momentum = menu(["0", "0.5", "0.8", "0.9", "0.95", "0.99"], "0.9");
    const speed = menu(["1", "10", "100"], "10", value => `${value} a frame`);
    const map = node("div", {class: "plot"});
    const numbers = node("div", {class: "scrolls", tabindex: 0, role: "region", "aria-label": "The race in numbers"});
    const status = node("p", {class: "said", role: "status"});
    const button = (words, action) => {
      const made = node("button", {type: "button"}, words);
      made.addEventListener("click", action);
      return made;
    };
    const start = button("Start", () => running ? pause() : go());
    start.classList.add("main");
    let racers, running = false;

    place.replaceChildren(
      node("div", {class: "controls"}, ...Object.entries(RACERS).map(([optimizer, {name, letter}]) => {
        const {runs, rate} = choices[optimizer];
        const box = control(`${letter}: ${name}, rate`, rate);
        runs.setAttribute("aria-label", `${name} takes part`);
        box.classList.add("racer", optimizer);
        box.prepend(runs);
        return box;
      }), control("Momentum of M and N", momentum), control("Speed, in steps", speed)),
      node("div", {class: "actions"}, start, button("One step", () => { pause(); advance(1); draw(); }), button("Reset", reset)),
      status,
      node("figure", {}, node("figcaption", {}, "The valley from above, shaded where the cost is low; the star is its lowest point"), map),
      numbers);

    function reset() {
      pause();
      racers = Object.keys(RACERS).filter(optimizer => choices[optimizer].runs.checked).map(optimizer =>
        new Racer(optimizer, Number(choices[optimizer].rate.value), Number(momentum.value)));
      draw();
    }

    function pause() {
      running = false;
      start.textContent = racers?.some(racer => racer.steps) ? "Go on" : "Start";
    }

    function advance(steps) {
      for (const racer of racers)
        for (let step = 0; step < steps && !racer.done; step++) racer.step();
    }

    function go() {
      if (racers.every(racer => racer.done)) reset();
      running = true;
      start.textContent = "Pause";
      if (CALM) {   // nothing moves: all is there at once
        advance(LIMIT);
        finish();
      } else requestAnimationFrame(next);
    }

    function next() {
      if (!running) return;
      advance(Number(speed.value));
      if (racers.every(racer => racer.done)) finish();
      else {
        draw();
        requestAnimationFrame(next);
      }
    }

    function finish() {
      pause();
      start.textContent = "Start again";
      draw();
      status.textContent = racers.map(({optimizer, state, steps}) =>
        `${RACERS[optimizer].name}: ${state} after ${steps.toLocaleString("en-US")} steps.`).join(" ");
    }

    const W1 = {title: "parameter w₁", low: -1.7, high: 1.5}, W2 = {title: "parameter w₂", low: -0.7, high: 2.2};
    let ground;   // the drawn valley, kept while nothing but the paths changes

    function drawGround() {
      const {drawing, toX, toY, left, right, top, bottom} = frame(map, {label: "", x: W1, y: W2,
        height: Math.round(Math.min(430, map.clientWidth * 0.85))});
      const size = 2, bands = 12, shades = svg("g", {class: "ground"});
      const levels = Array.from({length: bands}, () => "");
      const depth = value => Math.floor((Math.log10(value + 1e-3) + 3) / 6.5 * bands);   // 0 is the lowest
      for (let y = top; y < bottom; y += size) {
        let from = left, band;
        for (let x = left; x <= right; x += size) {
          const here = x >= right ? undefined : Math.min(bands - 1, depth(valley(
            W1.low + (x - left) / (right - left) * (W1.high - W1.low),
            W2.high - (y + 1 - top) / (bottom - top) * (W2.high - W2.low))));
          if (here !== band && band !== undefined) levels[band] += `M${from.toFixed(0)} ${y}h${(x - from).toFixed(0)}v${size}H${from.toFixed(0)}Z`;
          if (here !== band) [from, band] = [x, here];
        }
        if (band !== undefined) levels[band] += `M${from.toFixed(0)} ${y}H${right}v${size}H${from.toFixed(0)}Z`;
      }
      levels.forEach((d, band) => { if (d) shades.append(svg("path", {d, opacity: 0.75 * (1 - band / bands)})) });
      drawing.prepend(shades);
      const clip = `clip-race-${++elements}`;
      drawing.append(svg("clipPath", {id: clip}, svg("rect", {x: left, y: top, width: right - left, height: bottom - top})),
        svg("text", {class: "star", x: toX(1), y: toY(1) + 7}, "★"));
      const paths = svg("g", {"clip-path": `url(#${clip})`});
      drawing.append(paths);
      ground = {drawing, paths, toX, toY, width: map.clientWidth};
    }

    function draw() {
      if (!map.clientWidth) return;   // the page is not laid out yet
      if (ground?.width !== map.clientWidth) drawGround();
      const {drawing, paths, toX, toY} = ground;
      paths.replaceChildren(...racers.flatMap(({optimizer, points}) => {
        const [x, y] = points.at(-1), some = Math.max(1, Math.floor(points.length / 3000));
        const d = path(points.filter((_, index) => index < 500 || index % some === 0 || index === points.length - 1)
          .map(([x, y]) => [Math.min(9, Math.max(-9, x)), Math.min(9, Math.max(-9, y))]), toX, toY);
        return [svg("path", {class: `way ${optimizer}`, d}),
                ...Math.abs(x) < 9 && Math.abs(y) < 9 ? [svg("circle", {class: `head ${optimizer}`, cx: toX(x), cy: toY(y), r: 9}),
                svg("text", {class: "letter", x: toX(x), y: toY(y) + 4.5}, RACERS[optimizer].letter)] : []];
      }));
      const rows = racers.map(({optimizer, settings, steps, cost, state}) => [RACERS[optimizer].name, String(settings.learningRate),
        steps.toLocaleString("en-US"), Number.isFinite(cost) ? cost.toPrecision(3) : "∞", state]);
      drawing.setAttribute("aria-label", `A curved valley and the ways of the optimizers in it. ${rows.map(
        ([name, , steps, cost, state]) => `${name}: ${steps} steps, cost ${cost}, ${state}.`).join(" ")}`);
      numbers.replaceChildren(table(`The goal is a cost below ${GOAL}`, ["method", "rate", "steps", "cost", "state"], rows));
    }

    for (const {runs, rate} of Object.values(choices)) for (const input of [runs, rate]) input.addEventListener("change", reset);
    momentum.addEventListener("change", reset);
    racers = [];
    reset();
    new ResizeObserver(draw).observe(map);
  }

  const FIGURES = {"one-unit": oneUnit, race};
  for (const place of document.querySelectorAll("div.explorable")) FIGURES[place.dataset.name](place);
})();

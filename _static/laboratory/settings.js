"use strict";
// What can be chosen in the laboratory. A choice is one word or number for each control, as the
// menus and the address have it; `settingsOf` says it to the network.

const laboratorySettings = (() => {
  const engine = laboratoryNetwork();
  const SEED = 6;   // that of code/seeds.py

  // how a choice of the start is said to the network: its name, and the factor of its first layer
  const STARTS = {large: ["glorot_uniform", 10], small: ["glorot_uniform", 0.1]};

  /** Return the network's settings for these choices, or throw an Error that says what is wrong. */
  function settingsOf({seed, hidden, start, ...others}) {
    const settings = Object.fromEntries(Object.entries(others).map(([name, value]) =>
      [name, typeof engine.defaults[name] === "number" ? Number(value) : value]));
    const [from, startFactor] = STARTS[start] ?? [start, 1];
    if (!(Number.isInteger(Number(seed)) && seed >= 0))
      throw new Error(`The seed is a whole number of at least 0, not ${seed}.`);
    if (settings.trainingImages > 500) throw new Error("There are 500 training images.");
    return engine.complete({...settings, hidden: [Number(hidden)], start: from, startFactor});
  }

  /** Return the choices that make these settings, with the seed of the lessons. */
  function choicesOf(settings) {
    const {hidden, shuffle, startFactor, ...others} = engine.complete(settings);
    return Object.fromEntries(Object.entries({...others, hidden: hidden[0], seed: SEED})
      .map(([name, value]) => [name, String(value)]));
  }

  const PRESETS = Object.fromEntries(Object.entries(engine.lecture).map(([name, settings]) =>
    [name, choicesOf(settings)]));
  const ABOUT = {model1: "plain", model3: "L2", model4: "dropout", model5: "tanh, softmax",
                 model6: "batch normalization"};

  const rate = value => value === "0" ? "none" : value;
  const CONTROLS = {   // in their order; what is on the left of a colon is in the address
    hidden: {group: "Network", label: "Hidden units", few: [1, 2, 5, 10, 20, 30, 50, 100, 200, 300]},
    activation: {group: "Network", label: "Activation", few: engine.choices.activation,
                 words: {relu: "ReLU", leaky_relu: "leaky ReLU", selu: "SELU"}},
    output: {group: "Network", label: "Output", few: engine.choices.output},
    batchNormalization: {group: "Network", label: "Batch normalization",
                         few: engine.choices.batchNormalization,
                         words: {before: "before activation", after: "after activation"}},
    start: {group: "Network", label: "Start",
            few: ["glorot_uniform", "he_normal", "lecun_normal", "zeros", "large", "small"],
            words: {glorot_uniform: "Glorot", he_normal: "He", lecun_normal: "LeCun",
                    large: "large (10 × Glorot)", small: "small (Glorot / 10)"}},
    cost: {group: "Cost and remedies", label: "Cost", few: engine.choices.cost,
           words: {mean_squared_error: "squared error", cross_entropy: "cross-entropy"}},
    l2: {group: "Cost and remedies", label: "L2 penalty",
         few: [0, 0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1], say: rate},
    l1: {group: "Cost and remedies", label: "L1 penalty",
         few: [0, 0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.01], say: rate},
    dropoutUnits: {group: "Cost and remedies", label: "Dropout on units",
                   few: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8], say: rate},
    dropoutPixels: {group: "Cost and remedies", label: "Dropout on pixels",
                    few: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8], say: rate},
    optimizer: {group: "Training", label: "Optimizer", few: engine.choices.optimizer,
                words: {sgd: "SGD", nesterov: "Nesterov", rmsprop: "RMSprop", adam: "Adam"}},
    learningRate: {group: "Training", label: "Learning rate",
                   few: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10]},
    momentum: {group: "Training", label: "Momentum", few: [0.5, 0.8, 0.9, 0.95, 0.99]},
    batchSize: {group: "Training", label: "Images in a batch", few: [1, 2, 5, 10, 20, 50, 100, 250, 500]},
    epochs: {group: "Training", label: "Epochs", few: [10, 30, 100, 300, 1000, 2000]},
    pixels: {group: "Images and seed", label: "Pixels", few: engine.choices.pixels,
             words: {raw: "raw, 0 to 255", scaled: "scaled, 0 to 1"}},
    trainingImages: {group: "Images and seed", label: "Training images",
                     few: [10, 20, 50, 100, 200, 300, 400, 500]},
    seed: {group: "Images and seed", label: "Seed", number: true},
  };

  /** Return a choice as the menus say it. */
  function say(name, value) {
    const {words = {}, say = value => value} = CONTROLS[name];
    return words[value] ?? say(value);
  }

  /** Return in words what these choices change in a preset, for some of the controls. */
  const changesIn = (preset, choices, names) => names
    .filter(name => choices[name] !== PRESETS[preset][name])
    .map(name => `${CONTROLS[name].label.replace(/^[A-Z](?=[a-z])/, letter => letter.toLowerCase())} `
      + say(name, choices[name])).join(", ");

  function fullName(preset, choices) {
    const changes = changesIn(preset, choices, Object.keys(CONTROLS));
    return changes ? `${preset} with ${changes}` : preset;
  }

  /** Return what the address says after its #: a preset, what differs from it, and the comparison. */
  function toAddress({preset, choices, against}) {
    const parts = new URLSearchParams({preset});
    for (const name of Object.keys(CONTROLS))
      if (choices[name] !== PRESETS[preset][name]) parts.set(name, choices[name]);
    if (against !== "last") parts.set("against", against);
    return `#${parts}`;
  }

  /** Return what such an address says, or throw an Error that says what is wrong with it. */
  function fromAddress(words) {
    const {preset = "model1", against = "last", ...changes} = Object.fromEntries(
      new URLSearchParams(words.replace(/^#/, "")));
    if (!(preset in PRESETS)) throw new Error(`There is no network called ${preset}.`);
    if (!["last", "nothing", ...Object.keys(PRESETS)].includes(against))
      throw new Error(`There is nothing called ${against} to compare with.`);
    for (const name of Object.keys(changes))
      if (!(name in CONTROLS)) throw new Error(`There is no setting called ${name}.`);
    const choices = {...PRESETS[preset], ...changes};
    settingsOf(choices);
    return {preset, against, choices};
  }

  return {CONTROLS, PRESETS, ABOUT, settingsOf, say, changesIn, fullName, toAddress, fromAddress};
})();

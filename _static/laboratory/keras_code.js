"use strict";

/** Return, as Python, what the laboratory does with these settings: a network of the lecture where
 * it is one of them, or else one put together from the lines of its files.
 *
 * sources: the text of each file of code/, by its name ("model1", ...).
 */
function laboratoryCode(settings, seed, sources) {
  const {activation, output, l1, l2, dropoutPixels, dropoutUnits, batchNormalization} = settings;
  const units = settings.hidden[0];

  /** Return a call in lines of at most 79 characters. */
  function call(name, ...given) {
    const whole = `${name}(${given.join(", ")})`;
    if (whole.length <= 79) return whole;
    const indent = " ".repeat(name.length + 1);
    const lines = [given[0]];
    for (const argument of given.slice(1))
      if (indent.length + lines.at(-1).length + argument.length + 4 > 79) lines.push(argument);
      else lines.push(`${lines.pop()}, ${argument}`);
    return `${name}(${lines.join(`,\n${indent}`)})`;
  }

  /** Return the call of a file of the lecture that makes this network, if there is one. */
  function ofTheLecture() {
    const plain = !l1 && !dropoutPixels && settings.start === "glorot_uniform"
      && settings.startFactor === 1;
    const parts = `${activation} ${output} ${batchNormalization}`;
    if (!plain) return null;
    if (parts === "sigmoid sigmoid none") {
      if (l2 && dropoutUnits) return null;
      if (l2) return ["model3", `lam=${l2}`];
      return dropoutUnits ? ["model4", `d_rate=${dropoutUnits}`] : ["model1"];
    }
    if (l2 || dropoutUnits) return null;
    return {"tanh softmax none": ["model5"], "tanh softmax after": ["model6"]}[parts] ?? null;
  }

  /** Return the statement of a file that makes the layer of this name. */
  const layer = (file, name) => sources[file].match(
    new RegExp(`^ *(layers\\.\\w+\\([^\\n]*name="${name}"(?:[^()]|\\([^()]*\\))*\\)),$`, "m"))[1];

  /** Return the statement of a dense layer with what these settings change in it. */
  function dense(name, function_, factor) {
    const more = [];
    if (factor !== 1)   // Glorot's, the variance multiplied
      more.push(`kernel_initializer=keras.initializers.VarianceScaling(\n    `
                + `${Number((factor ** 2).toPrecision(12))}, "fan_avg", "uniform")`);
    else if (settings.start !== "glorot_uniform")
      more.push(`kernel_initializer="${settings.start}"`);
    if (l1 && l2) more.push(`kernel_regularizer=regularizers.L1L2(${l1}, ${l2})`);
    else if (l1 || l2) more.push(`kernel_regularizer=regularizers.${l1 ? "L1" : "L2"}(${l1 || l2})`);
    const line = layer("model1", name).replace("numnodes", units)
      .replace(/, activation="\w+"/, function_ ? `, activation="${function_}"` : "");
    return [line.slice(0, -1), ...more].join(",\n             ") + ")";
  }

  function ownNetwork() {
    const normalize = layer("model6", "batch_normalization");
    const drop = rate => layer("model4", "dropout").replace("d_rate", rate);
    return [
      sources.model1.match(/keras\.Input\(.*\)(?=,$)/m)[0],
      dropoutPixels ? drop(dropoutPixels).replace('"dropout"', '"dropout_pixels"') : null,
      dense("hidden", batchNormalization === "before" ? null : activation, settings.startFactor),
      batchNormalization === "none" ? null : normalize,
      batchNormalization === "before" ? `layers.Activation("${activation}")` : null,
      dropoutUnits ? drop(dropoutUnits) : null,
      dense("output", output, 1),
    ].filter(line => line).map(line => `    ${line.replaceAll("\n", "\n    ")},`);
  }

  const file = ofTheLecture();
  const own = !file;
  const scale = settings.pixels === "scaled" ? " / 255" : "";
  const some = settings.trainingImages < 500 ? `[:${settings.trainingImages}]` : "";
  const images = [`x_500${some}${scale}`, `y_500${some}`];
  const loss = settings.cost === "mean_squared_error" ? settings.cost
    : output === "softmax" ? "categorical_crossentropy" : "binary_crossentropy";
  const optimizer = {
    sgd: `SGD(${settings.learningRate})`,
    momentum: `SGD(${settings.learningRate}, momentum=${settings.momentum})`,
    nesterov: `SGD(${settings.learningRate}, momentum=${settings.momentum}, nesterov=True)`,
    rmsprop: `RMSprop(${settings.learningRate})`,
    adam: `Adam(${settings.learningRate})`,
  }[settings.optimizer];
  const ours = settings.optimizer === "sgd";
  const changed = (name, value, standard) => value === standard ? [] : [`${name}=${value}`];

  return [
    'import sys; sys.path.insert(0, "../code")',
    "",
    "import lecture",
    ...file ? [`import ${file[0]}`] : [],
    ...ours ? [] : ["import training"],
    "",
    "import keras",
    ...own ? [`from keras import layers${l1 || l2 ? ", regularizers" : ""}`] : [],
    "",
    "(x_500, y_500), _, (x_test, y_test) = lecture.load_data()",
    "",
    `keras.utils.set_random_seed(${seed})`,
    ...file ? [`model = ${call(`${file[0]}.get_model`, units, ...file.slice(1))}`]
      : ["model = keras.Sequential([", ...ownNetwork(), "])"],
    ...ours ? [call("lecture.train", "model", ...images,
                    ...changed("learning_rate", settings.learningRate, 0.01),
                    ...changed("loss", `"${loss}"`, '"mean_squared_error"'),
                    ...changed("epochs", settings.epochs, 1000),
                    ...changed("batch_size", settings.batchSize, 5))]
      : [call("model.compile", `optimizer=keras.optimizers.${optimizer}`, `loss="${loss}"`,
              'metrics=["accuracy"]'),
         call("training.fit", "model", ...images, `batch_size=${settings.batchSize}`,
              `epochs=${settings.epochs}`)],
    `print(lecture.accuracy(model, x_test${scale}, y_test))`,
    ...file ? ["", `# code/${file[0]}.py`, "", sources[file[0]].trim()] : [],
  ].join("\n");
}

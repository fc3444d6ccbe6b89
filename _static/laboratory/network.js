// The laboratory's network: Keras's arithmetic in plain JavaScript, without the page.
//
// It is one function that needs nothing from outside, because its text is also the program of the
// worker that trains (training.js). It reads from top to bottom as the lessons do: settings, random
// starts, layers, costs, optimizers, and the network that puts them together.
//
// Arrays are Float32Array, as Keras's are; a batch of n vectors lies in one array, one after the
// other. Every layer has forward(x, n, training), which returns its outputs for n vectors, and
// backward(gradient, n), which takes the cost's gradient over these outputs, keeps the gradients of
// its own parameters and returns the gradient over x.

function laboratoryNetwork() {
  "use strict";
  const PIXELS = 784, CLASSES = 10;

  // ---- Settings ---------------------------------------------------------------------------------

  const defaults = {   // the lecture's first network, model1
    pixels: "raw", hidden: [30], activation: "sigmoid", output: "sigmoid", cost: "mean_squared_error",
    optimizer: "sgd", learningRate: 0.01, momentum: 0.9, l1: 0, l2: 0, dropoutPixels: 0, dropoutUnits: 0,
    batchNormalization: "none", start: "glorot_uniform", startFactor: 1,
    batchSize: 5, epochs: 1000, shuffle: true, trainingImages: 500,
  };

  const improved = {activation: "tanh", output: "softmax", cost: "cross_entropy", optimizer: "adam",
                    learningRate: 0.001, batchSize: 100, epochs: 100};
  const lecture = {   // what its networks change
    model1: {},
    model3: {l2: 0.001},
    model4: {dropoutUnits: 0.2},
    model5: improved,
    model6: {...improved, batchNormalization: "after"},
  };

  /** Return the settings with the defaults filled in, or throw an Error that says what is wrong. */
  function complete(settings) {
    const all = {...defaults, ...settings};
    const need = (condition, reason) => { if (!condition) throw new Error(reason); };
    const from0 = number => Number.isFinite(number) && number >= 0;
    for (const name of Object.keys(all)) need(name in defaults, `There is no setting called ${name}.`);
    for (const [name, names] of Object.entries(choices))
      need(names.includes(all[name]), `${name} is one of ${names.join(", ")}, not ${all[name]}.`);
    for (const name of ["l1", "l2", "learningRate", "momentum", "startFactor"])
      need(from0(all[name]), `${name} is a number of at least 0, not ${all[name]}.`);
    for (const name of ["dropoutPixels", "dropoutUnits"])
      need(from0(all[name]) && all[name] < 1, `${name} is a probability below 1, not ${all[name]}.`);
    need(Array.isArray(all.hidden), "hidden is a list: the units of each hidden layer.");
    const sizes = {batchSize: all.batchSize, epochs: all.epochs, trainingImages: all.trainingImages};
    all.hidden.forEach((units, l) => { sizes[`hidden layer ${l + 1}`] = units; });
    for (const [name, size] of Object.entries(sizes))
      need(Number.isInteger(size) && size > 0, `${name} is a whole number of at least 1, not ${size}.`);
    return all;
  }

  /** Return images {pixels, labels} as the network takes them: the first `count`, raw or scaled. */
  function prepare({pixels, labels}, settings, count = labels.length) {
    const scale = settings.pixels === "scaled" ? 255 : 1;
    count = Math.min(count, labels.length);
    return {x: Float32Array.from(pixels.subarray(0, count * PIXELS), pixel => pixel / scale),
            labels: labels.subarray(0, count), n: count};
  }

  // ---- Random numbers ---------------------------------------------------------------------------

  /** Return a function that draws from [0, 1): Chris Doty-Humphrey's sfc32, which passes the usual
   *  tests. The streams of a seed are independent, so networks that differ in a setting alone still
   *  share their start and the order of their images. */
  function randomNumbers(seed, stream) {
    let a = seed | 0, b = stream | 0, c = 0x9e3779b9 | 0, counter = 1;
    const draw = () => {
      const sum = (a + b | 0) + counter | 0;
      counter = counter + 1 | 0;
      a = b ^ b >>> 9;
      b = c + (c << 3) | 0;
      c = (c << 21 | c >>> 11) + sum | 0;
      return (sum >>> 0) / 4294967296;
    };
    for (let k = 0; k < 20; k++) draw();   // until every bit depends on the seed
    return draw;
  }

  const normal = random =>   // Box and Muller's way from uniform numbers to normal ones
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  function truncatedNormal(random) {   // one beyond two standard deviations is drawn again
    for (;;) {
      const z = normal(random);
      if (Math.abs(z) <= 2) return z;
    }
  }

  const variances = {
    glorot: (inputs, units) => 2 / (inputs + units),
    he: inputs => 2 / inputs,
    lecun: inputs => 1 / inputs,
  };

  function startingKernel(start, factor, inputs, units, random) {
    const kernel = new Float32Array(inputs * units);
    if (start === "zeros") return kernel;
    const [name, distribution] = start.split("_");
    const deviation = factor * Math.sqrt(variances[name](inputs, units));
    return kernel.map(distribution === "uniform"
      ? () => deviation * Math.sqrt(3) * (2 * random() - 1)
      : () => deviation * truncatedNormal(random) / 0.87962566103423978);   // what cutting leaves of 1
  }

  // ---- Layers -----------------------------------------------------------------------------------

  /** A parameter array with its gradient and what an optimizer remembers about it. */
  function parameter(value, penalized = false) {
    const zeros = () => new Float32Array(value.length);
    return {value, penalized, gradient: zeros(), velocity: zeros(), square: zeros()};
  }

  class Dense {
    constructor(inputs, units, kernel, batchSize, isFirst) {
      Object.assign(this, {inputs, units, isFirst});
      this.kernel = parameter(kernel, true);   // of input i and unit j at [i * units + j], as in Keras
      this.bias = parameter(new Float32Array(units));
      this.parameters = [this.kernel, this.bias];
      this.sums = new Float64Array(units);
      this.out = new Float32Array(batchSize * units);
      this.gradient = new Float32Array(isFirst ? 0 : batchSize * inputs);
    }

    // Four of five pixels are 0, and so are dropped units: to skip them makes a step four times as
    // fast. The inner loops run along rows of the kernel, which lie together in memory.
    forward(x, n) {
      const {inputs, units, sums, out} = this, kernel = this.kernel.value;
      this.x = x;
      for (let b = 0; b < n; b++) {
        sums.set(this.bias.value);
        for (let i = 0; i < inputs; i++) {
          const xi = x[b * inputs + i];
          if (xi === 0) continue;
          for (let j = 0, k = i * units; j < units; j++, k++) sums[j] += xi * kernel[k];
        }
        out.set(sums, b * units);
      }
      return out;
    }

    backward(gradient, n) {
      const {x, inputs, units} = this;
      const ofKernel = this.kernel.gradient.fill(0), ofBias = this.bias.gradient.fill(0);
      for (let b = 0; b < n; b++) {
        for (let j = 0; j < units; j++) ofBias[j] += gradient[b * units + j];
        for (let i = 0; i < inputs; i++) {
          const xi = x[b * inputs + i];
          if (xi === 0) continue;
          for (let j = b * units, k = i * units; j < (b + 1) * units; j++, k++)
            ofKernel[k] += xi * gradient[j];
        }
      }
      return this.isFirst ? null : this.backwardToInputs(gradient, n);   // nobody asks for the pixels'
    }

    backwardToInputs(gradient, n) {
      const {inputs, units} = this, kernel = this.kernel.value;
      for (let b = 0; b < n; b++)
        for (let i = 0; i < inputs; i++) {
          let sum = 0;
          for (let j = b * units, k = i * units; j < (b + 1) * units; j++, k++)
            sum += gradient[j] * kernel[k];
          this.gradient[b * inputs + i] = sum;
        }
      return this.gradient;
    }
  }

  const sigmoid = z => 1 / (1 + Math.exp(-z));
  const softplus = z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));   // never overflows
  const SELU = {lambda: 1.0507009873554805, alpha: 1.6732632423543772};

  // name: the function of z, and its slope, by z or by the output h
  const activations = {
    sigmoid: [sigmoid, (z, h) => h * (1 - h)],
    tanh: [Math.tanh, (z, h) => 1 - h * h],
    relu: [z => z > 0 ? z : 0, z => z > 0 ? 1 : 0],
    leaky_relu: [z => z > 0 ? z : 0.2 * z, z => z > 0 ? 1 : 0.2],
    softplus: [softplus, sigmoid],
    selu: [z => SELU.lambda * (z > 0 ? z : SELU.alpha * Math.expm1(z)),
           z => SELU.lambda * (z > 0 ? 1 : SELU.alpha * Math.exp(z))],
    linear: [z => z, () => 1],
  };

  class Activation {
    constructor(name, units, batchSize) {
      [this.function, this.slope] = activations[name];
      this.units = units;
      this.parameters = [];
      this.out = new Float32Array(batchSize * units);
      this.gradient = new Float32Array(batchSize * units);
    }

    forward(z, n) {
      this.z = z;
      for (let k = 0; k < n * this.units; k++) this.out[k] = this.function(z[k]);
      return this.out;
    }

    backward(gradient, n) {
      for (let k = 0; k < n * this.units; k++)
        this.gradient[k] = gradient[k] * this.slope(this.z[k], this.out[k]);
      return this.gradient;
    }
  }

  class BatchNormalization {
    constructor(units, batchSize) {
      this.units = units;
      this.gamma = parameter(new Float32Array(units).fill(1));
      this.beta = parameter(new Float32Array(units));
      this.parameters = [this.gamma, this.beta];
      this.movingMean = new Float32Array(units);
      this.movingVariance = new Float32Array(units).fill(1);
      this.deviation = new Float32Array(units);
      this.standardized = new Float32Array(batchSize * units);
      this.out = new Float32Array(batchSize * units);
      this.gradient = new Float32Array(batchSize * units);
    }

    forward(x, n, training) {
      const {units, movingMean, movingVariance, standardized} = this;
      for (let j = 0; j < units; j++) {
        let mean = movingMean[j], variance = movingVariance[j];
        if (training) {
          mean = variance = 0;
          for (let k = j; k < n * units; k += units) mean += x[k] / n;
          for (let k = j; k < n * units; k += units) variance += (x[k] - mean) ** 2 / n;   // n, not n - 1
          movingMean[j] = 0.99 * movingMean[j] + 0.01 * mean;
          movingVariance[j] = 0.99 * movingVariance[j] + 0.01 * variance;
        }
        this.deviation[j] = Math.sqrt(variance + 0.001);
        for (let k = j; k < n * units; k += units) {
          standardized[k] = (x[k] - mean) / this.deviation[j];
          this.out[k] = this.gamma.value[j] * standardized[k] + this.beta.value[j];
        }
      }
      return this.out;
    }

    // Mean and deviation depend on all images of the batch: so what is in the gradient's mean, or
    // along the standardized outputs, does not change them, and is taken out.
    backward(gradient, n) {
      const {units, standardized} = this;
      for (let j = 0; j < units; j++) {
        let sum = 0, along = 0;
        for (let k = j; k < n * units; k += units) {
          sum += gradient[k];
          along += gradient[k] * standardized[k];
        }
        this.beta.gradient[j] = sum;
        this.gamma.gradient[j] = along;
        const scale = this.gamma.value[j] / this.deviation[j];
        for (let k = j; k < n * units; k += units)
          this.gradient[k] = scale * (gradient[k] - sum / n - standardized[k] * along / n);
      }
      return this.gradient;
    }
  }

  class Dropout {
    constructor(rate, units, batchSize, random) {
      Object.assign(this, {rate, units, random, parameters: []});
      this.mask = new Float32Array(batchSize * units);
      this.out = new Float32Array(batchSize * units);
    }

    draw(count) {   // those that stay are made larger: then the mean stays as it was
      for (let k = 0; k < count; k++) this.mask[k] = this.random() < this.rate ? 0 : 1 / (1 - this.rate);
    }

    forward(x, n, training) {
      if (!training) return x;
      this.draw(n * this.units);
      for (let k = 0; k < n * this.units; k++) this.out[k] = x[k] * this.mask[k];
      return this.out;
    }

    backward(gradient, n) {
      for (let k = 0; k < n * this.units; k++) gradient[k] *= this.mask[k];
      return gradient;
    }
  }

  // ---- Outputs and costs ------------------------------------------------------------------------

  const ofImage = (array, b) => array.subarray(b * CLASSES, (b + 1) * CLASSES);

  /** Put softmax of the scores z into a; return the logarithm of the sum of exp(z). */
  function softmax(z, a) {
    const largest = Math.max(...z);   // taken off, or exp would overflow
    let sum = 0;
    for (let j = 0; j < CLASSES; j++) sum += a[j] = Math.exp(z[j] - largest);
    for (let j = 0; j < CLASSES; j++) a[j] /= sum;
    return largest + Math.log(sum);
  }

  /** The ten outputs and their cost. They belong together: with the cross-entropy the gradient over z
   *  is a - y, which a product of two slopes would lose to rounding where an output is near 0 or 1. */
  class Output {
    constructor(activation, cost, batchSize) {
      this.isSoftmax = activation === "softmax";
      this.isSquared = cost === "mean_squared_error";
      this.out = new Float32Array(batchSize * CLASSES);
      this.gradient = new Float32Array(batchSize * CLASSES);
    }

    forward(z, n) {
      this.z = z;
      if (this.isSoftmax) for (let b = 0; b < n; b++) softmax(ofImage(z, b), ofImage(this.out, b));
      else for (let k = 0; k < n * CLASSES; k++) this.out[k] = sigmoid(z[k]);
      return this.out;
    }

    /** Return the summed cost of n images and how many of them are right. */
    judge(labels, n) {
      let cost = 0, right = 0;
      for (let b = 0; b < n; b++) {
        const label = labels[b], z = ofImage(this.z, b), a = ofImage(this.out, b);
        // the cross-entropies come from z: of an output that is rounded to 1 there is no log(1 - a)
        if (!this.isSquared && this.isSoftmax) cost += softmax(z, a) - z[label];
        else for (let j = 0; j < CLASSES; j++)
          cost += (this.isSquared ? (a[j] - (j === label)) ** 2
                                  : softplus(j === label ? -z[j] : z[j])) / CLASSES;
        right += a.indexOf(Math.max(...a)) === label;
      }
      return {cost, right};
    }

    /** Return the gradient over z of the mean cost of n images. */
    backward(labels, n) {
      for (let b = 0; b < n; b++) {
        const a = ofImage(this.out, b), gradient = ofImage(this.gradient, b);
        for (let j = 0; j < CLASSES; j++) gradient[j] = a[j] - (j === labels[b]);
        if (this.isSquared) this.throughOutputs(a, gradient);
        // the categorical cross-entropy is a sum over the outputs, the other costs are means
        const terms = this.isSquared || !this.isSoftmax ? n * CLASSES : n;
        for (let j = 0; j < CLASSES; j++) gradient[j] /= terms;
      }
      return this.gradient;
    }

    /** Turn a - y, half the gradient over the outputs of a squared error, into that over z. */
    throughOutputs(a, gradient) {
      let mean = 0;   // of a softmax's gradient: all outputs cannot grow together, so it has no effect
      if (this.isSoftmax) for (let j = 0; j < CLASSES; j++) mean += a[j] * gradient[j];
      for (let j = 0; j < CLASSES; j++)
        gradient[j] = 2 * a[j] * (this.isSoftmax ? gradient[j] - mean : gradient[j] * (1 - a[j]));
    }
  }

  // ---- Optimizers: each moves one parameter array in step t = 1, 2, ... ---------------------------

  const optimizers = {
    sgd({value, gradient}, {learningRate}) {
      for (let k = 0; k < value.length; k++) value[k] -= learningRate * gradient[k];
    },

    momentum({value, gradient, velocity}, {learningRate, momentum}) {
      for (let k = 0; k < value.length; k++) {
        velocity[k] = momentum * velocity[k] - learningRate * gradient[k];
        value[k] += velocity[k];
      }
    },

    nesterov({value, gradient, velocity}, {learningRate, momentum}) {
      for (let k = 0; k < value.length; k++) {
        velocity[k] = momentum * velocity[k] - learningRate * gradient[k];
        value[k] += momentum * velocity[k] - learningRate * gradient[k];
      }
    },

    rmsprop({value, gradient, square}, {learningRate}) {
      for (let k = 0; k < value.length; k++) {
        square[k] = 0.9 * square[k] + 0.1 * gradient[k] * gradient[k];
        value[k] -= learningRate * gradient[k] / Math.sqrt(square[k] + 1e-7);
      }
    },

    adam({value, gradient, velocity, square}, {learningRate}, t) {
      // both averages start at 0: this makes up for it; Keras takes the powers in float32
      const rate = learningRate * Math.sqrt(1 - Math.fround(0.999) ** t) / (1 - Math.fround(0.9) ** t);
      for (let k = 0; k < value.length; k++) {
        velocity[k] += 0.1 * (gradient[k] - velocity[k]);
        square[k] += 0.001 * (gradient[k] * gradient[k] - square[k]);
        value[k] -= rate * velocity[k] / (Math.sqrt(square[k]) + 1e-7);
      }
    },
  };

  const choices = {
    pixels: ["raw", "scaled"],
    activation: Object.keys(activations),
    output: ["sigmoid", "softmax"],
    cost: ["mean_squared_error", "cross_entropy"],
    optimizer: Object.keys(optimizers),
    batchNormalization: ["none", "before", "after"],
    start: [...Object.keys(variances).flatMap(name => [`${name}_uniform`, `${name}_normal`]), "zeros"],
  };

  // ---- The network ------------------------------------------------------------------------------

  class Network {
    /** Make an untrained network; the same settings and seed make the same one, and train it alike. */
    constructor(settings = {}, seed = 0) {
      const all = this.settings = complete(settings), size = all.batchSize;
      const [starts, masks, shuffling] = [1, 2, 3].map(stream => randomNumbers(seed, stream));
      const drop = (rate, units) => rate > 0 ? [new Dropout(rate, units, size, masks)] : [];
      const dense = (inputs, units, l) => new Dense(inputs, units, startingKernel(
        all.start, l === 0 ? all.startFactor : 1, inputs, units, starts), size, l === 0);

      let inputs = PIXELS;
      this.layers = drop(all.dropoutPixels, PIXELS);
      this.blocks = [];   // what belongs together: a dense layer and what follows it
      for (const [l, units] of all.hidden.entries()) {
        const block = {dense: dense(inputs, units, l),
                       activation: new Activation(all.activation, units, size)};
        const order = [block.dense, block.activation];
        if (all.batchNormalization !== "none") {
          block.normalization = new BatchNormalization(units, size);
          order.splice(all.batchNormalization === "before" ? 1 : 2, 0, block.normalization);
        }
        block.last = order[order.length - 1];
        this.blocks.push(block);
        this.layers.push(...order, ...drop(all.dropoutUnits, units));
        inputs = units;
      }
      const last = dense(inputs, CLASSES, all.hidden.length);
      this.layers.push(last);
      this.blocks.push({dense: last});
      this.output = new Output(all.output, all.cost, size);
      this.parameters = this.layers.flatMap(layer => layer.parameters);
      this.batch = {x: new Float32Array(size * PIXELS), labels: new Uint8Array(size)};
      this.random = shuffling;
      this.steps = this.epoch = 0;
    }

    /** Return the outputs (n * 10) of n images. */
    forward(x, n, training = false) {
      for (const layer of this.layers) x = layer.forward(x, n, training);
      return this.output.forward(x, n);
    }

    /** Take one step of the optimizer on n images; return their cost and the number right before it. */
    step(x, labels, n) {
      this.forward(x, n, true);
      const {cost, right} = this.output.judge(labels, n);
      let gradient = this.output.backward(labels, n);
      for (let l = this.layers.length - 1; gradient !== null; l--)
        gradient = this.layers[l].backward(gradient, n);
      const penalty = this.penalty(true);
      this.steps++;
      const update = optimizers[this.settings.optimizer];
      for (const parameter of this.parameters) update(parameter, this.settings, this.steps);
      return {cost: cost / n + penalty, right};
    }

    /** Return the penalty, l1 times the sum of |w| and l2 times that of w squared,
     *  and add its gradient, where a step asks for it. */
    penalty(andGradient = false) {
      const {l1, l2} = this.settings, share = andGradient ? 1 : 0;
      let absolute = 0, squared = 0;
      for (const {value, gradient, penalized} of this.parameters) {
        if (penalized && l1 > 0)
          for (let k = 0; k < value.length; k++) {
            absolute += Math.abs(value[k]);
            gradient[k] += share * l1 * Math.sign(value[k]);
          }
        if (penalized && l2 > 0)
          for (let k = 0; k < value.length; k++) {
            squared += value[k] * value[k];
            gradient[k] += share * 2 * l2 * value[k];
          }
      }
      return l1 * absolute + l2 * squared;
    }

    /** Train on the next batch. After an epoch's last one return {epoch, cost, accuracy}, the means over
     *  its batches while it trained, as Keras's fit prints them; before, null. */
    trainBatch(images) {
      if (this.order?.length !== images.n) this.order = Uint32Array.from({length: images.n}, (_, k) => k);
      this.running ??= {at: 0, cost: 0, right: 0};
      const {order, batch, running} = this;
      if (running.at === 0 && this.settings.shuffle)
        for (let k = images.n - 1; k > 0; k--) {   // Fisher and Yates: every order is equally likely
          const other = Math.floor(this.random() * (k + 1));
          [order[k], order[other]] = [order[other], order[k]];
        }
      const n = Math.min(this.settings.batchSize, images.n - running.at);
      for (let b = 0; b < n; b++) {
        const image = order[running.at + b];
        batch.x.set(images.x.subarray(image * PIXELS, (image + 1) * PIXELS), b * PIXELS);
        batch.labels[b] = images.labels[image];
      }
      const {cost, right} = this.step(batch.x, batch.labels, n);
      running.at += n;
      running.cost += cost * n;
      running.right += right;
      if (running.at < images.n) return null;
      this.running = null;
      return {epoch: ++this.epoch, cost: running.cost / images.n, accuracy: running.right / images.n};
    }

    trainEpoch(images) {
      for (;;) {
        const finished = this.trainBatch(images);
        if (finished) return finished;
      }
    }

    /** Return cost and accuracy over all of the images, as Keras's evaluate does. */
    measure({x, labels, n}) {
      let cost = 0, right = 0;
      for (let from = 0; from < n; from += this.settings.batchSize) {
        const count = Math.min(this.settings.batchSize, n - from);
        this.forward(x.subarray(from * PIXELS, (from + count) * PIXELS), count);
        const judged = this.output.judge(labels.subarray(from, from + count), count);
        cost += judged.cost;
        right += judged.right;
      }
      return {cost: cost / n + this.penalty(), accuracy: right / n};
    }

    /** Return the ten outputs for one image. */
    predict({x}, index) {
      return this.forward(x.subarray(index * PIXELS, (index + 1) * PIXELS), 1).slice(0, CLASSES);
    }

    /** Return what the network does with one image: inputs and outputs of its hidden layers, its outputs. */
    look(images, index) {
      const output = this.predict(images, index), hidden = this.blocks.slice(0, -1);
      return {index, label: images.labels[index], output,
              z: hidden.map(({activation}) => activation.z.slice(0, activation.units)),
              hidden: hidden.map(({last}) => last.out.slice(0, last.units))};
    }

    /** The arrays of each dense layer and, where there is one, of its batch normalization. */
    get weights() {
      return this.blocks.map(({dense, normalization}) => ({
        inputs: dense.inputs, units: dense.units, kernel: dense.kernel.value, bias: dense.bias.value,
        ...(normalization && {gamma: normalization.gamma.value, beta: normalization.beta.value,
                              movingMean: normalization.movingMean,
                              movingVariance: normalization.movingVariance}),
      }));
    }
  }

  return {Network, complete, prepare, choices, defaults, lecture, activations, optimizers};
}

// The laboratory's training: networks that train in workers, while the page only gets messages.
// And its images, as the build packed them.

// What a worker does. Its program is the text of this function and of laboratoryNetwork, so it needs
// no file of its own, which a page from the file system could not load.
function laboratoryWorker({Network, prepare}) {
  const SLICE = 40, REPORT = 100;   // milliseconds: between looks at what the page wants, and messages
  const MEASURED = 10;   // epochs between measurements: one takes as long as one or two epochs
  let data, run, seed, network, training, test, playing, left, rows, at, reported;
  let isScheduled = false;

  // A message to oneself lets those of the page through first; a timer would wait 4 ms each time.
  const next = new MessageChannel();
  next.port1.onmessage = work;
  const schedule = () => {
    if (!isScheduled) next.port2.postMessage(null);
    isScheduled = true;
  };

  const requests = {
    data(message) {
      data = message;
    },

    make(message) {
      ({run, seed} = message);
      network = new Network(message.settings, seed);
      const {settings} = network;
      training = prepare(data.training, settings, settings.trainingImages);
      test = prepare(data.test, settings);
      [playing, left, rows, at] = [false, 0, [], []];
      reported = performance.now();
      measure();
      report("ready");
    },

    start() {
      playing = true;
      schedule();
    },

    pause() {
      playing = false;
      left = 0;
    },

    step({batches}) {
      left += batches;
      schedule();
    },

    look({id, weights, images, of}) {
      const from = of === "test" ? test : training;
      self.postMessage({type: "look", run, id, seed, ...progress(),
                        ...(weights && {weights: network.weights}),
                        images: images.map(index => network.look(from, index))});
    },
  };

  const finished = () => network.epoch >= network.settings.epochs;
  const progress = () =>
    ({epoch: network.epoch + (network.running?.at ?? 0) / training.n, step: network.steps});

  function measure() {
    at.push({epoch: progress().epoch, training: network.measure(training), test: network.measure(test)});
  }

  function report(type, more) {
    self.postMessage({type, run, seed, ...progress(), rows, at, done: finished(), ...more});
    [rows, at] = [[], []];
    reported = performance.now();
  }

  /** Train for a slice of time, or the batches of a step. */
  function work() {
    isScheduled = false;
    if (finished() || !(playing || left > 0)) return;
    const begun = performance.now();
    do {
      const row = network.trainBatch(training);
      if (row) {
        rows.push(row);
        if (row.epoch % MEASURED === 0 || finished()) measure();
      }
      if (!playing) left--;
    } while (!finished() && (playing || left > 0) && performance.now() - begun < SLICE);
    if (finished()) {
      [playing, left] = [false, 0];
      report("curves", {weights: network.weights});
    } else if (!playing && left === 0) {
      if (at[at.length - 1]?.epoch !== progress().epoch) measure();
      report("curves");
    } else {
      if (performance.now() - reported >= REPORT) report("curves");
      schedule();
    }
  }

  self.onmessage = ({data: message}) => requests[message.type](message);
}

/**
 * Train a network for each of the seeds, in workers; return what starts, stops and asks them.
 *
 * settings: as laboratoryNetwork's `complete` takes them; it throws here if they are wrong.
 * data: what laboratoryUnpack gave.
 * workers: how many train side by side; each takes the next seed when it has finished one.
 * onMessage: called with an object for each of these, by its `type`:
 *   "ready"     {seed, epoch: 0, at}, when a seed's network has been made
 *   "curves"    {seed, epoch, step, rows, at, done}, ten times a second at most:
 *               `rows` are the epochs since the last, {epoch, cost, accuracy} as fit prints them;
 *               `at` what was measured, every tenth epoch: {epoch, training, test}, {cost, accuracy} each
 *   "finished"  {seconds}, when all seeds are done
 *   "error"     {message}
 */
function laboratoryTraining({settings = {}, seeds = [0], data, workers, onMessage}) {
  const {complete} = laboratoryNetwork();
  complete(settings);   // before there are workers to end
  const program = `(${laboratoryWorker})((${laboratoryNetwork})())`;
  const address = URL.createObjectURL(new Blob([program], {type: "text/javascript"}));
  const count = workers ?? Math.max(1, Math.min(seeds.length, (navigator.hardwareConcurrency ?? 2) - 1));
  const looks = new Map();   // by number: how to answer a look that a worker has not answered yet
  let run = 0, playing = false, waiting = [], seconds = 0, since = null, lookNumber = 0;

  const pool = Array.from({length: count}, () => {
    const one = {worker: new Worker(address), seed: null, busy: false};
    one.worker.onmessage = ({data: message}) => receive(one, message);
    one.worker.onerror = event => {
      event.preventDefault();
      onMessage({type: "error", seed: one.seed,
                 message: event.message || "The browser did not start the training."});
    };
    one.worker.postMessage({type: "data", training: data.training, test: data.test});
    return one;
  });

  const busy = () => pool.filter(one => one.busy);

  function receive(one, {run: of, ...message}) {
    if (message.type === "look") {
      const answer = looks.get(message.id);
      looks.delete(message.id);
      const {type, id, ...found} = message;
      answer?.resolve(found);
      return;
    }
    if (of !== run) return;   // of networks that were reset since
    onMessage(message);
    if (of !== run || !message.done) return;   // a listener may have reset them, too
    one.busy = false;
    hand(one);
    if (busy().length > 0) return;
    keepTime(false);
    onMessage({type: "finished", seconds: seconds / 1000});
  }

  /** Give a worker the next seed, if there is one. */
  function hand(one) {
    if (waiting.length === 0) return;
    one.seed = waiting.shift();
    one.busy = true;
    one.worker.postMessage({type: "make", run, seed: one.seed, settings});
    if (playing) one.worker.postMessage({type: "start"});
  }

  function keepTime(runs) {
    if (since !== null) seconds += performance.now() - since;
    since = runs ? performance.now() : null;
    playing = runs;
  }

  function forget(reason) {
    for (const {reject} of looks.values()) reject(new Error(reason));
    looks.clear();
  }

  const training = {
    /** Train, or go on after a pause. */
    start() {
      if (busy().length === 0) return;
      keepTime(true);
      for (const {worker} of busy()) worker.postMessage({type: "start"});
    },

    pause() {
      keepTime(false);
      for (const {worker} of pool) worker.postMessage({type: "pause"});
    },

    /** Train every network that waits in a worker on so many batches more. */
    step(batches = 1) {
      for (const {worker} of busy()) worker.postMessage({type: "step", batches});
    },

    /** Begin anew, with other settings or seeds if they are given; nothing trains before start(). */
    reset(changed = {}) {
      complete(changed.settings ?? settings);
      training.pause();
      forget("The network was reset.");
      ({settings, seeds} = {settings, seeds, ...changed});
      run++;
      seconds = 0;
      waiting = [...seeds];
      for (const one of pool) [one.seed, one.busy] = [null, false];
      for (const one of pool) hand(one);
    },

    /**
     * Return a promise of {seed, epoch, step, weights, images} of the network that a worker has now.
     * weights: whether to give them. images: indices into the images `of` "training" or "test".
     */
    look({seed, weights = false, images = [], of = "test"}) {
      const one = pool.find(other => other.seed === seed);
      if (!one) return Promise.reject(new Error(`No network with the seed ${seed} is in training.`));
      return new Promise((resolve, reject) => {
        looks.set(++lookNumber, {resolve, reject});
        one.worker.postMessage({type: "look", id: lookNumber, weights, images, of});
      });
    },

    /** End the workers. */
    close() {
      run++;
      for (const {worker} of pool) worker.terminate();
      URL.revokeObjectURL(address);
      forget("The training was closed.");
    },
  };
  training.reset();
  return training;
}

/**
 * Return a promise of the images in `packed`, which the build wrote (_ext/laboratory_data.py says how).
 *
 * {source: "MNIST" or "stand-in", training, test}: {pixels, labels} each, in bytes.
 */
async function laboratoryUnpack(packed) {
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
  const value = new Uint8Array(128);   // by the digit's code
  for (let k = 0; k < 85; k++) value[DIGITS.charCodeAt(k)] = k;
  const compressed = new DataView(new ArrayBuffer(packed.pixels.length / 5 * 4));
  for (let at = 0; at < packed.pixels.length; at += 5) {   // five digits are four bytes
    let number = 0;
    for (let k = at; k < at + 5; k++) number = number * 85 + value[packed.pixels.charCodeAt(k)];
    compressed.setUint32(at / 5 * 4, number);
  }
  const stream = new Blob([compressed.buffer.slice(0, packed.bytes)]).stream();
  const sorted = new Uint8Array(await new Response(
    stream.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());

  // The pixels lie sorted by their kind: whether three that came before, the left, the upper and the
  // upper right one, are black, gray or white. So the next pixel is the next of its kind.
  const next = [];   // by kind: where its next pixel lies
  packed.counts.reduce((sum, count, kind) => { next[kind] = sum; return sum + count; }, 0);
  const pixels = new Uint8Array(sorted.length);
  const shade = new Uint8Array(30);   // of a row between black edges
  for (let image = 0; image < pixels.length; image += 784) {
    shade.fill(0);
    for (let row = image; row < image + 784; row += 28)
      for (let column = 1; column <= 28; column++) {
        // the shade to the left is this row's already, the other two are still those of the row above
        const kind = 9 * shade[column - 1] + 3 * shade[column] + shade[column + 1];
        const pixel = pixels[row + column - 1] = sorted[next[kind]++];
        shade[column] = (pixel > 0) + (pixel > 252);
      }
  }
  const labels = Uint8Array.from(packed.labels, Number);
  const part = (from, to) => ({pixels: pixels.slice(from * 784, to * 784), labels: labels.slice(from, to)});
  return {source: packed.source, training: part(0, packed.training),
          test: part(packed.training, labels.length)};
}

"use strict";
// Charts in the page's own colors, for the laboratory and the explorables. Each says in words what
// it shows, and `table` puts the numbers behind it.

const laboratoryCharts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = {top: 8, right: 18, bottom: 42, left: 54};   // pixels
  // Student's t for a 95% interval, by the number of values less one
  const T = [NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

  function fill(created, attributes, children) {
    for (const [name, value] of Object.entries(attributes))
      if (value === true) created.setAttribute(name, "");
      else if (value !== false && value !== undefined) created.setAttribute(name, value);
    created.append(...children.filter(child => child !== null && child !== undefined));
    return created;
  }

  /** Return a new HTML element with these attributes and children. */
  const node = (name, attributes = {}, ...children) =>
    fill(document.createElement(name), attributes, children);

  const svg = (name, attributes = {}, ...children) =>
    fill(document.createElementNS(SVG, name), attributes, children);

  /** Return round numbers from `low` to `high`, about `count` of them. */
  function ticks(low, high, count = 5) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({length: Math.floor(high / step + 1e-9) - first + 1},
                      (_, index) => Number(((first + index) * step).toPrecision(12)));
  }

  const format = value => (Math.abs(value) >= 1000 ? value.toLocaleString("en-US") : String(value))
    .replace("-", "−");

  /** Return a frame with two axes, and the functions from values to pixels.
   *
   * place: the element that it replaces the content of, and whose width it takes.
   * label: what the chart shows, in words.
   * x, y: {title, low, high}; y.names: words at 0, 1, ... from top to bottom, instead of numbers.
   */
  function frame(place, {label, x, y, height, left = MARGIN.left}) {
    const width = Math.max(place.clientWidth, 200);
    height ??= Math.round(Math.min(Math.max(width * 0.58, 180), 250));
    const right = width - MARGIN.right, bottom = height - MARGIN.bottom;
    const toX = value => left + (value - x.low) / (x.high - x.low) * (right - left);
    const toY = value => bottom - (value - y.low) / (y.high - y.low) * (bottom - MARGIN.top);
    const drawing = svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
                                "aria-label": label});
    const axes = svg("g", {class: "axes"});
    for (const value of ticks(x.low, x.high, width < 300 ? 4 : 5))
      axes.append(svg("path", {d: `M${toX(value)} ${MARGIN.top}V${bottom}`}),
                  svg("text", {x: toX(value), y: bottom + 17, class: "x"}, format(value)));
    for (const value of y.names ? [] : ticks(y.low, y.high, 4))
      axes.append(svg("path", {d: `M${left} ${toY(value)}H${right}`}),
                  svg("text", {x: left - 7, y: toY(value) + 4, class: "y"}, format(value)));
    axes.append(svg("text", {x: (left + right) / 2, y: height - 7, class: "x title"}, x.title));
    if (y.title)
      axes.append(svg("text", {transform: `translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)`,
                               class: "x title"}, y.title));
    drawing.append(axes);
    place.replaceChildren(drawing);
    return {drawing, toX, toY, left, right, top: MARGIN.top, bottom};
  }

  /** Return the `d` of a path through the points; a gap where a number is none. */
  function path(points, toX, toY) {
    let d = "", pen = false;
    for (const [x, y] of points) {
      if (Number.isFinite(y)) d += `${pen ? "L" : "M"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`;
      pen = Number.isFinite(y);
    }
    return d;
  }

  /** Draw lines over a common x. lines: [{points: [[x, y], ...], kind}], kind a class of the CSS. */
  function lines(place, options) {
    const {drawing, toX, toY, left, right, top, bottom} = frame(place, options);
    const clip = `clip-${lines.count = (lines.count ?? 0) + 1}`;
    drawing.append(svg("clipPath", {id: clip}, svg("rect", {
      x: left, y: top - 2, width: right - left + 2, height: bottom - top + 4})));
    for (const {points, kind} of options.lines)
      drawing.append(svg("path", {class: `line ${kind}`, "clip-path": `url(#${clip})`,
                                  d: path(points, toX, toY)}));
    return {drawing, toX, toY};
  }

  /** Draw a histogram. shares: percent in each of equally wide bins from x.low to x.high. */
  function bars(place, options) {
    const {drawing, toX, toY, bottom} = frame(place, options);
    const {shares, x} = options;
    const width = (x.high - x.low) / shares.length;
    drawing.append(svg("path", {class: "bars", d: shares.map((share, index) => {
      const from = toX(x.low + index * width), to = toX(x.low + (index + 1) * width);
      return `M${from.toFixed(1)} ${bottom}V${toY(share).toFixed(1)}H${(to - 0.5).toFixed(1)}V${bottom}Z`;
    }).join("")}));
  }

  /** Draw each value as a dot, and mean and 95% interval under them. rows: [{name, kind, values}]. */
  function dots(place, {label, x, rows}) {
    const left = 90, height = 60 + 52 * rows.length;
    const y = {low: rows.length - 0.4, high: -0.5, names: true};
    const {drawing, toX, toY} = frame(place, {label, x, y, height, left});
    rows.forEach(({name, kind, values}, row) => {
      drawing.append(svg("text", {x: left - 8, y: toY(row) + 4, class: "y"}, name));
      values.forEach((value, index) => drawing.append(svg("circle", {
        class: `dot ${kind}`, cx: toX(value), r: 4,
        cy: toY(row) - 6 + 12 * (index / Math.max(values.length - 1, 1) - 0.5)})));
      const {mean, half} = interval(values);
      if (Number.isFinite(half)) {
        const height = toY(row) + 12;
        drawing.append(svg("path", {class: "interval", d:
          `M${toX(mean - half)} ${height}H${toX(mean + half)}M${toX(mean)} ${height - 6}v12`
          + `M${toX(mean - half)} ${height - 3}v6M${toX(mean + half)} ${height - 3}v6`}));
      }
    });
  }

  /** Return the mean of up to ten values, and half of its 95% interval. */
  function interval(values) {
    const n = values.length, mean = values.reduce((sum, value) => sum + value, 0) / n;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
    return {mean, half: T[n - 1] * Math.sqrt(variance / n)};
  }

  /** Return a table: the first cell of each row is its heading. */
  function table(caption, header, rows) {
    return node("table", {}, node("caption", {}, caption),
                node("thead", {}, node("tr", {}, ...header.map(
                  words => words ? node("th", {scope: "col"}, words) : node("td")))),
                node("tbody", {}, ...rows.map(([first, ...cells]) => node(
                  "tr", {}, node("th", {scope: "row"}, first),
                  ...cells.map(cell => node("td", {}, cell))))));
  }

  /** Draw images of 28 x 28 numbers side by side on a canvas.
   *
   * color: a function of a number that returns red, green, blue and how much of them, 0 to 255.
   */
  function tiles(canvas, images, color, columns = 10) {
    const size = 28, gap = 2, rows = Math.ceil(images.length / columns);
    columns = Math.min(columns, images.length);
    canvas.width = columns * (size + gap) - gap;
    canvas.height = rows * (size + gap) - gap;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#bbbbbb";   // between the images
    pen.fillRect(0, 0, canvas.width, canvas.height);
    images.forEach((image, index) => {
      const picture = pen.createImageData(size, size);   // transparent: the page is its white
      for (let pixel = 0; pixel < size * size; pixel++) {
        picture.data.set(color(image[pixel]), 4 * pixel);
      }
      pen.putImageData(picture, index % columns * (size + gap),
                       Math.floor(index / columns) * (size + gap));
    });
  }

  return {node, svg, frame, path, lines, bars, dots, interval, table, tiles, MARGIN};
})();

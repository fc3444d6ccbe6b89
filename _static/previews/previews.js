// Shows what a link leads to while the pointer or the keyboard is on it: a term, a source, an
// equation, a figure. Touched, a link is followed as ever.
const preview = document.createElement("div");
preview.className = "preview";
preview.id = "preview";
preview.role = "tooltip";
preview.hidden = true;

let shownFor = null;
let timer;

// what is on another page comes with this one, in a template; the rest is taken from the page
const partsOf = link => {
  const address = link.getAttribute("href");
  const template = document.querySelector(`template[data-of="${CSS.escape(address)}"]`);
  if (template) return [template.content];
  const target = address.startsWith("#") && document.getElementById(decodeURIComponent(address.slice(1)));
  if (!target) return [];
  if (target.matches("dt")) return [target, target.nextElementSibling];
  return target.matches("div.math, figure") ? [target] : [];
};

const copyOf = part => {
  const copy = document.createElement("div");
  copy.append(part.cloneNode(true));
  for (const mark of copy.querySelectorAll(".headerlink, .eqno")) mark.remove();   // the link has the number
  for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  for (const part of copy.querySelectorAll("[id]")) part.removeAttribute("id");
  return copy;
};

const place = () => {
  const lines = shownFor.getClientRects();
  const below = lines[lines.length - 1].bottom + 6;
  const above = lines[0].top - preview.offsetHeight - 6;
  const left = Math.min(lines[0].left, document.documentElement.clientWidth - preview.offsetWidth - 8);
  const fits = below + preview.offsetHeight <= innerHeight || above < 0;
  preview.style.left = `${Math.max(8, left) + scrollX}px`;
  preview.style.top = `${(fits ? below : above) + scrollY}px`;
};

const hide = () => {
  shownFor?.removeAttribute("aria-describedby");
  shownFor = null;
  preview.hidden = true;
};

const show = link => {
  clearTimeout(timer);
  hide();
  shownFor = link;
  preview.replaceChildren(...partsOf(link).map(copyOf));
  preview.hidden = false;
  link.setAttribute("aria-describedby", preview.id);
  place();
};

// it stays as long as the link or the preview itself has the pointer, or the link the focus
const settle = () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!preview.matches(":hover") && !shownFor?.matches(":hover, :focus-visible")) hide();
  }, 200);
};

addEventListener("load", () => {
  document.body.append(preview);
  preview.addEventListener("pointerleave", settle);
  document.addEventListener("keydown", event => event.key === "Escape" && hide());
  for (const link of document.querySelectorAll("article a.reference.internal[href*='#']")) {
    if (!partsOf(link).length) continue;
    link.removeAttribute("title");   // the browser would show it beside the preview
    link.addEventListener("pointerenter", event => {
      if (event.pointerType === "touch") return;
      clearTimeout(timer);
      timer = setTimeout(() => show(link), 150);
    });
    link.addEventListener("pointerleave", settle);
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
    link.addEventListener("blur", settle);
  }
});

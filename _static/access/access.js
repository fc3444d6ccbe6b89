// What the theme and its extensions take from those who use a keyboard or hear the page.
document.addEventListener("DOMContentLoaded", () => {
  // After a click the theme takes the focus from its buttons, so that their tooltips go. One who
  // pressed a key would have to start at the top of the page again.
  document.querySelectorAll(".theme-switch-button, .search-button, .sidebar-toggle").forEach(button => {
    button.blur = () => button.matches(":focus-visible") || HTMLElement.prototype.blur.call(button);
  });
  // Called what is written on it, and on a phone, where nothing is, what it opens
  document.querySelectorAll("button.toggle-button").forEach(button => {
    button.removeAttribute("aria-label");
    const name = button.appendChild(document.createElement("span"));
    name.className = "visually-hidden";
    name.textContent = button.closest(".admonition-title").textContent.trim();
  });
  document.querySelector(".search-button-field")?.removeAttribute("aria-label");
});

// What is too wide fades where there is more of it, also in browsers that cannot tell their style sheets.
if (!CSS.supports("animation-timeline: scroll()")) {
  const WIDE = ".bd-article :is(pre, .formula, .pst-scrollable-table-container, .scrolls)";
  const fade = node => {
    const left = node.scrollLeft;
    const right = node.scrollWidth - node.clientWidth - left;
    node.style.setProperty("--more-left", `${Math.min(left, 56)}px`);
    node.style.setProperty("--more-right", `${Math.min(right, 56)}px`);
  };
  document.addEventListener("scroll", event => event.target.matches?.(WIDE) && fade(event.target), true);
  // the page grows when something opens in it
  addEventListener("load", () =>
    new ResizeObserver(() => document.querySelectorAll(WIDE).forEach(fade)).observe(document.body));
}

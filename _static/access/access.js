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

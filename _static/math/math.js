// A formula that is cut scrolls by keyboard; the others are no stops on the way through the page.
const markCut = () => document.querySelectorAll(".formula").forEach(formula => {
  if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  else formula.removeAttribute("tabindex");
});
addEventListener("load", markCut);
addEventListener("resize", markCut);

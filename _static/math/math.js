// A formula that is cut scrolls by keyboard; the others are no stops on the way through the page.
const markCut = () => document.querySelectorAll(".formula").forEach(formula => {
  formula.tabIndex = formula.scrollWidth > formula.clientWidth ? 0 : -1;
});
addEventListener("load", markCut);
addEventListener("resize", markCut);

// "Check yourself" as questions that one chooses an answer to. Without this script the answers
// are dropdowns, as in JupyterLab; what is made here takes its words from them. On paper they are
// what is printed.
document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("check-yourself");
  if (!section) return;
  const questions = [...section.querySelectorAll(":scope > p > strong:first-child")]
    .filter(words => /^\d+\./.test(words.textContent)).map(words => words.parentElement);
  const score = section.appendChild(document.createElement("p"));
  score.setAttribute("role", "status");
  const right = new Set();

  questions.forEach((question, number) => {
    const answers = [];
    for (let next = question.nextElementSibling; next?.matches("details"); next = next.nextElementSibling)
      answers.push(next);
    const field = document.createElement("fieldset");
    field.className = "self-check";
    const legend = field.appendChild(document.createElement("legend"));
    legend.append(...question.childNodes);
    const key = `self-check ${location.pathname} ${number}`;
    answers.forEach((answer, index) => {
      const label = field.appendChild(document.createElement("label"));
      const choice = label.appendChild(document.createElement("input"));
      Object.assign(choice, {type: "radio", name: `question-${number}`, value: index});
      label.append(...answer.querySelector(".sd-summary-text").cloneNode(true).childNodes);
    });
    const check = field.appendChild(document.createElement("button"));
    Object.assign(check, {type: "button", textContent: "Check"});
    const reason = field.appendChild(document.createElement("div"));
    reason.setAttribute("role", "status");

    const show = index => {
      const words = answers[index].querySelector(".sd-summary-content").cloneNode(true);
      words.className = "reason";
      reason.replaceChildren(words);
      const correct = words.textContent.trim().startsWith("Right");
      field.dataset.answer = correct ? "right" : "wrong";
      correct ? right.add(number) : right.delete(number);
      score.textContent = `${right.size} of ${questions.length} answered right.`;
    };
    check.addEventListener("click", () => {
      const chosen = field.querySelector("input:checked");
      if (!chosen) {
        reason.textContent = "Choose an answer first.";
        return;
      }
      show(Number(chosen.value));
      remember(key, chosen.value);
    });
    const before = recall(key);
    if (before !== null && answers[before]) {
      field.querySelectorAll("input")[before].checked = true;
      show(Number(before));
    }
    const printed = field.appendChild(document.createElement("div"));
    printed.className = "answers";
    printed.append(...answers);
    question.replaceWith(field);
  });
});

// A browser may keep nothing for pages from the file system, or for a private window.
function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* it is asked again next time */ }
}

function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

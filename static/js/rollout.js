// Keeps the sum true while percentages are typed. The server counts again.
const form = document.querySelector("[data-shares-form]");
const sum = form?.querySelector("[data-shares-sum]");

function showSum() {
  let basisPoints = 0;
  for (const field of form.querySelectorAll("input[type=number]")) {
    basisPoints += Math.round((field.valueAsNumber || 0) * 100);
  }
  sum.textContent = `${basisPoints / 100} %`;
  sum.classList.toggle("is-off", basisPoints !== 10000);
}

form?.addEventListener("input", showSum);

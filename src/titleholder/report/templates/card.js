// Filtering of findings, and links that lead to where things lie.
const filter = document.getElementById("filter");
if (filter) {
  const rows = [...document.querySelectorAll("#findings-table tbody tr")];
  const search = filter.querySelector("input");
  const buttons = [...filter.querySelectorAll("button")];
  const shown = filter.querySelector("output");
  const apply = () => {
    const wanted = buttons.filter((b) => b.getAttribute("aria-pressed") === "true");
    const outcomes = new Set(wanted.map((b) => b.value));
    const text = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const fits = (outcomes.size === 0 || outcomes.has(row.dataset.o))
        && (text === "" || row.textContent.toLowerCase().includes(text));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = count === rows.length ? "" : `${count} of ${rows.length} shown`;
  };
  search.addEventListener("input", apply);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
}

// A link to what is folded away unfolds it.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details");
  if (folded && !folded.open) { folded.open = true; target.scrollIntoView(); }
}
addEventListener("hashchange", unfold);
unfold();

// In a store, evidence lies under its digest: from there links lead to that, from a run's own
// directory to the files beside this page. A dashboard keeps both pages of a run under its number.
const store = location.pathname.match(
  /^(.*\/)(?:evidence\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}|dashboard\/suites\/[^/]+\/[^/]+\/runs\/(\d+)-[a-z]+\.html)$/);
if (store) {
  const [, top, run] = store;
  for (const link of document.querySelectorAll("a[data-sha256], a[data-beside]")) {
    const { sha256, beside } = link.dataset;
    if (run && beside) link.href = `${run}-${beside}.html`;
    else if (sha256) link.href = `${top}evidence/sha256/${sha256.slice(0, 2)}/${sha256}`;
    else link.removeAttribute("href");
  }
}

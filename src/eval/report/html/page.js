"use strict";
(() => {
  const form = document.getElementById("filters");
  const trials = [...document.querySelectorAll("details.trial")];
  const links = new Map([...document.querySelectorAll("a[data-for]")].map((link) => [link.dataset.for, link]));
  const texts = new Map(trials.map((trial) => [trial, trial.textContent.toLowerCase()]));
  const shown = () => trials.filter((trial) => !trial.hidden);

  const filter = () => {
    const data = new FormData(form);
    const verdicts = new Set(data.getAll("verdict"));
    const tag = data.get("tag");
    const words = String(data.get("text")).toLowerCase().split(/\s+/).filter(Boolean);
    for (const trial of trials) {
      const tags = JSON.parse(trial.dataset.tags);
      const fits = verdicts.has(trial.dataset.verdict) && (!tag || tags.includes(tag))
        && words.every((word) => texts.get(trial).includes(word));
      trial.hidden = !fits;
      links.get(trial.id)?.classList.toggle("out", !fits);
    }
    for (const row of document.querySelectorAll("tr[data-case]")) {
      row.hidden = [...row.querySelectorAll("a[data-for]")].every((link) => link.classList.contains("out"));
    }
    for (const table of document.querySelectorAll("table.matrix")) {
      table.hidden = [...table.querySelectorAll("tr[data-case]")].every((row) => row.hidden);
    }
    const count = shown().length;
    document.getElementById("shown").textContent = `${count} of ${trials.length} trials`;
    document.getElementById("none").hidden = count > 0;
  };

  const open = (trial) => {
    if (!trial) return;
    if (trial.hidden) { form.reset(); filter(); }
    trial.open = true;
    trial.scrollIntoView({ block: "start" });
    trial.querySelector("summary").focus({ preventScroll: true });
  };
  const target = () => document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const follow = () => { const trial = target(); if (trial?.classList.contains("trial")) open(trial); };

  const step = (list, by) => {
    const here = document.activeElement?.closest("details.trial");
    const place = trials.indexOf(here);
    const next = by > 0
      ? list.find((trial) => trials.indexOf(trial) > place)
      : list.findLast((trial) => place < 0 || trials.indexOf(trial) < place);
    if (!next) return;
    next.scrollIntoView({ block: "nearest" });
    next.querySelector("summary").focus();
  };
  const failed = () => shown().filter((trial) => trial.dataset.verdict !== "passed");
  const all = (state) => shown().forEach((trial) => { trial.open = state; });
  const reset = () => { form.reset(); filter(); };
  const keys = {
    "/": () => form.elements.text.focus(),
    j: () => step(shown(), 1), k: () => step(shown(), -1),
    n: () => step(failed(), 1), p: () => step(failed(), -1),
    e: () => all(true), c: () => all(false), r: reset,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input[type=search], select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", reset);
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  document.getElementById("keys").hidden = false;
  filter();
  const first = target();
  if (first) follow(); else trials.filter((trial) => trial.dataset.verdict !== "passed").slice(0, 20).forEach((trial) => { trial.open = true; });
})();

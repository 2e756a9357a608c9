// The colour scheme that the reader chose, set before anything is painted. It is a classic script for that reason; all
// other scripts are modules. Without a choice the system's scheme holds (see `color-scheme` in base.css).
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("cardinal.theme");
  } catch {
    // Storage can be closed to a page; then the system's scheme holds.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/* Runs before the first paint, so that a page kept dark never flashes light. */

try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // A browser that keeps nothing shows what the system likes.
}

// The theme, links within the page, and the start of the other scripts.

const onTheme = [];
const THEMES = { "": "system", light: "light", dark: "dark" };

function buildTheme() {
  const button = document.getElementById("theme");
  const names = Object.keys(THEMES);
  let chosen = 0;
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % names.length;
    document.documentElement.dataset.theme = names[chosen];
    button.textContent = `Theme: ${THEMES[names[chosen]]}`;
    for (const listener of onTheme) listener();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const listener of onTheme) listener();
  });
}

/** In a frame without an address of its own a link to #part would leave the page: go there by hand. */
function buildLinks() {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      const part = document.getElementById(link.getAttribute("href").slice(1));
      if (!part) return;
      event.preventDefault();
      part.scrollIntoView();
      (part.querySelector("h2[tabindex]") || part).focus({ preventScroll: true });
    });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") unpin();
});

buildTheme();
buildLinks();
buildTable();
buildParallel();
buildFigures();
applyFilters(true);

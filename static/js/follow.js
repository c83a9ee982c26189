// The page shows what the address says, also after Back.

// A page kept by the browser for Back may show what is long over: ask the server again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Back, pressed while the page is still loading, changes the address alone: load what it names. Both addresses are
// the browser's own, so they are spelled alike; and after one such reload the next load never starts another.
const FOLLOWED = "twostep-followed";
// Without the fragment, and without the bare "?" that address.js takes off.
const bare = (url) => url.split("#", 1)[0].replace(/\?$/, "");

const takeMark = () => {
  try {
    const found = sessionStorage.getItem(FOLLOWED) !== null;
    sessionStorage.removeItem(FOLLOWED);
    return found;
  } catch {
    return true; // No storage, as with blocked cookies: nothing would stop a second reload.
  }
};

const [cameBy] = performance.getEntriesByType("navigation");
let mayFollow = !takeMark() && cameBy !== undefined;

const follow = () => {
  if (!mayFollow || bare(cameBy.name) === bare(location.href)) return;
  mayFollow = false;
  sessionStorage.setItem(FOLLOWED, "");
  location.reload();
};
follow();
addEventListener("load", follow, { once: true }); // Once more, when htmx listens for Back itself.

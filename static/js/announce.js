// What the eye sees by itself is said to the ear: one polite line on the page, one in the dialog, outside
// which nothing is heard while it is open.
const makeLine = (place) => {
  const line = document.createElement("p");
  line.className = "visually-hidden";
  line.setAttribute("role", "status");
  place?.append(line);
  return line;
};

const modal = document.getElementById("account-dialog");
const lineOnPage = makeLine(document.body);
const lineInModal = makeLine(modal);
const REGISTERED = 100; // ms after which a change is a change to a screen reader
const SAID = 1500;
let timers = [];

export const announce = (text) => {
  const line = modal?.open ? lineInModal : lineOnPage;
  timers.forEach(clearTimeout);
  timers = [
    setTimeout(() => (line.textContent = text), REGISTERED),
    setTimeout(() => (line.textContent = ""), SAID),
  ];
};

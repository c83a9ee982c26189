// All that is said to the ear without being focused goes through here: one polite line on the page, and one in each
// dialog, outside which nothing is heard while it is open. A live region that comes with its text is not heard, so
// templates only mark what is to be said ([data-said]), and these lines, which were there before, say it.
import { dialogs, openDialog } from "./root.js";

const makeLine = (place) => {
  const line = document.createElement("p");
  line.className = "visually-hidden";
  line.setAttribute("role", "status");
  place?.append(line);
  return line;
};

const lineOfPage = makeLine(document.querySelector(".mfa[data-say-lost]"));
const linesIn = new Map(dialogs.map((one) => [one, makeLine(one)]));
const REGISTERED = 100; // ms after which a change is a change to a screen reader
const LOADED = 1500; // ms: until then a screen reader takes in the page, and passes over what changes in it
const SAID = 5000;
const waiting = new Set();
let timers = [];

const write = (text) => {
  const heard = linesIn.get(openDialog()) ?? lineOfPage;
  for (const each of [lineOfPage, ...linesIn.values()]) each.textContent = each === heard ? text : "";
};

export const announce = (text) => {
  if (!text) return;
  waiting.add(text);
  timers.forEach(clearTimeout);
  // The same text again is a change only after there was none.
  write("");
  const pause = document.readyState === "complete" ? REGISTERED : LOADED;
  timers = [
    setTimeout(() => {
      write([...waiting].join(" "));
      waiting.clear();
    }, pause),
    setTimeout(() => write(""), pause + SAID),
  ];
};

export const textOf = (element) => element.textContent.replace(/\s+/g, " ").trim();

export const announceNews = (root) => {
  for (const news of root.querySelectorAll("[data-said]")) announce(textOf(news));
};
